/** How hard the database works, and how far its replicas are behind. A run must respect both. Reads statistics and locks nothing. */
import { withState } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { asOperator } from '../scope/tenant.ts';

export interface Pressure {
  /** Of the replica that is furthest behind. Null where there is none, or where the login may not see it. */
  readonly replicationLagMs: number | null;
  readonly replicationLagBytes: number | null;
  /** Other connections of this database that are running a statement. */
  readonly activeStatements: number;
  /** How long a trivial statement took, with the wait for a connection. */
  readonly latencyMs: number;
}

/** Measures as the login, because the roles of tenants see nothing of this. */
export async function readPressure(site: Site): Promise<Pressure> {
  const startedAt = performance.now();
  await withState(site, undefined, (tx) => tx.one('SELECT 1 AS one'));
  const latencyMs = performance.now() - startedAt;
  const seen = await asOperator(site.database, { settings: {}, readOnly: true }, (tx) =>
    tx.one<Omit<Pressure, 'latencyMs'>>(
      `SELECT (SELECT (1000 * extract(epoch FROM max(r.replay_lag)))::float8 FROM pg_stat_replication r) AS "replicationLagMs",
         CASE WHEN NOT pg_is_in_recovery()
           THEN (SELECT max(pg_wal_lsn_diff(pg_current_wal_lsn(), r.replay_lsn))::float8
           FROM pg_stat_replication r) END AS "replicationLagBytes",
         (SELECT count(*) FROM pg_stat_activity a
           WHERE a.datname = current_database() AND a.state = 'active' AND a.backend_type = 'client backend'
           AND a.pid <> pg_backend_pid()) AS "activeStatements"`,
    ),
  );
  return { ...seen, latencyMs };
}

/** May the login see how far replicas are behind? A limit on that would otherwise never apply, and nobody would notice. */
export function seesReplication(site: Site): Promise<boolean> {
  return asOperator(site.database, { settings: {}, readOnly: true }, async (tx) => {
    const { sees } = await tx.one<{ sees: boolean }>(
      `SELECT pg_has_role('pg_read_all_stats', 'MEMBER') OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS sees`,
    );
    return sees;
  });
}
