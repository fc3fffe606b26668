/** Moving all tenants, or chosen ones, off a model. */
import { z } from 'zod';
import { createRun } from '../../../fleet/create.ts';
import { type PlannedCounts, type PlannedRun, type PlannedTenant, planRun } from '../../../fleet/plan-run.ts';
import type { RunRequest, TenantMapping } from '../../../fleet/request.ts';
import { workThrough } from '../../../fleet/work-through.ts';
import { listRunTenants, type RunTenant } from '../../../postgres/runs/tenants.ts';
import { getRun, type RunRecord } from '../../../postgres/runs/runs.ts';
import { sharedRows } from '../../../engine/tenant.ts';
import { callerOf } from '../../api/access.ts';
import { goneSignal } from '../../api/connection-end.ts';
import { afterCursor, cursorNumber, pageJson, pageQuery } from '../../api/paging.ts';
import { invalidRequest } from '../../api/validation.ts';
import type { DroverError } from '../../../errors.ts';
import type { App, AppDeps } from '../../contract.ts';
import {
  countsByType,
  entityTypes,
  findingSchema,
  parameterPolicy,
  answersShape,
  reasonText,
} from '../migrations/migration-schemas.ts';
import { paceOf, paceShape } from './pace.ts';
import {
  runStarted,
  runStartedJson,
  runStatus,
  runTenantSchema,
  runTenantsJson,
  tenantJson,
} from './schemas.ts';
import { modelKinds, rowId } from '../../schemas.ts';

const migrateAllBody = z
  .strictObject({
    to_model_id: rowId.describe(
      'The id of a model in any tenant. In each other tenant the model of the same name and family is meant',
    ),
    entity_types: entityTypes,
    confirm_migration: z.boolean().default(false).describe('Warnings were read and accepted, in all tenants'),
    force_override: z
      .boolean()
      .default(false)
      .describe('Passes the errors that may be forced; needs a reason'),
    reason: reasonText.optional(),
    answers: answersShape,
    parameters: parameterPolicy,
    dry_run: z.boolean().default(false).describe('Plan each tenant and write nothing'),
    rehearse: z
      .boolean()
      .default(false)
      .describe(
        'A dry run that also tries each tenant of the page that is ready, and takes it back; it stops where the client goes',
      ),
    tenant_ids: z
      .array(rowId)
      .min(1)
      .max(100_000)
      .optional()
      .describe('Only these tenants, in this order; by default all'),
    mapping: z
      .record(rowId, z.strictObject({ from_model_id: rowId.optional(), to_model_id: rowId.optional() }))
      .optional()
      .describe('By tenant: the models that are meant, if names would find other models or none'),
    include_suspended: z.boolean().default(false),
    scope: z
      .enum(['tenants', 'all', 'shared'])
      .default('tenants')
      .describe(
        '`all`: after every tenant also the rows of everybody. `shared`: only those. Their result is the last, under the id ' +
          `${sharedRows}, which also stands for a tenant in the paths of migrations`,
      ),
    ...paceShape,
  })
  .meta({ id: 'MigrateAllRequest' });

const migrateAllQuery = pageQuery.extend({
  wait: z
    .stringbool()
    .default(false)
    .describe('Answer only when the run has ended or stands still, with the first results'),
});

const nextCursor = z.string().nullable();

const runResult = z
  .object({
    run_id: rowId,
    dry_run: z.literal(false),
    status: runStatus,
    total_tenants: z.int(),
    pending: z.int(),
    succeeded: z.int(),
    failed: z.int(),
    skipped: z.int(),
    migrated_count: z.int(),
    results: z.array(runTenantSchema).describe('The first of them; counts are of all tenants'),
    next_cursor: nextCursor.describe('Of `GET /runs/{run_id}/tenants`, which goes on; null if these are all'),
  })
  .meta({ id: 'RunResult' });

const plannedTenant = z
  .object({
    ...runTenantSchema.shape,
    status: z.enum(['ready', 'failed', 'skipped']).describe('`ready`: it would be moved'),
    requires_confirmation: z.boolean(),
    plan_hash: z.string().nullable(),
    details: countsByType,
    findings: z.array(findingSchema),
  })
  .omit({ migration_id: true, duration_seconds: true })
  .meta({ id: 'PlannedTenant' });

const runPlan = z
  .object({
    run_id: z.null(),
    dry_run: z.literal(true),
    total_tenants: z.int(),
    ready: z.int(),
    failed: z.int(),
    skipped: z.int(),
    migrated_count: z.int().describe('Row changes that would be made'),
    requires_confirmation: z.boolean(),
    results: z
      .array(plannedTenant)
      .describe(
        'Those of the page; counts are of all tenants, as the first page found them. A rehearsal tries those of the page and ' +
          'corrects the counts by what it found',
      ),
    next_cursor: nextCursor.describe(
      'Of the same request, which plans the tenants of the next page; null on the last page',
    ),
  })
  .meta({ id: 'RunPlan' });

const migrateAllAnswer = z.union([runResult, runPlan]);

