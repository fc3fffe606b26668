/** Who works on runs, and when they were last seen. For people: nothing is decided by it. */
import { runTable } from './runs.ts';
import { withState } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';

export interface RunWorker {
  readonly id: string;
  readonly runId: string | null;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly seenAt: string;
}

/** A worker that was not seen for so long is gone, and so is its row. */
const forgottenAfter = `interval '1 hour'`;

/** Says that a worker is there, and what it works on. */
export async function reportWorker(site: Site, id: string, runId: string): Promise<void> {
  const table = runTable(site, 'run_workers');
  await withState(site, undefined, async (tx) => {
    await tx.run(
      `INSERT INTO ${table} (id, run_id) VALUES ($1, $2::text::uuid)
       ON CONFLICT (id) DO UPDATE SET run_id = excluded.run_id, seen_at = statement_timestamp()`,
      [id, runId],
    );
    await tx.run(`DELETE FROM ${table} WHERE seen_at < statement_timestamp() - ${forgottenAfter}`);
  });
}

/** Takes the worker off the list. */
export async function forgetWorker(site: Site, id: string): Promise<void> {
  await withState(site, undefined, (tx) =>
    tx.run(`DELETE FROM ${runTable(site, 'run_workers')} WHERE id = $1`, [id]),
  );
}

/** The workers on a run. */
export function listWorkers(site: Site, runId: string): Promise<RunWorker[]> {
  const time = (column: string): string =>
    `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
  return withState(site, undefined, (tx) =>
    tx.many<RunWorker>(
      `SELECT w.id, w.run_id::text AS "runId", ${time('w.started_at')} AS "startedAt", ${time('w.seen_at')} AS "seenAt"
       FROM ${runTable(site, 'run_workers')} w WHERE w.run_id = $1::text::uuid ORDER BY w.id`,
      [runId],
    ),
  );
}
