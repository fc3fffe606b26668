/**
 * Reads the catalogue of a database into plain data, in eight statements however many tables there are.
 *
 * PostgreSQL prints types and expressions relative to the search path, so it is emptied for the reading and put back
 * afterwards: the same schema gives the same text for every login, and plans made by one are valid for another.
 */
import { tableId } from '../../engine/catalogue/catalog.ts';
import type {
  Catalog,
  Check,
  ForeignKey,
  Policy,
  Table,
  TableId,
  UniqueIndex,
} from '../../engine/catalogue/catalog.ts';
import { meaning } from '../../engine/catalogue/names.ts';
import {
  checksSql,
  columnsSql,
  foreignKeysSql,
  ownRelationsSql,
  policiesSql,
  relationsSql,
  triggersSql,
  uniqueIndexesSql,
} from './catalog-sql.ts';
import type { Tx } from '../driver/database.ts';
import { ownParameters } from './own-schema.ts';
import type { OwnSchema } from './own-schema.ts';
import { toColumn, toForeignKey, toUniqueIndex, toCheck, toTrigger, toPolicy } from './catalog-rows.ts';
import type {
  ColumnRow,
  ForeignKeyRow,
  UniqueIndexRow,
  CheckRow,
  TriggerRow,
  PolicyRow,
} from './catalog-rows.ts';

interface CatalogScope {
  readonly schemas: readonly string[];
  /** Tables to leave out, named as in the configuration. */
  readonly ignore?: readonly string[];
  /** Nothing of the schemas of other tenants than this one. */
  readonly own?: OwnSchema;
}

/**
 * Tables of the given schemas, and of other schemas those that refer to them or are referred to.
 * Partitions are folded into their parent. Tables are in the order of their id.
 */
export async function readCatalog(tx: Tx, scope: CatalogScope): Promise<Catalog> {
  const catalog = await withPlainNames(tx, () => readTables(tx, scope));
  return withoutIgnored(catalog, scope);
}

/** Reads while nothing but PostgreSQL's own schema is on the search path, and puts the path back. */
export async function withPlainNames<T>(tx: Tx, read: () => Promise<T>): Promise<T> {
  const { path } = await tx.one<{ path: string }>(`SELECT current_setting('search_path') AS path`);
  await tx.one(`SELECT set_config('search_path', 'pg_catalog', true)`);
  const answer = await read();
  await tx.one(`SELECT set_config('search_path', $1, true)`, [path]);
  return answer;
}

/** The policies of each of these tables, which may be partitions, by the number of the table. */
export async function readPolicies(
  tx: Tx,
  ids: ReadonlyMap<number, TableId>,
): Promise<ReadonlyMap<number, readonly Policy[]>> {
  return groupByTable(await tx.many<PolicyRow>(policiesSql, [[...ids.keys()]]), (row) => toPolicy(row, ids));
}

function withoutIgnored(catalog: Catalog, scope: CatalogScope): Catalog {
  const ids = new Set(catalog.tables.map(({ id }) => id));
  const isIgnored = meaning({ ids, schemas: scope.schemas }, scope.ignore ?? []);
  return { tables: catalog.tables.filter((table) => !isIgnored(table)) };
}

interface RelationRow {
  oid: number;
  schema: string;
  name: string;
  partitioned: boolean;
  secured: boolean;
  forced: boolean;
  estimate: number;
}

async function readTables(tx: Tx, { schemas, own }: CatalogScope): Promise<Catalog> {
  const relations =
    own === undefined
      ? await tx.many<RelationRow>(relationsSql, [schemas])
      : await tx.many<RelationRow>(ownRelationsSql, [...ownParameters(own), schemas]);
  const ids = new Map(relations.map((row) => [row.oid, tableId(row.schema, row.name)]));
  const oids = [...ids.keys()];
  const columns = groupByTable(await tx.many<ColumnRow>(columnsSql, [oids]), toColumn);
  const foreignKeyRows = await tx.many<ForeignKeyRow>(foreignKeysSql, [oids]);
  const foreignKeys = groupByTable(foreignKeyRows, (row) => toForeignKey(row, ids));
  const indexes = groupByTable(await tx.many<UniqueIndexRow>(uniqueIndexesSql, [oids]), toUniqueIndex);
  const checks = groupByTable(await tx.many<CheckRow>(checksSql, [oids]), toCheck);
  const triggers = groupByTable(await tx.many<TriggerRow>(triggersSql, [oids]), toTrigger);
  const policies = await readPolicies(tx, ids);
  const tables = relations.map((row): Table => {
    const uniqueIndexes = indexes.get(row.oid) ?? [];
    return {
      id: tableId(row.schema, row.name),
      schema: row.schema,
      name: row.name,
      partitioned: row.partitioned,
      columns: columns.get(row.oid) ?? [],
      primaryKey: primaryKey(uniqueIndexes),
      uniqueIndexes,
      foreignKeys: withoutCopies(foreignKeys.get(row.oid) ?? []),
      checks: (checks.get(row.oid) ?? []).filter(isOverColumns),
      triggers: triggers.get(row.oid) ?? [],
      policies: policies.get(row.oid) ?? [],
      rowSecurity: { enabled: row.secured, forced: row.forced },
      rowEstimate: Math.round(row.estimate),
    };
  });
  return { tables: tables.sort((a, b) => (a.id < b.id ? -1 : 1)) };
}

function groupByTable<R extends { table: number }, T>(
  rows: readonly R[],
  read: (row: R) => T,
): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const row of rows) {
    const group = groups.get(row.table) ?? [];
    group.push(read(row));
    groups.set(row.table, group);
  }
  return groups;
}

function primaryKey(indexes: readonly UniqueIndex[]): readonly string[] {
  const columns = indexes.find((index) => index.primary)?.columns ?? [];
  return columns.filter((column) => column !== null);
}

/** Each partition may carry its own declaration of what is one key to the table. */
function withoutCopies(keys: readonly ForeignKey[]): readonly ForeignKey[] {
  const text = (key: ForeignKey): string =>
    JSON.stringify([key.columns, key.references, key.referencedColumns]);
  const seen = new Set<string>();
  return keys.filter((key) => !seen.has(text(key)) && seen.add(text(key)));
}

/** One over the whole row has no columns of its own, and cannot be judged from some of them. */
function isOverColumns({ columns }: Check): boolean {
  return columns.length > 0 && !columns.includes('');
}

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