export function migrateAllRoutes(app: App, { platform, stopping }: AppDeps): void {
  const { site } = platform;
  for (const { kind, resource } of modelKinds)
    app.route({
      method: 'POST',
      url: `/api/v1/sysadmin/system/${resource.path}/:model_id/migrate-all-tenants`,
      config: {
        access: { role: 'sysadmin', scope: 'runs:write' },
        exposure: 'authenticated',
        headers: ['Location'],
      },
      schema: {
        tags: ['runs'],
        operationId: `migrateAllTenantsOff${resource.title}`,
        summary: `Move all tenants off a ${kind} model`,
        params: z.object({ model_id: rowId }),
        querystring: migrateAllQuery,
        body: migrateAllBody,
        response: { 200: migrateAllAnswer, 202: runStarted },
      },
      handler: async (request, reply) => {
        const { body } = request;
        const asked = runRequestOf(body, {
          kind,
          fromId: request.params.model_id,
          actor: callerOf(request).actor,
        });
        const { limit, cursor, wait } = request.query;
        const page = { after: 0, ...afterCursor(cursor, planPosition).after, limit };
        if (body.dry_run || body.rehearse) {
          const plan = await planRun(site, asked, {
            rehearse: body.rehearse,
            page,
            signal: goneSignal(reply),
          });
          return reply.code(200).send(runPlanJson(plan, page));
        }
        if (cursor !== undefined) throw onlyOfPlans();
        const runId = await createRun(site, asked);
        void reply.header('location', `/api/v1/runs/${runId}`);
        if (!wait) return reply.code(202).send(runStartedJson(await getRun(site, runId)));
        // The request that waits also works, so that it is answered even if no other worker runs.
        const run = await workThrough(site, runId, { signal: stopping });
        const tenants = await listRunTenants(site, { runId, limit: limit + 1 });
        return reply.code(200).send(runResultJson(run, tenants, limit));
      },
    });
}

/** Rows of all tenants may be more than a list is long. */
const counted = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);

/** Where a page of a plan begins, and what the pages before have counted: `countsOf`. */
const planPosition = z
  .tuple([cursorNumber, counted, counted, counted, counted, counted, z.enum(['0', '1'])])
  .transform(([after, total, ready, failed, skipped, count, confirm]) => ({
    after,
    counted: { total, ready, failed, skipped, count, needsConfirmation: confirm === '1' },
  }));

function countsOf({ total, ready, failed, skipped, count, needsConfirmation }: PlannedCounts): number[] {
  return [total, ready, failed, skipped, count, needsConfirmation ? 1 : 0];
}

/** Another run would be made where somebody wants to read on. */
function onlyOfPlans(): DroverError {
  const message = 'goes on with a dry run only; the results of a run are at /api/v1/runs/{run_id}/tenants';
  return invalidRequest([{ in: 'query', pointer: '/cursor', message }]);
}

type Body = z.infer<typeof migrateAllBody>;

/** The request to the fleet. Case does not matter in ids. */
function runRequestOf(body: Body, about: { kind: string; fromId: string; actor: string }): RunRequest {
  const { mapping, tenant_ids: tenants, reason, entity_types: types } = body;
  return {
    kind: about.kind,
    from: about.fromId.toLowerCase(),
    to: body.to_model_id.toLowerCase(),
    actor: about.actor,
    answers: body.answers,
    parameters: body.parameters,
    confirm: body.confirm_migration,
    force: body.force_override,
    includeSuspended: body.include_suspended,
    ...sharedOf(body),
    ...(types === undefined ? {} : { entityTypes: types }),
    ...(reason === undefined ? {} : { reason }),
    ...(tenants === undefined ? {} : { tenants: tenants.map((id) => id.toLowerCase()) }),
    ...(mapping === undefined ? {} : { mapping: mappingOf(mapping) }),
    ...paceOf(body),
  };
}

function sharedOf({ scope }: Body): Pick<RunRequest, 'shared'> {
  if (scope === 'tenants') return {};
  return { shared: scope === 'shared' ? 'only' : true };
}

function mappingOf(mapping: NonNullable<Body['mapping']>): Record<string, TenantMapping> {
  const one = ({ from_model_id: from, to_model_id: to }: (typeof mapping)[string]): TenantMapping => ({
    ...(from === undefined ? {} : { from: from.toLowerCase() }),
    ...(to === undefined ? {} : { to: to.toLowerCase() }),
  });
  return Object.fromEntries(Object.entries(mapping).map(([id, value]) => [id.toLowerCase(), one(value)]));
}

function runResultJson(
  run: RunRecord,
  tenants: readonly RunTenant[],
  limit: number,
): z.infer<typeof runResult> {
  const { items, ...page } = runTenantsJson(tenants, limit);
  return {
    ...runStartedJson(run),
    dry_run: false,
    succeeded: run.succeeded,
    migrated_count: run.migratedCount,
    results: items,
    ...page,
  };
}

function runPlanJson(
  plan: PlannedRun,
  { after, limit }: { readonly after: number; readonly limit: number },
): z.infer<typeof runPlan> {
  const { items, ...page } = pageJson(plan.tenants, limit, {
    item: plannedJson,
    position: () => [after + limit, ...countsOf(plan)],
  });
  return {
    run_id: null,
    dry_run: true,
    total_tenants: plan.total,
    ready: plan.ready,
    failed: plan.failed,
    skipped: plan.skipped,
    migrated_count: plan.count,
    requires_confirmation: plan.needsConfirmation,
    results: items,
    ...page,
  };
}

function plannedJson(one: PlannedTenant): z.infer<typeof plannedTenant> {
  return {
    ...tenantJson(one),
    status: one.status,
    migrated_count: one.count,
    requires_confirmation: one.needsConfirmation,
    plan_hash: one.planHash,
  };
}
