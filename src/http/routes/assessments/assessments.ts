/** Assessments over HTTP: begun, looked at, surveyed again. What is decided about them: review.ts. */
import { z } from 'zod';
import { assetTable, calendarOf, markdownOf } from '../../../engine/assess/export.ts';
import type { NamedAssessment } from '../../../engine/assess/export.ts';
import { csvText } from '../../../csv.ts';
import { pageOfAssessments } from '../../../postgres/assess/pages.ts';
import { readAssessment } from '../../../postgres/assess/show.ts';
import { startAssessment } from '../../../postgres/assess/start.ts';
import type { Started } from '../../../postgres/assess/start.ts';
import { afterCursor, pageJson, pageOf, pageQuery } from '../../api/paging.ts';
import type { App, AppDeps } from '../../contract.ts';
import { matchHeaders, moment, rowId } from '../../schemas.ts';
import { parameterPolicy } from '../migrations/migration-schemas.ts';
import { endpointsOf, tagOf, versionIn } from './endpoints.ts';
import type { AssessmentEndpoints } from './endpoints.ts';
import { contentRoutes } from './content.ts';
import { reviewRoutes } from './review.ts';
import {
  assessmentDetail,
  assessmentJson,
  assessmentSchema,
  assessmentStatus,
  day,
  detailJson,
} from './schemas.ts';

export function assessmentRoutes(app: App, deps: AppDeps): void {
  for (const endpoints of endpointsOf(deps.platform)) {
    listRoute(app, deps, endpoints);
    startRoute(app, deps, endpoints);
    rerunRoute(app, deps, endpoints);
    showRoute(app, deps, endpoints);
    contentRoutes(app, deps, endpoints);
    exportRoute(app, deps, endpoints);
    reviewRoutes(app, deps, endpoints);
  }
}

const tags = ['assessments'];

function listRoute(app: App, { platform: { site } }: AppDeps, at: AssessmentEndpoints): void {
  app.route({
    method: 'GET',
    url: at.prefix,
    config: { access: at.access('viewer', 'assessments:read'), exposure: 'authenticated' },
    schema: {
      tags,
      operationId: at.operation('listAssessments'),
      summary: at.summary('Assessments, the newest first'),
      params: z.object(at.params),
      querystring: pageQuery.extend({ status: assessmentStatus.optional() }),
      response: { 200: pageOf(assessmentSchema) },
    },
    handler: async (request) => {
      const { limit, cursor, status } = request.query;
      const { tenantId: tenant } = await at.acting(request);
      const found = await pageOfAssessments(site, {
        tenant,
        status,
        limit: limit + 1,
        ...afterCursor(cursor, z.tuple([moment, rowId])),
      });
      return pageJson(found, limit, { item: assessmentJson, position: (one) => [one.createdAt, one.id] });
    },
  });
}

const surveyBody = z.strictObject({
  horizon: day.optional().describe('What ends after this day can wait; by default in 180 days'),
  use_days: z
    .int()
    .min(1)
    .max(3650)
    .optional()
    .describe('Unused for so long counts as unused; by default 90'),
  parameters: parameterPolicy.unwrap().optional(),
  targets: z
    .record(z.string().min(1).max(300), z.string().min(1).max(300))
    .default({})
    .describe('By model: what follows it, instead of the best'),
});

const startedSchema = z
  .object({
    assessment: assessmentSchema.nullable().describe('Null if no row names a model that ends'),
    assets: z.int(),
    settings: z.int().describe('Grants and defaults that follow the assets'),
    shared: z.int().describe('Rows that are nobody’s alone; they are no part of it'),
    without_key: z
      .record(z.string(), z.int())
      .describe('By table: rows that nothing names for good; they are no part of it'),
  })
  .meta({ id: 'AssessmentStarted' });

function startedJson({ record, survey }: Started): z.infer<typeof startedSchema> {
  const { facts, followers, shared, keyless } = survey;
  return {
    assessment: record === null ? null : assessmentJson(record),
    assets: facts.length,
    settings: followers,
    shared,
    without_key: { ...keyless },
  };
}

