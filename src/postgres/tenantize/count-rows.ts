/**
 * Counts what a conversion must know of the rows of a table: whose they are, by every way at once, and what stands in columns that are
 * written otherwise in V2. Each statement reads the table once.
 */
import { findTable } from '../../engine/catalogue/catalog.ts';
import type { Catalog, ForeignKey, Table } from '../../engine/catalogue/catalog.ts';
import { given } from '../../engine/given.ts';
import type { TableRows, ValueCount } from '../../engine/tenantize/conversion.ts';
import type { OwnerPath } from '../../engine/rules/ownership.ts';
import type { Tx } from '../driver/database.ts';
import { quoteIdent, quoteLiteral, quoteRows } from '../sql/identifiers.ts';

export interface CountRequest {
  readonly catalog: Catalog;
  readonly table: Table;
  /** The ways that say whose a row is; none where one tenant has all rows, or nobody any. */
  readonly paths: readonly OwnerPath[];
  /** Whose all rows are, where they are. */
  readonly all?: string;
  /** Whose the rows are that lead to no tenant, where somebody said it. */
  readonly otherwise?: string;
  /** Rows that a row names, and whose they are: the first of the ways that leads to a tenant. */
  readonly named: readonly NamedRows[];
  /** Other ways to a tenant, which must agree. */
  readonly links: readonly OwnerPath[];
  readonly root?: { readonly table: Table; readonly key: string };
  /** Columns that are written otherwise: old to new. */
  readonly values: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** How many keys of strays are kept. */
  readonly keys: number;
}

interface NamedRows {
  readonly key: Pick<ForeignKey, 'columns' | 'references' | 'referencedColumns'>;
  readonly paths: readonly OwnerPath[];
  readonly otherwise?: string;
}

/** What the table holds. */
export async function countRows(tx: Tx, request: CountRequest): Promise<TableRows> {
  const { table, paths, all, named } = request;
  const size = await tx.one<{ rows: number; bytes: number }>(
    `SELECT count(*)::float8 AS rows, coalesce(pg_total_relation_size(${quoteLiteral(table.id)}::regclass), 0)::float8 AS bytes
     FROM ${quoteRows(table)}`,
  );
  const isJudged = paths.length > 0 || (all !== undefined && named.length > 0);
  const owners = !isJudged ? {} : await countOwners(tx, request);
  const values = await countValues(tx, request);
  const collisions = await countCollisions(tx, request);
  return { table: table.id, ...size, ...owners, ...values, ...collisions };
}

async function countOwners(tx: Tx, request: CountRequest): Promise<Pick<TableRows, 'strays' | 'tenants'>> {
  const { table, paths, all, otherwise, root, catalog, keys } = request;
  const ways =
    all === undefined
      ? paths.map((path) => wayTo(catalog, path)).join(' UNION ALL ')
      : `SELECT ${quoteLiteral(all)}`;
  // A row and the rows that it names must have the same tenant: the keys of V2 have it on both sides.
  const near = [
    ...request.named.map((named) => tenantOfNamed(catalog, named)),
    ...request.links.map((path) => wayTo(catalog, path)),
  ];
  const own =
    otherwise === undefined
      ? 'cardinality(owners) = 1 AND NOT near <@ owners'
      : `NOT near <@ CASE cardinality(owners) WHEN 0 THEN ARRAY[${quoteLiteral(otherwise)}] ELSE owners END`;
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
       SELECT k, owners[1] AS tenant, CASE WHEN cardinality(owners) > 1 THEN 'disputed' WHEN ${own} THEN 'crossing'
              WHEN cardinality(owners) = 0 THEN 'ownerless' WHEN ${known} THEN 'owned' ELSE 'dangling' END AS kind
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
    strays: {
      ownerless: strays('ownerless'),
      disputed: strays('disputed'),
      dangling: strays('dangling'),
      crossing: strays('crossing'),
    },
    tenants: rows.flatMap(({ kind, tenant, rows: count }) =>
      kind === 'owned' ? [{ tenant: tenant ?? '', rows: count }] : [],
    ),
  };
}

/** Each tenant once. */
function tenantsOf(ways: string): string {
  return `ARRAY(SELECT DISTINCT w.v FROM (${ways}) w (v) WHERE w.v IS NOT NULL ORDER BY 1)`;
}

/** The tenant, as text, of the row that row `t` names by a key: as the conversion will find it. */
function tenantOfNamed(catalog: Catalog, { key, paths, otherwise }: NamedRows): string {
  const parent = findTable(catalog, key.references);
  const on = key.columns.map(
    (name, at) => `n.${quoteIdent(key.referencedColumns[at] ?? '')} = t.${quoteIdent(name)}`,
  );
  const found = [
    ...paths.map(
      (path) => `(SELECT w.v FROM (${wayTo(catalog, path, 'n')}) w (v) WHERE w.v IS NOT NULL LIMIT 1)`,
    ),
    ...(otherwise === undefined ? [] : [quoteLiteral(otherwise)]),
  ];
  const rows = parent === undefined ? key.references : quoteRows(parent);
  return `SELECT coalesce(${found.join(', ')}) FROM ${rows} n WHERE ${on.join(' AND ')}`;
}

/** The tenants, as text, to whom one way leads from a row. */
function wayTo(catalog: Catalog, { hops, column }: OwnerPath, row = 't'): string {
  if (hops.length === 0) return `SELECT ${row}.${quoteIdent(column)}::text`;
  const joins = hops.map(({ table: id, from, to, how, where }, at) => {
    const table = findTable(catalog, id);
    const before = at === 0 ? row : `p${at - 1}`;
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
