/** What a role may do with each table, whether row-level security binds it there, and by which views it reads. */
import type { Table, TableId } from '../../../engine/catalogue/catalog.ts';
import type { Tx } from '../../driver/database.ts';
import { act } from './session.ts';
import type { TenantSession } from './session.ts';
import { attempt } from './attempt.ts';

export interface ReadableView {
  readonly schema: string;
  readonly name: string;
  /** It holds rows of its own, as they were when it was filled. */
  readonly stored: boolean;
  readonly columns: readonly string[];
}

/** The rights of a role on a table. Of a schema that it may not use it has none. */
export interface TableRights {
  readonly selectable: ReadonlySet<string>;
  readonly insertable: ReadonlySet<string>;
  readonly updatable: ReadonlySet<string>;
  /** SELECT on the whole table: its rows' places on disk too. */
  readonly selectsWhole: boolean;
  readonly mayDelete: boolean;
  readonly mayTruncate: boolean;
  /** Why policies do not bind it, if they do not. */
  readonly unbound?: string;
  /** Triggers whose code the database does not confine. */
  readonly unconfined: readonly string[];
  readonly views: readonly ReadableView[];
}

interface RightsRow {
  readonly id: TableId;
  readonly reachable: boolean;
  readonly selectable: string[];
  readonly insertable: string[];
  readonly updatable: string[];
  readonly whole: boolean;
  readonly delete: boolean;
  readonly truncate: boolean;
  readonly unconfined: string[];
}

const among = `unnest($2::text[], $3::text[], $4::text[]) AS t (id, schema, name)
  JOIN pg_namespace n ON n.nspname = t.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.name`;

function columnsWith(privilege: string): string {
  return `ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    AND has_column_privilege($1::name, c.oid, a.attnum, '${privilege}') ORDER BY a.attnum)`;
}

const rightsSql = `SELECT t.id, has_schema_privilege($1::name, n.oid, 'USAGE') AS reachable,
  ${columnsWith('SELECT')} AS selectable, ${columnsWith('INSERT')} AS insertable, ${columnsWith('UPDATE')} AS updatable,
  has_table_privilege($1::name, c.oid, 'SELECT') AS whole,
  has_table_privilege($1::name, c.oid, 'DELETE') AS delete, has_table_privilege($1::name, c.oid, 'TRUNCATE') AS truncate,
  ARRAY(SELECT DISTINCT g.tgname::text FROM pg_trigger g JOIN pg_proc p ON p.oid = g.tgfoid JOIN pg_language l ON l.oid = p.prolang
    WHERE (g.tgrelid = c.oid OR g.tgrelid IN (SELECT relid FROM pg_partition_tree(c.oid))) AND NOT g.tgisinternal
      AND g.tgenabled IN ('O', 'A') AND NOT l.lanpltrusted AND p.pronamespace <> 'pg_catalog'::regnamespace) AS unconfined
FROM ${among}`;

interface ViewRow extends ReadableView {
  readonly id: TableId;
}

/** Views over views too. Access to a view is asked of its reader, whatever is asked of its owner below. */
const viewsSql = `WITH RECURSIVE reading AS (
  SELECT t.id, c.oid FROM ${among}
  UNION
  SELECT r.id, w.ev_class FROM reading r
    JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = r.oid AND d.classid = 'pg_rewrite'::regclass
    JOIN pg_rewrite w ON w.oid = d.objid AND w.ev_class <> r.oid
)
SELECT r.id, n.nspname::text AS schema, v.relname::text AS name, v.relkind = 'm' AS stored,
  ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = v.oid AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attnum) AS columns
FROM reading r JOIN pg_class v ON v.oid = r.oid JOIN pg_namespace n ON n.oid = v.relnamespace
WHERE v.relkind IN ('v', 'm') AND has_table_privilege($1::name, v.oid, 'SELECT') AND has_schema_privilege($1::name, n.oid, 'USAGE')
ORDER BY 1, 2, 3`;

const boundSql = `SELECT t.id, current_user::text AS role, row_security_active(c.oid) AS active, $1::text AS asked FROM ${among}`;

export async function readRights(
  tx: Tx,
  session: TenantSession,
  tables: readonly Table[],
): Promise<ReadonlyMap<TableId, TableRights>> {
  const named = [
    tables.map(({ id }) => id),
    tables.map(({ schema }) => schema),
    tables.map(({ name }) => name),
  ];
  const parameters = [session.role, ...named];
  const rights = await tx.many<RightsRow>(rightsSql, parameters);
  const views = Map.groupBy(await tx.many<ViewRow>(viewsSql, parameters), ({ id }) => id);
  const bound = await attempt(tx, async () => {
    await act(tx, session);
    return tx.many<{ id: TableId; role: string; active: boolean }>(boundSql, parameters);
  });
  const unbound = (id: TableId): string | undefined => {
    if (!bound.done) return `nobody can act as ${session.role} here (${bound.by.sqlState})`;
    const found = bound.value.find((one) => one.id === id);
    if (found?.role !== session.role) return `transactions run as ${found?.role ?? 'somebody else'}`;
    return found.active ? undefined : `row-level security is not active for ${session.role}`;
  };
  return new Map(rights.map((row) => [row.id, rightsOf(row, views.get(row.id) ?? [], unbound(row.id))]));
}

function rightsOf(row: RightsRow, views: readonly ReadableView[], unbound: string | undefined): TableRights {
  const held = (columns: readonly string[]): ReadonlySet<string> => new Set(row.reachable ? columns : []);
  return {
    selectable: held(row.selectable),
    insertable: held(row.insertable),
    updatable: held(row.updatable),
    selectsWhole: row.reachable && row.whole,
    mayDelete: row.reachable && row.delete,
    mayTruncate: row.reachable && row.truncate,
    unconfined: row.unconfined,
    views,
    ...(unbound === undefined ? {} : { unbound }),
  };
}
