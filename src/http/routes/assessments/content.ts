/** What an assessment holds, a page at a time: its assets, groups, decisions and waves. */
import { z } from 'zod';
import { groupsOf } from '../../../engine/assess/review.ts';
import { pageAssets, pageOfDecisions } from '../../../postgres/assess/pages.ts';
import { readAssessment } from '../../../postgres/assess/show.ts';
import {
  afterCursor,
  cursorNumber,
  cursorText,
  encodeCursor,
  pageJson,
  pageOf,
  pageQuery,
} from '../../api/paging.ts';
import type { App, AppDeps } from '../../contract.ts';
import { moment, rowId } from '../../schemas.ts';
import type { AssessmentEndpoints } from './endpoints.ts';
import {
  assetJson,
  assetSchema,
  groupJson,
  groupSchema,
  keptDecision,
  keptJson,
  strategy,
} from './schemas.ts';

export function contentRoutes(app: App, deps: AppDeps, at: AssessmentEndpoints): void {
  assetsRoute(app, deps, at);
  groupsRoute(app, deps, at);
  decisionsRoute(app, deps, at);
  wavesRoute(app, deps, at);
}

const tags = ['assessments'];

const assetFilters = {
  group: z.string().max(8).optional(),
  source: z.string().max(300).optional(),
  entity_type: z.string().max(100).optional(),
  strategy: strategy.optional().describe('Only what is decided so'),
  recommended: strategy.optional().describe('Only what is recommended so'),
  undecided: z.stringbool().optional(),
};

function assetsRoute(app: App, { platform: { site } }: AppDeps, at: AssessmentEndpoints): void {
  app.route({
    method: 'GET',
    url: `${at.prefix}/:assessment_id/assets`,
    config: { access: at.access('viewer', 'assessments:read'), exposure: 'authenticated' },
    schema: {
      tags,
      operationId: at.operation('listAssets'),
      summary: at.summary('The rows that name a model which ends, with what is recommended and decided'),
      params: z.object({ ...at.params, assessment_id: rowId }),
      querystring: pageQuery.extend(assetFilters),
      response: { 200: pageOf(assetSchema) },
    },
    handler: async (request) => {
      const {
        limit,
        cursor,
        group,
        source,
        entity_type: kind,
        strategy: decided,
        recommended,
        undecided,
      } = request.query;
      const { tenantId: tenant } = await at.acting(request);
      const page = {
        limit: limit + 1,
        group,
        source,
        kind,
        decided,
        recommended,
        undecided,
        ...afterCursor(cursor, z.tuple([cursorText, cursorText, cursorText])),
      };
      const found = await pageAssets(site, { tenant, id: at.idOf(request) }, page);
      return pageJson(found, limit, {
        item: assetJson,
        position: ({ facts }) => [facts.table, facts.key, facts.source],
      });
    },
  });
}

function groupsRoute(app: App, { platform: { site } }: AppDeps, at: AssessmentEndpoints): void {
  app.route({
    method: 'GET',
    url: `${at.prefix}/:assessment_id/groups`,
    config: { access: at.access('viewer', 'assessments:read'), exposure: 'authenticated' },
    schema: {
      tags,
      operationId: at.operation('listAssetGroups'),
      summary: at.summary('Groups of assets that are alike, the largest first'),
      params: z.object({ ...at.params, assessment_id: rowId }),
      querystring: pageQuery,
      response: { 200: pageOf(groupSchema) },
    },
    handler: async (request) => {
      const { limit, cursor } = request.query;
      const { tenantId } = await at.acting(request);
      const [from] = afterCursor(cursor, z.tuple([cursorNumber])).after ?? [0];
      const groups = groupsOf((await readAssessment(site, tenantId, at.idOf(request))).assessed);
      return {
        items: groups.slice(from, from + limit).flatMap(groupJson),
        next_cursor: groups.length > from + limit ? encodeCursor([from + limit]) : null,
      };
    },
  });
}

function decisionsRoute(app: App, { platform: { site } }: AppDeps, at: AssessmentEndpoints): void {
  app.route({
    method: 'GET',
    url: `${at.prefix}/:assessment_id/decisions`,
    config: { access: at.access('viewer', 'assessments:read'), exposure: 'authenticated' },
    schema: {
      tags,
      operationId: at.operation('listDecisions'),
      summary: at.summary('What was decided, the newest first, with what stands no more'),
      params: z.object({ ...at.params, assessment_id: rowId }),
      querystring: pageQuery.extend({ asset_id: rowId.optional() }),
      response: { 200: pageOf(keptDecision) },
    },
    handler: async (request) => {
      const { limit, cursor, asset_id: asset } = request.query;
      const { tenantId: tenant } = await at.acting(request);
      const page = { limit: limit + 1, asset, ...afterCursor(cursor, z.tuple([moment, rowId])) };
      const found = await pageOfDecisions(site, { tenant, id: at.idOf(request) }, page);
      return pageJson(found, limit, { item: keptJson, position: ({ decision, id }) => [decision.at, id] });
    },
  });
}

const wavesSchema = z
  .object({
    accepted: z.boolean().describe('Fixed; otherwise as they would be by what is decided so far'),
    items: z.array(
      z.object({ wave: z.int(), canary: z.boolean(), asset_ids: z.array(rowId) }).meta({ id: 'AssetWave' }),
    ),
  })
  .meta({ id: 'AssetWaves' });

function wavesRoute(app: App, { platform: { site } }: AppDeps, at: AssessmentEndpoints): void {
  app.route({
    method: 'GET',
    url: `${at.prefix}/:assessment_id/waves`,
    config: { access: at.access('viewer', 'assessments:read'), exposure: 'authenticated' },
    schema: {
      tags,
      operationId: at.operation('listAssetWaves'),
      summary: at.summary('Which assets move together, and in which order; at most ten waves'),
      params: z.object({ ...at.params, assessment_id: rowId }),
      response: { 200: wavesSchema },
    },
    handler: async (request) => {
      const { tenantId } = await at.acting(request);
      const { record, waves } = await readAssessment(site, tenantId, at.idOf(request));
      const items = [...Map.groupBy(waves, ({ wave }) => wave)].map(([wave, mine]) => ({
        wave,
        canary: mine.some(({ canary }) => canary),
        asset_ids: mine.map(({ asset }) => asset),
      }));
      return { accepted: record.status !== 'in_review', items };
    },
  });
}