function startRoute(app: App, { platform: { site } }: AppDeps, at: AssessmentEndpoints): void {
  app.route({
    method: 'POST',
    url: at.prefix,
    config: { access: at.access('admin', 'assessments:write'), exposure: 'authenticated' },
    schema: {
      tags,
      operationId: at.operation('startAssessment'),
      summary: at.summary('Find every row that names a model which ends, and recommend what becomes of it'),
      params: z.object(at.params),
      body: surveyBody.meta({ id: 'AssessmentRequest' }),
      response: { 200: startedSchema },
    },
    handler: async (request) => {
      const { tenantId: tenant, actor } = await at.acting(request);
      const { horizon, use_days: useDays, parameters, targets } = request.body;
      return startedJson(
        await startAssessment(site, {
          tenant,
          actor,
          expects: 'none',
          horizon,
          useDays,
          parameters,
          targets,
        }),
      );
    },
  });
}

function rerunRoute(app: App, { platform: { site } }: AppDeps, at: AssessmentEndpoints): void {
  app.route({
    method: 'POST',
    url: `${at.prefix}/:assessment_id/rerun`,
    config: { access: at.access('admin', 'assessments:write'), exposure: 'authenticated' },
    schema: {
      tags,
      operationId: at.operation('rerunAssessment'),
      summary: at.summary('Survey again: decisions stand, what changed is named'),
      params: z.object({ ...at.params, assessment_id: rowId }),
      headers: matchHeaders,
      body: surveyBody.meta({ id: 'AssessmentRerun' }),
      response: { 200: startedSchema },
    },
    handler: async (request) => {
      const { tenantId: tenant, actor } = await at.acting(request);
      const { horizon, use_days: useDays, parameters, targets } = request.body;
      const expects = { id: at.idOf(request), version: versionIn(request.headers['if-match']) };
      return startedJson(
        await startAssessment(site, { tenant, actor, expects, horizon, useDays, parameters, targets }),
      );
    },
  });
}

function showRoute(app: App, { platform: { site } }: AppDeps, at: AssessmentEndpoints): void {
  app.route({
    method: 'GET',
    url: `${at.prefix}/:assessment_id`,
    config: {
      access: at.access('viewer', 'assessments:read'),
      exposure: 'authenticated',
      headers: ['ETag'],
    },
    schema: {
      tags,
      operationId: at.operation('getAssessment'),
      summary: at.summary('An assessment: models, readiness, and what changed since the survey before'),
      params: z.object({ ...at.params, assessment_id: rowId }),
      response: { 200: assessmentDetail },
    },
    handler: async (request, reply) => {
      const { tenantId } = await at.acting(request);
      const shown = await readAssessment(site, tenantId, at.idOf(request));
      void reply.header('etag', tagOf(shown.record));
      return detailJson(shown);
    },
  });
}

const exports = {
  csv: {
    type: 'text/csv; charset=utf-8; header=present',
    write: (one: NamedAssessment) => {
      const { head, rows } = assetTable([one]);
      return `${csvText(head, rows)}\r\n`;
    },
  },
  markdown: {
    type: 'text/markdown; charset=utf-8',
    write: (one: NamedAssessment) => `${markdownOf(one).join('\n')}\n`,
  },
  ics: {
    type: 'text/calendar; charset=utf-8',
    write: (one: NamedAssessment) => calendarOf([one], new Date().toISOString()),
  },
} as const;

function exportRoute(app: App, { platform: { site } }: AppDeps, at: AssessmentEndpoints): void {
  const document = { schema: z.string() };
  app.route({
    method: 'GET',
    url: `${at.prefix}/:assessment_id/export`,
    config: { access: at.access('viewer', 'assessments:read'), exposure: 'authenticated' },
    schema: {
      tags,
      operationId: at.operation('exportAssessment'),
      summary: at.summary('An assessment as CSV, as Markdown, or its days as a calendar'),
      params: z.object({ ...at.params, assessment_id: rowId }),
      querystring: z.object({ format: z.enum(['csv', 'markdown', 'ics']).default('csv') }),
      response: {
        200: {
          description: 'In the form that was asked for; it does not name the tenant',
          content: { 'text/csv': document, 'text/markdown': document, 'text/calendar': document },
        },
      },
    },
    handler: async (request, reply) => {
      const { tenantId } = await at.acting(request);
      const shown = await readAssessment(site, tenantId, at.idOf(request));
      const { type, write } = exports[request.query.format];
      return reply
        .type(type)
        .serializer((body: unknown) => String(body))
        .send(write({ tenantName: '', shown }));
    },
  });
}
