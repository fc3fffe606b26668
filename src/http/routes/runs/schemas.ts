/** How runs look in the API. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { PlannedTenant } from '../../../fleet/plan-run.ts';
import type { RunTenant } from '../../../postgres/runs/tenants.ts';
import type { RunOrders } from '../../../postgres/runs/orders.ts';
import type { RunWorker } from '../../../postgres/runs/workers.ts';
import type { RunRecord } from '../../../postgres/runs/runs.ts';
import {
  completionSchema,
  countsByType,
  entityTypes,
  findingJson,
  findingSchema,
  parameterPolicy,
  reasonText,
} from '../migrations/migration-schemas.ts';
import { cursorNumber, pageJson, pageQuery } from '../../api/paging.ts';
import { rowId, timestamp } from '../../schemas.ts';
import { paceShape } from './pace.ts';

export const readsRuns = {
  access: { role: 'sysadmin', scope: 'runs:read' },
  exposure: 'authenticated',
} as const;

export const runParams = z.object({ run_id: rowId });

/** The run that a path names. */
export function runIdOf({ params }: FastifyRequest): string {
  return (params as z.infer<typeof runParams>).run_id.toLowerCase();
}

export const runStatus = z.enum([
  'queued',
  'running',
  'waiting',
  'paused',
  'stopped',
  'cancelling',
  'cancelled',
  'succeeded',
  'failed',
]);
const tenantStatus = z.enum(['pending', 'claimed', 'succeeded', 'failed', 'skipped']);
const runKind = z.enum(['model', 'rollback']);

/** Of an order to a run. */
export const runOrderBody = z.strictObject({ reason: reasonText.optional() }).meta({ id: 'RunOrderRequest' });

export const rollbackRunBody = z.strictObject({
  reason: reasonText.optional(),
  ...paceShape,
});

const modelSchema = z.object({ id: z.string().nullable(), name: z.string(), family: z.string().nullable() });

const optionsSchema = z.object({
  entity_types: entityTypes,
  parameters: parameterPolicy,
  confirm_migration: z.boolean(),
  force_override: z.boolean(),
  wave_size: z.int(),
  max_failures: z.int().nullable(),
});

export const runSchema = z
  .object({
    id: rowId,
    kind: runKind,
    parent_id: rowId.nullable().describe('Of a rollback: the run that it takes back'),
    status: runStatus,
    status_reason: z.string().nullable().describe('Why it stands still'),
    throttle_reason: z
      .string()
      .nullable()
      .describe('Why workers wait although it is running or being cancelled'),
    model_kind: z.string(),
    from: modelSchema.describe('As the request named it; in each tenant it has another id'),
    to: modelSchema,
    options: optionsSchema,
    actor: z.string(),
    reason: z.string().nullable(),
    canary_size: z.int(),
    canary_released: z.boolean(),
    total_tenants: z.int(),
    pending: z.int(),
    succeeded: z.int(),
    failed: z.int(),
    skipped: z.int(),
    migrated_count: z.int(),
    completion: completionSchema
      .nullable()
      .describe('The worst word of its tenants; null until it has ended'),
    created_at: timestamp,
    started_at: timestamp.nullable(),
    finished_at: timestamp.nullable(),
  })
  .meta({ id: 'Run' });

export const runDetail = runSchema
  .extend({
    workers: z.array(z.object({ id: z.string(), seen_at: timestamp })).describe('Who works on it'),
    orders: z
      .array(
        z.object({ action: z.string(), actor: z.string(), at: timestamp, reason: z.string().nullable() }),
      )
      .describe(
        'Who made it, paused it, went on with it or cancelled it, as the audit log has it; the newest 100',
      ),
    total_orders: z.int().describe('How many orders there are'),
  })
  .meta({ id: 'RunDetail' });

export const runStarted = z
  .object({
    run_id: rowId,
    status: runStatus,
    total_tenants: z.int(),
    pending: z.int().describe('Tenants that will be visited'),
    failed: z.int().describe('Tenants that have no such target: they fail before the run begins'),
    skipped: z.int(),
  })
  .meta({ id: 'RunStarted' });

const why = z.object({ code: z.string(), message: z.string() }).optional();

