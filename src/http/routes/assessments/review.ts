/** Decisions about the assets of an assessment, and what ends its review. */
import { z } from 'zod';
import { accept, cancel, reopen } from '../../../postgres/assess/accept.ts';
import { decide } from '../../../postgres/assess/decide.ts';
import type { DecidedAssets } from '../../../postgres/assess/decide.ts';
import type { ReviewAsked } from '../../../postgres/assess/hold.ts';
import type { AssessmentRecord } from '../../../postgres/assess/rows.ts';
import type { Site } from '../../../postgres/scope/site.ts';
import { DroverError } from '../../../errors.ts';
import { nameOf } from '../../../engine/assess/review.ts';
import type { App, AppDeps } from '../../contract.ts';
import { matchHeaders, rowId } from '../../schemas.ts';
import { reasonText } from '../migrations/migration-schemas.ts';
import { tagOf, versionIn } from './endpoints.ts';
import type { AssessmentEndpoints } from './endpoints.ts';
import { assessmentJson, assessmentSchema, day, strategy } from './schemas.ts';

const tags = ['assessments'];

const about = z.union([
  z.strictObject({
    recommended: z.literal(true).describe('All that nobody has decided, as recommended'),
    at_least: z.number().min(0).max(1).default(0).describe('Only where the recommendation is that sure'),
  }),
  z.strictObject({
    group: z.string().min(1).max(8),
    count: z.int().min(1).describe('How many assets the group had when somebody looked at it'),
  }),
  z.strictObject({
    entity_id: z.string().min(1).max(1000).describe('The key of one row'),
    source: z.string().max(300).optional().describe('If the row names several models'),
  }),
]);

const decisionBody = z
  .strictObject({
    about,
    strategy: strategy.optional().describe('By default what is recommended'),
    reason: reasonText.optional().describe('Why, if it is not what is recommended'),
    until: day.optional().describe('Of `retain`'),
    owner: z.string().trim().min(1).max(200).optional().describe('Of `refactor` and `repurchase`'),
    due: day.optional().describe('Of `refactor` and `repurchase`'),
    instead: z.boolean().default(false).describe('In the place of decisions that stand'),
  })
  .meta({ id: 'DecisionRequest' });

const decidedSchema = z
  .object({
    version: z.int(),
    decided: z.int(),
    left: z
      .array(z.object({ asset: z.string(), lacks: z.array(z.string()) }))
      .describe('Of what is recommended: what was not decided, because the decision would lack something'),
  })
  .meta({ id: 'DecisionResult' });

export function reviewRoutes(app: App, deps: AppDeps, at: AssessmentEndpoints): void {
  decideRoute(app, deps, at);
  for (const end of ends) endRoute(app, deps, { at, end });
}

function aboutOf(asked: z.infer<typeof about>): DecidedAssets {
  if ('recommended' in asked) return { recommended: Math.round(asked.at_least * 100) };
  if ('group' in asked) return asked;
  return { asset: asked.entity_id, source: asked.source };
}

function decideRoute(app: App, { platform: { site } }: AppDeps, at: AssessmentEndpoints): void {
  app.route({
    method: 'POST',
    url: `${at.prefix}/:assessment_id/decisions`,
    config: {
      access: at.access('admin', 'assessments:write'),
      exposure: 'authenticated',
      headers: ['ETag'],
    },
    schema: {
      tags,
      operationId: at.operation('decideAssets'),
      summary: at.summary('Decide what becomes of assets: as recommended, of a group, or of one'),
      params: z.object({ ...at.params, assessment_id: rowId }),
      headers: matchHeaders,
      body: decisionBody,
      response: { 200: decidedSchema },
    },
    handler: async (request, reply) => {
      const { tenantId: tenant, actor } = await at.acting(request);
      const { about: asked, strategy: word, reason, until, owner, due, instead } = request.body;
      if ('recommended' in asked && word !== undefined)
        throw new DroverError(
          'REQUEST_INVALID',
          '`recommended` decides what is recommended; a strategy goes with a group or a row.',
        );
      const { record, decided, left } = await decide(site, {
        tenant,
        id: at.idOf(request),
        actor,
        about: aboutOf(asked),
        version: versionIn(request.headers['if-match']),
        strategy: word,
        reason,
        until,
        owner,
        due,
        instead,
      });
      void reply.header('etag', tagOf(record));
      return {
        version: record.version,
        decided,
        left: left.map(({ assessed, lacks }) => ({ asset: nameOf(assessed), lacks: [...lacks] })),
      };
    },
  });
}

/** What ends a review, or opens one. */
interface ReviewEnd {
  readonly path: string;
  readonly operation: string;
  readonly summary: string;
  /** Only by who has seen the version that it has. */
  readonly seen: boolean;
  readonly change: (site: Site, asked: ReviewAsked) => Promise<AssessmentRecord>;
}

const ends: readonly ReviewEnd[] = [
  {
    path: 'accept',
    operation: 'acceptAssessment',
    summary: 'Accept what is decided: every asset has a decision, and the waves are fixed',
    seen: true,
    change: async (site, asked) => (await accept(site, asked)).record,
  },
  {
    path: 'reopen',
    operation: 'reopenAssessment',
    summary: 'Review again what was accepted, for a reason',
    seen: false,
    change: reopen,
  },
  {
    path: 'cancel',
    operation: 'cancelAssessment',
    summary: 'Give an assessment up; its decisions stay on record',
    seen: false,
    change: cancel,
  },
];

const endBody = z.strictObject({
  reason: reasonText.optional(),
  version: z.int().min(1).max(2_000_000_000).optional().describe('The version that somebody saw'),
});

const seenBody = endBody.required({ version: true });

function endRoute(
  app: App,
  { platform: { site } }: AppDeps,
  { at, end }: { readonly at: AssessmentEndpoints; readonly end: ReviewEnd },
): void {
  app.route({
    method: 'POST',
    url: `${at.prefix}/:assessment_id/${end.path}`,
    config: {
      access: at.access('admin', 'assessments:write'),
      exposure: 'authenticated',
      headers: ['ETag'],
    },
    schema: {
      tags,
      operationId: at.operation(end.operation),
      summary: at.summary(end.summary),
      params: z.object({ ...at.params, assessment_id: rowId }),
      headers: matchHeaders,
      body: (end.seen ? seenBody : endBody).meta({ id: `${titled(end.path)}Request` }),
      response: { 200: assessmentSchema },
    },
    handler: async (request, reply) => {
      const { tenantId: tenant, actor } = await at.acting(request);
      const { reason, version: seen } = request.body;
      const version = versionIn(request.headers['if-match']) ?? seen;
      const record = await end.change(site, { tenant, id: at.idOf(request), actor, version, reason });
      void reply.header('etag', tagOf(record));
      return assessmentJson(record);
    },
  });
}

function titled(word: string): string {
  return `Assessment${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;
}
