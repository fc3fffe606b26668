/** Materialised views show what their tables said when they were refreshed last. */
import type { TableId } from '../../engine/catalogue/catalog.ts';
import type { Tx } from '../driver/database.ts';

/** From each view down to its tables, through other views. A partition stands for its parent. */
const viewsSql = `
WITH RECURSIVE seen AS (
  SELECT m.oid AS view, m.oid AS relation FROM pg_catalog.pg_class m WHERE m.relkind = 'm'
  UNION SELECT s.view, d.refobjid FROM seen s
    JOIN pg_catalog.pg_rewrite r ON r.ev_class = s.relation
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
      AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> s.relation
)
SELECT DISTINCT n.nspname || '.' || t.relname AS "table", format('%I.%I', vn.nspname, v.relname) AS view
FROM seen s JOIN pg_catalog.pg_class c ON c.oid = s.relation AND c.relkind IN ('r', 'p')
JOIN pg_catalog.pg_class t ON t.oid = coalesce(pg_catalog.pg_partition_root(c.oid), c.oid)
JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
JOIN pg_catalog.pg_class v ON v.oid = s.view JOIN pg_catalog.pg_namespace vn ON vn.oid = v.relnamespace
ORDER BY 1, 2`;

/** By table, the names of the materialised views that are made of its rows. */
export async function readMaterialized(tx: Tx): Promise<ReadonlyMap<TableId, readonly string[]>> {
  const rows = await tx.many<{ readonly table: TableId; readonly view: string }>(viewsSql);
  const byTable = Map.groupBy(rows, ({ table }) => table);
  return new Map([...byTable].map(([table, own]) => [table, own.map(({ view }) => view)]));
}