export const runTenantSchema = z
  .object({
    tenant_id: z.string(),
    tenant_name: z.string(),
    status: tenantStatus,
    error: why.describe('Of a failure'),
    note: why.describe('Why it was skipped, or what was left'),
    resolved_from_model_id: z.string().nullable(),
    resolved_to_model_id: z.string().nullable(),
    migration_id: rowId.nullable(),
    completion: completionSchema.nullable().describe('null until it succeeded'),
    migrated_count: z.int(),
    details: countsByType,
    findings: z.array(findingSchema),
    duration_seconds: z.number().nullable(),
  })
  .meta({ id: 'RunTenant' });

export const runFilter = pageQuery.extend({ status: runStatus.optional(), kind: runKind.optional() });
export const runTenantFilter = pageQuery.extend({ status: tenantStatus.optional() });

export function runJson(run: RunRecord): z.infer<typeof runSchema> {
  const { options, total } = run;
  return {
    id: run.id,
    kind: run.kind,
    parent_id: run.parentId,
    status: run.status,
    status_reason: run.statusReason,
    throttle_reason: run.throttleReason,
    model_kind: run.modelKind,
    from: modelJson(run.from),
    to: modelJson(run.to),
    options: {
      entity_types: options.entityTypes === undefined ? undefined : [...options.entityTypes],
      parameters: options.parameters,
      confirm_migration: options.confirm,
      force_override: options.force,
      wave_size: options.waveSize,
      max_failures: options.maxFailures ?? null,
    },
    actor: run.actor,
    reason: run.reason,
    canary_size: run.canarySize,
    canary_released: run.canaryReleased,
    total_tenants: total,
    ...countsJson(run),
    created_at: run.createdAt,
    started_at: run.startedAt,
    finished_at: run.finishedAt,
  };
}

export function runStartedJson(run: RunRecord): z.infer<typeof runStarted> {
  const { id, status, total, pending, failed, skipped } = run;
  return { run_id: id, status, total_tenants: total, pending, failed, skipped };
}

export function runDetailJson(
  run: RunRecord,
  { workers, orders, totalOrders }: RunOrders & { readonly workers: readonly RunWorker[] },
): z.infer<typeof runDetail> {
  return {
    ...runJson(run),
    workers: workers.map(({ id, seenAt }) => ({ id, seen_at: seenAt })),
    orders: orders.map((order) => ({ ...order })),
    total_orders: totalOrders,
  };
}

function modelJson({ key, name, family }: RunRecord['from']): z.infer<typeof modelSchema> {
  return { id: key, name, family };
}

function countsJson({ pending, succeeded, failed, skipped, migratedCount, completion }: RunRecord) {
  return { pending, succeeded, failed, skipped, migrated_count: migratedCount, completion };
}

function runTenantJson(one: RunTenant): z.infer<typeof runTenantSchema> {
  return {
    ...tenantJson(one),
    status: one.status,
    migration_id: one.migrationId,
    migrated_count: one.migratedCount,
    duration_seconds: one.durationMs === null ? null : one.durationMs / 1000,
  };
}

/** Where a page of the tenants of a run begins. */
export const tenantPosition = z.tuple([cursorNumber]).transform(([position]) => position);

/** One page of the tenants of a run. */
export function runTenantsJson(found: readonly RunTenant[], limit: number) {
  return pageJson(found, limit, { item: runTenantJson, position: ({ position }) => [position] });
}

/** What a planned tenant and one of a run have in common. */
export function tenantJson(
  one: Omit<PlannedTenant, 'count' | 'needsConfirmation' | 'planHash' | 'status'> & {
    readonly status: string;
  },
) {
  return {
    tenant_id: one.tenant,
    tenant_name: one.tenantName,
    ...whyJson(one),
    resolved_from_model_id: one.fromKey,
    resolved_to_model_id: one.toKey,
    completion: one.completion,
    details: { ...one.details },
    findings: one.findings.map(findingJson),
  };
}

/** The reason of a failure is an error; any other reason is a note. */
export function whyJson({
  status,
  code,
  message,
}: {
  readonly status: string;
  readonly code: string | null;
  readonly message: string | null;
}): Record<string, { code: string; message: string }> {
  if (code === null) return {};
  return { [status === 'failed' ? 'error' : 'note']: { code, message: message ?? '' } };
}
