/** Are the runs being worked on? For readiness and figures; nothing is decided by it. */
import { runTable } from './runs.ts';
import { withState } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';

/**
 * Seconds since anybody was seen at work, where a run is there to be worked on; null where none is. A worker is seen when it
 * reports, and for as long as its claims hold, because in a long wave it only renews those.
 */
export async function secondsUnattended(site: Site): Promise<number | null> {
  const table = (name: 'runs' | 'run_workers' | 'run_tenants'): string => runTable(site, name);
  const { seconds } = await withState(site, undefined, (tx) =>
    tx.one<{ seconds: number | null }>(
      `WITH active AS (SELECT r.id, coalesce(r.started_at, r.created_at) AS since FROM ${table('runs')} r
                       WHERE r.status IN ('queued', 'running', 'cancelling'))
       SELECT CASE WHEN EXISTS (SELECT FROM active) THEN extract(epoch FROM statement_timestamp() - greatest(
                (SELECT max(a.since) FROM active a),
                (SELECT max(w.seen_at) FROM ${table('run_workers')} w),
                (SELECT max(least(t.claimed_until, statement_timestamp())) FROM ${table('run_tenants')} t
                 WHERE t.claimed_until IS NOT NULL AND t.run_id IN (SELECT a.id FROM active a))))::float8 END AS seconds`,
    ),
  );
  return seconds;
}

/** How many runs there are of each status. */
export function countRuns(site: Site): Promise<{ status: string; runs: number }[]> {
  return withState(site, undefined, (tx) =>
    tx.many(`SELECT r.status, count(*) AS runs FROM ${runTable(site, 'runs')} r GROUP BY 1 ORDER BY 1`),
  );
}
