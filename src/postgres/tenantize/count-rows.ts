/**
 * Counts what a conversion must know of the rows of a table: whose they are, by every way at once, and what stands in columns that are
 * written otherwise in V2. Each statement reads the table once.
 */
import { findTable } from '../../engine/catalogue/catalog.ts';
import type { Catalog, Table } from '../../engine/catalogue/catalog.ts';
import { given } from '../../engine/given.ts';
import type { TableRows, ValueCount } from '../../engine/tenantize/conversion.ts';
import type { OwnerPath } from '../../engine/rules/ownership.ts';
import type { Tx } from '../driver/database.ts';
import { quoteIdent, quoteLiteral, quoteRows } from '../sql/identifiers.ts';

export interface CountRequest {
  readonly catalog: Catalog;
  readonly table: Table;
  /** The ways to a tenant; none where the owner of the rows is not derived. */
  readonly paths: readonly OwnerPath[];
  readonly root?: { readonly table: Table; readonly key: string };
  /** Columns that are written otherwise: old to new. */
  readonly values: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** How many keys of strays are kept. */
  readonly keys: number;
}

/** What the table holds. */
export async function countRows(tx: Tx, request: CountRequest): Promise<TableRows> {
  const { table, paths } = request;
  const size = await tx.one<{ rows: number; bytes: number }>(
    `SELECT count(*)::float8 AS rows, coalesce(pg_total_relation_size(${quoteLiteral(table.id)}::regclass), 0)::float8 AS bytes
     FROM ${quoteRows(table)}`,
  );
  const owners = paths.length === 0 ? {} : await countOwners(tx, request);
  const values = await countValues(tx, request);
  const collisions = await countCollisions(tx, request);
  return { table: table.id, ...size, ...owners, ...values, ...collisions };
}

async function countOwners(tx: Tx, request: CountRequest): Promise<Pick<TableRows, 'strays' | 'tenants'>> {
  const { table, paths, root, catalog, keys } = request;
  const ways = paths.map((path) => wayTo(catalog, path)).join(' UNION ALL ');
  // A key of V2 from the table to itself has the tenant: a row and the one that it names must have the same.
  const near = table.foreignKeys
    .filter(({ references }) => references === table.id)
    .flatMap(({ columns, referencedColumns }) => {
      const hop = { table: table.id, from: columns, to: referencedColumns, how: 'equal' as const };
      return paths.map((path) => wayTo(catalog, { ...path, hops: [hop, ...path.hops] }));
    });
  const known =
    root === undefined
      ? 'true'
      : `EXISTS (SELECT FROM ${quoteRows(root.table)} r WHERE r.${quoteIdent(root.key)}::text = o.owners[1])`;
  const owned = `SELECT ${keyText(table)} AS k, ${tenantsOf(ways)} AS owners
 ,
    ${near.length === 0 ? `'{}'::text[]` : tenantsOf(near.join(' UNION ALL '))} AS near
    FROM ${quoteRows(table)} t`;
  const rows = await tx.many<{ kind: string; tenant: string | null; rows: number; keys: string[] }>(
    `WITH o AS (${owned}), judged AS (
       SELECT k, owners[1] AS tenant, CASE cardinality(owners) WHEN 0 THEN 'ownerless' WHEN 1
              THEN CASE WHEN NOT near <@ owners THEN 'disputed' WHEN ${known} THEN 'owned' ELSE 'dangling' END ELSE 'disputed' END AS kind
       FROM o)
     SELECT kind, CASE WHEN kind = 'owned' THEN tenant END AS tenant, count(*)::float8 AS rows,
            CASE WHEN kind = 'owned' THEN '{}' ELSE (array_agg(k ORDER BY k COLLATE "C"))[1:${keys}] END AS keys
     FROM judged GROUP BY 1, 2 ORDER BY 2`,
  );
  const strays = (kind: string): { rows: number; keys: readonly string[] } => {
    const found = rows.find((row) => row.kind === kind);
    return { rows: found?.rows ?? 0, keys: found?.keys ?? [] };
  };
  return {
    strays: { ownerless: strays('ownerless'), disputed: strays('disputed'), dangling: strays('dangling') },
    tenants: rows.flatMap(({ kind, tenant, rows: count }) =>
      kind === 'owned' ? [{ tenant: tenant ?? '', rows: count }] : [],
    ),
  };
}

