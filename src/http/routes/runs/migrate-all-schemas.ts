/** Moving all tenants off a model: what is asked, and what is answered. */
import { z } from 'zod';
import type { PlannedRun, PlannedTenant } from '../../../fleet/plan-run.ts';
import type { RunPace, RunRequest, TenantMapping } from '../../../fleet/request.ts';
import type { RunTenant } from '../../../postgres/runs/tenants.ts';
import type { Canary, RunRecord, Throttle } from '../../../postgres/runs/runs.ts';
import {
  countsByType,
  entityTypes,
  findingJson,
  findingSchema,
  parameterPolicy,
  reasonText,
} from '../migrations/migration-schemas.ts';
import { paceShape, runStatus, runTenantJson, runTenantSchema, whyJson } from './schemas.ts';
import { rowId } from '../../schemas.ts';

export const migrateAllBody = z
  .strictObject({
    to_model_id: rowId.describe(
      'A row of any tenant; in the others the model of its name and family is meant',
    ),
    entity_types: entityTypes,
    confirm_migration: z.boolean().default(false).describe('Warnings were read and accepted, in all tenants'),
    force_override: z
      .boolean()
      .default(false)
      .describe('Passes the errors that may be forced; needs a reason'),
    reason: reasonText.optional(),
    parameters: parameterPolicy,
    dry_run: z.boolean().default(false).describe('Plan each tenant and write nothing'),
    tenant_ids: z
      .array(rowId)
      .min(1)
      .max(100_000)
      .optional()
      .describe('Only these, in this order; all without it'),
    mapping: z
      .record(rowId, z.strictObject({ from_model_id: rowId.optional(), to_model_id: rowId.optional() }))
      .optional()
      .describe('By tenant: which of its rows are meant, where names would lead elsewhere or nowhere'),
    include_suspended: z.boolean().default(false),
    ...paceShape,
  })
  .meta({ id: 'MigrateAllRequest' });

export const migrateAllQuery = z.object({
  wait: z
    .stringbool()
    .default(false)
    .describe('Answer when the run has ended or stands still, with all results'),
});

export const runStarted = z
  .object({
    run_id: rowId,
    status: runStatus,
    total_tenants: z.int(),
    pending: z.int().describe('Tenants that will be visited'),
    failed: z.int().describe('Known to fail before anything is done: they have no such target'),
    skipped: z.int(),
  })
  .meta({ id: 'RunStarted' });

const runResult = z
  .object({
    run_id: rowId,
    status: runStatus,
    total_tenants: z.int(),
    pending: z.int(),
    succeeded: z.int(),
    failed: z.int(),
    skipped: z.int(),
    migrated_count: z.int(),
    results: z.array(runTenantSchema),
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
    migrated_count: z.int().describe('Rows that would be moved'),
    requires_confirmation: z.boolean(),
    results: z.array(plannedTenant),
  })
  .meta({ id: 'RunPlan' });

export const migrateAllAnswer = z.union([runResult, runPlan]);

type Body = z.infer<typeof migrateAllBody>;

/** What is asked of the fleet. Ids are the same in whatever case they are written. */
export function runRequestOf(body: Body, about: { kind: string; fromId: string; actor: string }): RunRequest {
  const { mapping, tenant_ids: tenants, reason, entity_types: types } = body;
  return {
    kind: about.kind,
    from: about.fromId.toLowerCase(),
    to: body.to_model_id.toLowerCase(),
    actor: about.actor,
    parameters: body.parameters,
    confirm: body.confirm_migration,
    force: body.force_override,
    includeSuspended: body.include_suspended,
    ...(types === undefined ? {} : { entityTypes: types }),
    ...(reason === undefined ? {} : { reason }),
    ...(tenants === undefined ? {} : { tenants: tenants.map((id) => id.toLowerCase()) }),
    ...(mapping === undefined ? {} : { mapping: mappingOf(mapping) }),
    ...paceOf(body),
  };
}

function mappingOf(mapping: NonNullable<Body['mapping']>): Record<string, TenantMapping> {
  const one = ({ from_model_id: from, to_model_id: to }: (typeof mapping)[string]): TenantMapping => ({
    ...(from === undefined ? {} : { from: from.toLowerCase() }),
    ...(to === undefined ? {} : { to: to.toLowerCase() }),
  });
  return Object.fromEntries(Object.entries(mapping).map(([id, value]) => [id.toLowerCase(), one(value)]));
}

type Pace = Pick<Body, keyof typeof paceShape>;

/** How the run goes about its tenants. */
export function paceOf(body: Pace): RunPace {
  const { canary, throttle, max_failures: maxFailures, max_failure_share: maxFailureShare } = body;
  return {
    waveSize: body.wave_size,
    ...(canary === undefined ? {} : { canary: canaryOf(canary) }),
    ...(maxFailures === undefined ? {} : { maxFailures }),
    ...(maxFailureShare === undefined ? {} : { maxFailureShare }),
    ...(throttle === undefined ? {} : { throttle: throttleOf(throttle) }),
  };
}

function canaryOf({ tenants, share, afterwards }: NonNullable<Pace['canary']>): Canary {
  return {
    afterwards: afterwards === 'wait' ? 'wait' : 'go-on',
    ...(tenants === undefined ? {} : { tenants }),
    ...(share === undefined ? {} : { share }),
  };
}

function throttleOf(limits: NonNullable<Pace['throttle']>): Throttle {
  const named = {
    maxReplicationLagMs: limits.max_replication_lag_ms,
    maxReplicationLagBytes: limits.max_replication_lag_bytes,
    maxActiveStatements: limits.max_active_statements,
    maxLatencyMs: limits.max_latency_ms,
  };
  return Object.fromEntries(Object.entries(named).filter(([, limit]) => limit !== undefined));
}

export function runStartedJson(run: RunRecord): z.infer<typeof runStarted> {
  const { id, status, total, pending, failed, skipped } = run;
  return { run_id: id, status, total_tenants: total, pending, failed, skipped };
}

export function runResultJson(run: RunRecord, tenants: readonly RunTenant[]): z.infer<typeof runResult> {
  return {
    ...runStartedJson(run),
    succeeded: run.succeeded,
    migrated_count: run.migratedCount,
    results: tenants.map(runTenantJson),
  };
}

export function runPlanJson(plan: PlannedRun): z.infer<typeof runPlan> {
  return {
    run_id: null,
    dry_run: true,
    total_tenants: plan.total,
    ready: plan.ready,
    failed: plan.failed,
    skipped: plan.skipped,
    migrated_count: plan.count,
    requires_confirmation: plan.tenants.some(({ needsConfirmation }) => needsConfirmation),
    results: plan.tenants.map(plannedJson),
  };
}

function plannedJson(one: PlannedTenant): z.infer<typeof plannedTenant> {
  return {
    tenant_id: one.tenant,
    tenant_name: one.tenantName,
    status: one.status,
    ...whyJson(one),
    resolved_from_model_id: one.fromKey,
    resolved_to_model_id: one.toKey,
    complete: one.complete,
    migrated_count: one.count,
    details: { ...one.details },
    findings: one.findings.map(findingJson),
    requires_confirmation: one.needsConfirmation,
    plan_hash: one.planHash,
  };
}
