/**
 * What happened in a run, as it is told to whoever follows it. Numbers are given under the row lock of the run, so they become
 * visible in their order and without a gap: who has read up to a number has missed nothing, and reads on from there.
 */
import type { Tx } from '../driver/database.ts';
import type { RunRecord } from './runs.ts';
import { runTable } from './runs.ts';
import { withState } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';

export interface RunEvent {
  /** From 1 on, by run. */
  readonly number: number;
  /** `run`: its status and counts · `tenant`: one has finished · `end`: nothing comes after it. */
  readonly kind: 'run' | 'tenant' | 'end';
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Adds the end of every tenant that finished since the last time; returns how many. Within `withRun`. */
export async function announceTenants(tx: Tx, site: Site, run: RunRecord): Promise<number> {
  return tx.run(
    `WITH ended AS (
       UPDATE ${runTable(site, 'run_tenants')} t SET announced = true
       WHERE t.run_id = $1::text::uuid AND NOT t.announced AND t.status IN ('succeeded', 'failed', 'skipped')
       RETURNING t.tenant_id::text AS tenant, t.tenant_name, t.position, t.status, t.code, t.message,
         t.migration_id, t.migrated_count, t.duration_ms, t.finished_at)
     INSERT INTO ${runTable(site, 'run_events')} (run_id, number, kind, data)
     SELECT $1::text::uuid, $2::int + row_number() OVER (ORDER BY e.finished_at, e.position),
       'tenant', jsonb_strip_nulls(jsonb_build_object(
       'tenant', e.tenant, 'tenantName', e.tenant_name, 'status', e.status, 'code', e.code,
       'message', e.message, 'migrationId', e.migration_id,
       'migratedCount', e.migrated_count, 'durationMs', e.duration_ms)) FROM ended e`,
    [run.id, run.lastEvent],
  );
}

/** Adds what is now true of the run. Within `withRun`. */
export async function announceRun(
  tx: Tx,
  site: Site,
  { run, kind, number }: { run: RunRecord; kind: 'run' | 'end'; number: number },
): Promise<void> {
  const { status, statusReason, throttleReason } = run;
  const { total, pending, succeeded, failed, skipped, migratedCount } = run;
  const data = {
    status,
    statusReason,
    throttleReason,
    total,
    pending,
    succeeded,
    failed,
    skipped,
    migratedCount,
  };
  await tx.run(
    `INSERT INTO ${runTable(site, 'run_events')} (run_id, number, kind, data) VALUES ($1::text::uuid, $2::int, $3, $4::text::jsonb)`,
    [run.id, number, kind, JSON.stringify(data)],
  );
}

/** The events after a number, in order. */
export function listEvents(
  site: Site,
  { runId, after, limit }: { runId: string; after: number; limit: number },
): Promise<RunEvent[]> {
  return withState(site, undefined, (tx) =>
    tx.many<RunEvent>(
      `SELECT e.number, e.kind, to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at, e.data
       FROM ${runTable(site, 'run_events')} e WHERE e.run_id = $1::text::uuid AND e.number > $2::int ORDER BY e.number LIMIT $3::int`,
      [runId, after, limit],
    ),
  );
}
