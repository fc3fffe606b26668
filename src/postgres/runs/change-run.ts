/** Makes and changes a run, under the lock of its row. */
import { isUuid } from '../../engine/uuid.ts';
import type { Tx } from '../driver/database.ts';
import { withState } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { finalStatuses, columns, runTable, hasRuns, runNotFound } from './runs.ts';
import type { RunStatus, RunCounts, RunRecord } from './runs.ts';

export type NewRun = Pick<
  RunRecord,
  | 'id'
  | 'kind'
  | 'parentId'
  | 'modelKind'
  | 'from'
  | 'to'
  | 'options'
  | 'actor'
  | 'reason'
  | 'canarySize'
  | 'failuresExcused'
  | 'total'
  | 'pending'
  | 'failed'
  | 'skipped'
>;

/** Adds the row; its tenants come in the same transaction. */
export async function insertRun(tx: Tx, site: Site, run: NewRun): Promise<void> {
  await tx.run(
    `INSERT INTO ${runTable(site, 'runs')} (id, kind, parent_id, status, model_kind,
       from_key, from_name, from_family, to_key, to_name, to_family, options, actor, reason,
       canary_size, canary_released, failures_excused, total, pending, failed, skipped)
     SELECT id, kind, parent_id, 'queued', model_kind, from_key, from_name, from_family, to_key, to_name, to_family, options, actor, reason,
       canary_size, canary_size = 0, failures_excused, total, pending, failed, skipped
     FROM jsonb_populate_record(NULL::${runTable(site, 'runs')}, $1::text::jsonb)`,
    [
      JSON.stringify({
        id: run.id,
        kind: run.kind,
        parent_id: run.parentId,
        model_kind: run.modelKind,
        from_key: run.from.key,
        from_name: run.from.name,
        from_family: run.from.family,
        to_key: run.to.key,
        to_name: run.to.name,
        to_family: run.to.family,
        options: run.options,
        actor: run.actor,
        reason: run.reason,
        canary_size: run.canarySize,
        failures_excused: run.failuresExcused,
        total: run.total,
        pending: run.pending,
        failed: run.failed,
        skipped: run.skipped,
      }),
    ],
  );
}

/**
 * Works on a run under its row lock.
 * @throws RUN_NOT_FOUND
 */
export function withRun<T>(site: Site, id: string, work: (tx: Tx, run: RunRecord) => Promise<T>): Promise<T> {
  if (!isUuid(id)) throw runNotFound(id);
  return withState(site, undefined, async (tx) => {
    const run = (await hasRuns(tx, site))
      ? await tx.maybeOne<RunRecord>(
          `SELECT ${columns} FROM ${runTable(site, 'runs')} r WHERE r.id = $1::text::uuid FOR UPDATE`,
          [id],
        )
      : undefined;
    if (run === undefined) throw runNotFound(id);
    return work(tx, run);
  });
}

/** Is a run under way that takes this one back? Within `withRun`. */
export async function hasOpenRollback(tx: Tx, site: Site, id: string): Promise<boolean> {
  const { open } = await tx.one<{ open: boolean }>(
    `SELECT EXISTS (SELECT FROM ${runTable(site, 'runs')} r
       WHERE r.parent_id = $1::text::uuid AND NOT r.status = ANY ($2::text[])) AS open`,
    [id, finalStatuses],
  );
  return open;
}

/** What changes about a run beside its counts; absent: as it was. */
export interface RunChange {
  readonly status?: RunStatus;
  readonly statusReason?: string | null;
  readonly throttleReason?: string | null;
  readonly canaryReleased?: boolean;
  readonly failuresExcused?: number;
}

/** Writes a change with the counts of now. To be called within `withRun`. */
export async function updateRun(
  tx: Tx,
  site: Site,
  { run, change, counts }: { run: RunRecord; change: RunChange; counts: RunCounts },
): Promise<RunRecord> {
  const next = { ...run, ...change, ...counts };
  const isFinal = (finalStatuses as readonly string[]).includes(next.status);
  return tx.one<RunRecord>(
    `UPDATE ${runTable(site, 'runs')} r SET status = $2, status_reason = $3, throttle_reason = $4,
       canary_released = $5, failures_excused = $6, pending = $7, succeeded = $8, failed = $9, skipped = $10, migrated_count = $11,
       completion = $14, last_event = $12,
       started_at = CASE WHEN $2 = 'running' THEN coalesce(r.started_at, statement_timestamp()) ELSE r.started_at END,
       finished_at = CASE WHEN $13::boolean THEN coalesce(r.finished_at, statement_timestamp()) END
     WHERE r.id = $1::text::uuid RETURNING ${columns}`,
    [
      run.id,
      next.status,
      next.statusReason,
      isFinal ? null : next.throttleReason,
      next.canaryReleased,
      next.failuresExcused,
      next.pending,
      next.succeeded,
      next.failed,
      next.skipped,
      next.migratedCount,
      next.lastEvent,
      isFinal,
      isFinal ? next.completion : null,
    ],
  );
}
