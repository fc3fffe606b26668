/**
 * The record of a migration: written in its own transaction before the work and closed with it, so that a refusal, an error or a
 * kill leaves a trace. It keeps names as values and outlives models and users.
 */
import { randomUUID } from 'node:crypto';
import type { Intent } from '../../engine/plan/intent.ts';
import type { ModelFacts } from '../../engine/models/model.ts';
import type { Plan } from '../../engine/plan/plan-types.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import type { StepResult } from '../move/execute.ts';
import { stateTable, stateTenant, withState } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { waveOnly } from '../move/wave-sql.ts';

export interface NewRecord {
  readonly kind: 'model' | 'rollback';
  readonly tenant: string | undefined;
  readonly parentId?: string;
  readonly source: Pick<ModelFacts, 'kind' | 'key' | 'components'>;
  readonly target: Pick<ModelFacts, 'kind' | 'key' | 'components'>;
  readonly actor: string;
  readonly reason?: string;
  readonly forced: boolean;
}

/** Opens a record in its own transaction and returns its id. */
export function openRecord(site: Site, record: NewRecord): Promise<string> {
  return withState(site, record.tenant, (tx) => insertRecord(tx, site, record));
}

/** Opens a record and returns its id. */
export async function insertRecord(tx: Tx, site: Site, record: NewRecord): Promise<string> {
  const id = randomUUID();
  const { source, target } = record;
  await tx.run(
    `INSERT INTO ${stateTable(site, 'migrations')} (tenant_id, id, kind, parent_id, status, from_kind, from_key, from_name, from_provider, to_key, to_name, to_provider, actor, reason, forced)
       SELECT $1::text::${site.state.tenantType}, $2::text::uuid, $3::text, $4::text::uuid, 'running', $5::text, $6::text, $7::text, $8::text, $9::text, $10::text, $11::text, $12::text, $13::text, $14::boolean${waveOnly(' FROM drover_wave w')}`,
    [
      stateTenant(record.tenant),
      id,
      record.kind,
      record.parentId ?? null,
      source.kind,
      source.key ?? null,
      source.components['name'] ?? null,
      source.components['provider'] ?? null,
      target.key ?? null,
      target.components['name'] ?? null,
      target.components['provider'] ?? null,
      record.actor,
      record.reason ?? null,
      record.forced,
    ],
  );
  return id;
}

export interface Outcome {
  readonly tenant: string | undefined;
  readonly id: string;
  readonly status: 'succeeded' | 'prepared';
  readonly complete: boolean;
  readonly plan?: Plan;
  readonly intent?: Intent;
  readonly result: unknown;
  readonly rows: number;
  readonly xid?: string;
}

/** Closes a record within the transaction that did the work: both are committed or neither. */
export async function closeRecord(tx: Tx, site: Site, outcome: Outcome): Promise<void> {
  const closed = await tx.run(
    `UPDATE ${stateTable(site, 'migrations')} SET status = $3::text, complete = $4::boolean, plan = $5::text::jsonb, plan_hash = $6::text, result = $7::text::jsonb, migrated_count = $8::bigint, xid = $9::text,
       finished_at = statement_timestamp(), error_code = NULL, error_message = NULL${waveOnly(' FROM drover_wave w')} WHERE tenant_id = $1::text::${site.state.tenantType} AND id = $2::text::uuid${waveOnly(' RETURNING w.n AS drover_n')}`,
    [
      stateTenant(outcome.tenant),
      outcome.id,
      outcome.status,
      outcome.complete,
      outcome.plan === undefined ? null : JSON.stringify(outcome.plan),
      outcome.plan?.hash ?? null,
      JSON.stringify(outcome.result),
      outcome.rows,
      outcome.xid ?? null,
    ],
  );
  if (closed !== 1) throw new DroverError('INTERNAL', `The record of migration ${outcome.id} is gone.`);
}

/** Writes what each step did. */
export async function writeSteps(
  tx: Tx,
  site: Site,
  about: { tenant: string | undefined; id: string; results: readonly StepResult[] },
): Promise<void> {
  const rows = about.results.map(({ step, actual }) => ({
    step: step.id,
    operation: step.operation,
    table_name: step.table,
    entity: step.entity,
    detail: { ...step, rows: [] },
    expected: step.expected,
    actual,
  }));
  await tx.run(
    `INSERT INTO ${stateTable(site, 'migration_steps')} (tenant_id, migration_id, step, operation, table_name, entity, detail, expected, actual, finished_at)
     SELECT $1::text::${site.state.tenantType}, $2::text::uuid, s.step, s.operation, s.table_name, s.entity, s.detail, s.expected, s.actual, statement_timestamp()
     FROM ${waveOnly('drover_wave w,')} jsonb_to_recordset($3::text::jsonb) s (step int, operation text, table_name text, entity text, detail jsonb, expected bigint, actual bigint)`,
    [stateTenant(about.tenant), about.id, JSON.stringify(rows)],
  );
}

/**
 * Marks a record as failed, in its own transaction, after the work was rolled back. Where the connection was lost after the work was
 * prepared, nobody knows whether it was; that record stays open until it is settled. One that another process took for
 * interrupted, because this one had no lock yet, gets its real reason.
 */
export async function failRecord(
  site: Site,
  about: { tenant: string | undefined; id: string; error: unknown },
): Promise<void> {
  const { code, message } =
    about.error instanceof DroverError ? about.error : { code: 'INTERNAL', message: 'Unexpected error.' };
  await withState(site, about.tenant, async (tx) => {
    await tx.run(
      `UPDATE ${stateTable(site, 'migrations')} SET status = 'failed', error_code = $3, error_message = $4, finished_at = statement_timestamp() WHERE tenant_id = $1::text::${site.state.tenantType} AND id = $2::text::uuid
         AND (status = 'running' OR error_code = 'INTERRUPTED' OR (status = 'prepared' AND $3 <> 'DATABASE_UNREACHABLE'))`,
      [stateTenant(about.tenant), about.id, code, message],
    );
  });
}

export interface AuditEntry {
  readonly tenant: string | undefined;
  readonly actor: string;
  readonly action: string;
  readonly object: string;
  readonly detail: unknown;
}

/** Adds an entry to the audit log. */
export async function writeAudit(tx: Tx, site: Site, entry: AuditEntry): Promise<void> {
  await tx.run(
    `INSERT INTO ${stateTable(site, 'audit_log')} (tenant_id, id, actor, action, object, detail) SELECT $1::text::${site.state.tenantType}, $2::text::uuid, $3::text, $4::text, $5::text, $6::text::jsonb${waveOnly(' FROM drover_wave w')}`,
    [
      stateTenant(entry.tenant),
      randomUUID(),
      entry.actor,
      entry.action,
      entry.object,
      JSON.stringify(entry.detail),
    ],
  );
}