/** Each tenant once. */
function tenantsOf(ways: string): string {
  return `ARRAY(SELECT DISTINCT w.v FROM (${ways}) w (v) WHERE w.v IS NOT NULL ORDER BY 1)`;
}

/** The tenants, as text, to whom one way leads from row `t`. */
function wayTo(catalog: Catalog, { hops, column }: OwnerPath): string {
  if (hops.length === 0) return `SELECT t.${quoteIdent(column)}::text`;
  const joins = hops.map(({ table: id, from, to, how, where }, at) => {
    const table = findTable(catalog, id);
    const before = at === 0 ? 't' : `p${at - 1}`;
    const tests = from.map((name, part) => {
      const [own, theirs] = [`${before}.${quoteIdent(name)}`, `p${at}.${quoteIdent(to[part] ?? '')}`];
      return how === 'member' ? `to_jsonb(${theirs}) @> to_jsonb(${own})` : `${theirs} = ${own}`;
    });
    const rows = table === undefined ? id : quoteRows(table);
    const source = where === undefined ? rows : `(SELECT * FROM ${rows} x WHERE (${where}))`;
    return { source: `${source} p${at}`, on: tests.join(' AND ') };
  });
  const [first, ...rest] = joins;
  const others = rest.map(({ source, on }) => ` JOIN ${source} ON ${on}`).join('');
  return `SELECT p${hops.length - 1}.${quoteIdent(column)}::text FROM ${first?.source ?? ''}${others} WHERE ${first?.on ?? 'true'}`;
}

/** The key of row `t` as people read it; where it has none, its place. */
function keyText({ primaryKey }: Table): string {
  if (primaryKey.length === 0) return `'ctid ' || t.ctid::text`;
  return `concat_ws(' ', ${primaryKey.map((name) => `t.${quoteIdent(name)}::text`).join(', ')})`;
}

async function countValues(tx: Tx, { table, values }: CountRequest): Promise<Pick<TableRows, 'values'>> {
  const counted: Record<string, ValueCount[]> = {};
  for (const name of Object.keys(values)) {
    const value = `t.${quoteIdent(name)}::text`;
    counted[name] = await tx.many<ValueCount>(
      `SELECT ${value} AS value, count(*)::float8 AS rows FROM ${quoteRows(table)} t WHERE ${value} IS NOT NULL
       GROUP BY 1 ORDER BY ${value} COLLATE "C"`,
    );
  }
  return given({ values: Object.keys(counted).length === 0 ? undefined : counted });
}

async function countCollisions(
  tx: Tx,
  { table, values }: CountRequest,
): Promise<Pick<TableRows, 'collisions'>> {
  const found: { column: string; index: string; rows: number; keys: readonly string[] }[] = [];
  for (const [column, map] of Object.entries(values))
    for (const { name, columns, predicate, nullsNotDistinct } of table.uniqueIndexes) {
      if (!columns.includes(column) || columns.includes(null)) continue;
      const mapped = columns.map((each) =>
        each === column ? mappedText(column, map) : `t.${quoteIdent(each ?? '')}`,
      );
      const given = nullsNotDistinct ? '' : mapped.map((part) => ` AND ${part} IS NOT NULL`).join('');
      const { rows, keys } = await tx.one<{ rows: number; keys: string[] | null }>(
        `SELECT coalesce(sum(cardinality(k)), 0)::float8 AS rows, (array_agg(array_to_string(k, ' and ') ORDER BY k))[1:20] AS keys
         FROM (SELECT array_agg(${keyText(table)} ORDER BY ${keyText(table)}) AS k FROM ${quoteRows(table)} t
               WHERE (${predicate ?? 'true'})${given} GROUP BY ${mapped.join(', ')} HAVING count(*) > 1) met`,
      );
      if (rows > 0) found.push({ column, index: name, rows, keys: keys ?? [] });
    }
  return given({ collisions: found.length === 0 ? undefined : found });
}

/** A value without a place in the map is asked about by itself, and stays here what it is. */
function mappedText(column: string, map: Readonly<Record<string, string>>): string {
  const value = `t.${quoteIdent(column)}::text`;
  const cases = Object.entries(map).map(
    ([from, to]) => `WHEN ${quoteLiteral(from)} THEN ${quoteLiteral(to)}`,
  );
  return cases.length === 0 ? value : `CASE ${value} ${cases.join(' ')} ELSE ${value} END`;
}
