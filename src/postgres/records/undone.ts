/** Is a migration undone? SQL over its rollbacks, the rollbacks of those, and so on. */
import { stateTable } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';

/** The latest rollback of a migration, the latest of that, and so on: `depth` and when the last of them ended. */
export function chainSql(site: Site, of = 'm'): string {
  const table = stateTable(site, 'migrations');
  return `WITH RECURSIVE chain AS (
      SELECT ${of}.tenant_id, ${of}.id, ${of}.finished_at, 0 AS depth
      UNION ALL SELECT r.tenant_id, r.id, r.finished_at, c.depth + 1 FROM chain c CROSS JOIN LATERAL (
        SELECT x.tenant_id, x.id, x.finished_at FROM ${table} x
        WHERE x.tenant_id = c.tenant_id AND x.parent_id = c.id AND x.kind = 'rollback' AND x.status = 'succeeded'
        ORDER BY x.started_at DESC LIMIT 1) r)`;
}

/** Does a rollback of a migration, `m` or another alias, stand, that is, an odd number of rollbacks in the chain of latest children? */
export function undoneSql(site: Site, of = 'm'): string {
  return `(${chainSql(site, of)} SELECT max(depth) % 2 = 1 FROM chain)`;
}

/** When a migration last came to stand or to be undone: when the last of its chain ended. */
export function stoodSinceSql(site: Site, of = 'm'): string {
  return `(${chainSql(site, of)} SELECT max(finished_at) FROM chain)`;
}
