/**
 * The SQL that says whose a row is. What its state is says state.ts, and whether it names the source match.ts. Reading facts and changing
 * rows use the same expressions, so that they cannot disagree.
 *
 * The row is always called `t`. Conditions of the configuration name its columns without a qualifier. They stand only where `t` is the
 * innermost row, or in a subquery over the one row that they speak of.
 */
import type { Column, Table } from '../../engine/catalogue/catalog.ts';
import type { Hop } from '../../engine/rules/links.ts';
import type { OwnerPath } from '../../engine/rules/ownership.ts';
import type { Place } from '../../engine/rules/place.ts';
import { tableOf } from '../../engine/rules/references.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { isSharedRows } from '../../engine/tenant.ts';
import { columnOf, equalsEach, isLoose } from './cast.ts';
import { findRowKey, keyExpression } from './keys.ts';
import type { RowContext } from './match.ts';
import { allOf, bind, column, each, join, raw, rowsOf, sql } from './sql.ts';
import type { Sql } from './sql.ts';

/** Whose the row is, as `Owner` has it. */
export function ownerSql(context: RowContext): Sql {
  const { rules, table, tenants } = context;
  const ownership = rules.ownership.get(table.id);
  if (ownership?.kind === 'single' || tenants === undefined) return raw(`'mine'`);
  const shared = isSharedRows(tenants[0]);
  if (ownership?.kind === 'global') return raw(shared ? `'mine'` : `'global'`);
  if (ownership?.kind !== 'tenant') return raw(`'none'`);
  const direct = directColumn(ownership.paths);
  if (shared) return sharedOwnerSql(context, ownership.paths);
  const nobody = raw(direct === undefined ? `'none'` : `'global'`);
  if (direct !== undefined && ownership.paths.length === 1)
    return sql`CASE WHEN ${directEquals(context, direct)} THEN 'mine' WHEN ${column('t', direct)} IS NULL THEN ${nobody} ELSE 'other' END`;
  const me = each(tenants, 'text');
  return sql`(SELECT CASE count(DISTINCT o.v) WHEN 0 THEN ${nobody} WHEN 1 THEN CASE WHEN min(o.v) = ${me} THEN 'mine' ELSE 'other' END
    ELSE CASE WHEN NOT bool_or(o.v = ${me}) THEN 'other' WHEN ${contradictsSql} THEN 'disagree' ELSE 'shared' END END
    FROM (${ownersSql(context, ownership.paths)}) o (v, many) WHERE o.v IS NOT NULL)`;
}

/** Whose the row is, seen from the unit of shared rows. */
function sharedOwnerSql(context: RowContext, paths: readonly OwnerPath[]): Sql {
  const direct = directColumn(paths);
  if (direct !== undefined && paths.length === 1)
    return sql`CASE WHEN ${column('t', direct)} IS NULL THEN 'mine' ELSE 'other' END`;
  return sql`(SELECT CASE count(DISTINCT o.v) WHEN 0 THEN 'mine' WHEN 1 THEN 'other'
    ELSE CASE WHEN ${contradictsSql} THEN 'disagree' ELSE 'mine' END END
    FROM (${ownersSql(context, paths)}) o (v, many) WHERE o.v IS NOT NULL)`;
}

/**
 * Do the ways to the owners contradict each other? Ways with one end each do where they lead to different tenants. A way with
 * several ends contradicts only where none of them is the tenant that the others lead to.
 */
const contradictsSql = raw(`(count(DISTINCT o.v) FILTER (WHERE NOT o.many) > 1
    OR coalesce(NOT (array_agg(o.v) FILTER (WHERE o.many) && array_agg(o.v) FILTER (WHERE NOT o.many)), false))`);

/** The tenants of row `t`, one row for each way and end: `v`, and whether the way may have several ends. */
function ownersSql(context: RowContext, paths: readonly OwnerPath[]): Sql {
  return join(
    paths.map((path) => pathSql(context, path)),
    ' UNION ALL ',
  );
}

/** The keys of the tenants of row `t`, in order, where they are several; NULL otherwise. */
export function severalOwnersSql(context: RowContext): Sql {
  const ownership = context.rules.ownership.get(context.table.id);
  const isAlone = ownership?.kind !== 'tenant' || ownColumn(context.rules, context) !== undefined;
  if (isAlone || context.tenants === undefined) return raw('NULL::text[]');
  return sql`(SELECT CASE WHEN count(DISTINCT o.v) > 1 THEN array_agg(DISTINCT o.v ORDER BY o.v) END
    FROM (${ownersSql(context, ownership.paths)}) o (v, many) WHERE o.v IS NOT NULL)`;
}

/** The tenant of row `t`, as text; NULL where it is nobody's or more than one's. */
export function tenantOfRowSql(context: RowContext): Sql {
  const ownership = context.rules.ownership.get(context.table.id);
  if (ownership?.kind !== 'tenant') return raw('NULL::text');
  const direct = directColumn(ownership.paths);
  if (direct !== undefined && ownership.paths.length === 1) return sql`${column('t', direct)}::text`;
  return sql`(SELECT CASE WHEN count(DISTINCT o.v) = 1 THEN min(o.v) END
    FROM (${ownersSql(context, ownership.paths)}) o (v, many) WHERE o.v IS NOT NULL)`;
}

/** Is the row this tenant's? A plain comparison where one column decides, so that an index on it serves. */
export function mineSql(context: RowContext): Sql {
  const key = context.only === undefined ? undefined : findRowKey(context.rules, context.table);
  if (context.only === undefined || key === undefined) return ownedSql(context);
  return sql`${ownedSql(context)} AND ${keyExpression(key, 't')}::text = ${bind(context.only, 'text')}`;
}

function ownedSql(context: RowContext): Sql {
  const ownership = context.rules.ownership.get(context.table.id);
  if (ownership?.kind === 'single' || context.tenants === undefined) return raw('true');
  const shared = isSharedRows(context.tenants[0]);
  if (ownership?.kind !== 'tenant') return raw(String(shared && ownership?.kind === 'global'));
  const direct = directColumn(ownership.paths);
  if (direct !== undefined && ownership.paths.length === 1)
    return shared ? sql`${column('t', direct)} IS NULL` : directEquals(context, direct);
  return sql`${ownerSql(context)} = 'mine'`;
}

/**
 * Can the tenant's own session see the row at all? Said where policies say it too: in a transaction of several tenants they let
 * the rows of all of them through, and a policy alone does not lead a fleet of servers to the one that has the rows.
 */
export function visibleSql(context: RowContext): Sql {
  const { rules, table, tenants } = context;
  const ownership = rules.ownership.get(table.id);
  if (rules.exclusive !== true || tenants === undefined || ownership?.kind !== 'tenant') return raw('true');
  if (isSharedRows(tenants[0])) return raw('true');
  const direct = directColumn(ownership.paths);
  return direct === undefined || ownership.paths.length > 1 ? raw('true') : directEquals(context, direct);
}

/**
 * Can the row name the tenant's model in one of the places? Where they hold names, a name in another tenant's row means nothing, and such
 * rows need not be looked at where one column says whose a row is.
 */
export function concernedSql(context: RowContext, places: readonly Pick<Place, 'byKey'>[]): Sql {
  const { rules, table, tenants } = context;
  const visible = visibleSql(context);
  const own = tenants === undefined || isSharedRows(tenants[0]) ? undefined : ownColumn(rules, context);
  // What a session sees of no other tenant says so already.
  if (own === undefined || rules.exclusive === true || places.some(({ byKey }) => byKey)) return visible;
  const mine = directEquals(context, own);
  return columnOf(table, own).notNull ? mine : sql`(${mine} OR ${column('t', own)} IS NULL)`;
}

function directColumn(paths: readonly OwnerPath[]): string | undefined {
  return paths.find((path) => path.hops.length === 0)?.column;
}

/** The column that alone says whose the rows of the table are. */
export function ownColumn(rules: Rules, { table }: { readonly table: Table }): string | undefined {
  const ownership = rules.ownership.get(table.id);
  return ownership?.kind === 'tenant' && ownership.paths.length === 1
    ? directColumn(ownership.paths)
    : undefined;
}

function directEquals({ table, tenants = [] }: RowContext, name: string): Sql {
  return equalsEach(columnOf(table, name), column('t', name), tenants);
}

/** The tenants that one path leads to, and whether it may lead to several. */
function pathSql(context: RowContext, path: OwnerPath): Sql {
  const last = path.hops.at(-1);
  const held = columnOf(last === undefined ? context.table : tableOf(context.rules, last.table), path.column);
  const owner = (alias: string): Sql => ownerText(context, held, column(alias, path.column));
  const [first, ...rest] = path.hops.map((hop, at) => hopSql(context, path.hops, at, hop));
  const many = raw(String(path.many));
  if (first === undefined) return sql`SELECT ${owner('t')}, ${many}`;
  const others = rest.map((hop) => sql` JOIN ${hop.from} ON ${hop.on}`);
  return sql`SELECT ${owner(`p${path.hops.length - 1}`)}, ${many} FROM ${first.from}${join(others, '')} WHERE ${first.on}`;
}

/** The tenant that a row names, in the writing of the tenant asked for where the database takes them for equal. */
function ownerText({ tenants = [] }: RowContext, held: Column, own: Sql): Sql {
  if (!isLoose(held)) return sql`${own}::text`;
  return sql`CASE WHEN ${equalsEach(held, own, tenants)} THEN ${each(tenants, 'text')} ELSE ${own}::text END`;
}

function hopSql(context: RowContext, hops: readonly Hop[], at: number, hop: Hop): { from: Sql; on: Sql } {
  const before = at === 0 ? context.table : tableOf(context.rules, hops[at - 1]?.table ?? '');
  const table = tableOf(context.rules, hop.table);
  const alias = at === 0 ? 't' : `p${at - 1}`;
  const on = hop.from.map((name, part) =>
    joinOn(
      { column: columnOf(before, name), alias },
      { column: columnOf(table, hop.to[part] ?? ''), alias: `p${at}` },
      hop.how,
    ),
  );
  const rows =
    hop.where === undefined
      ? rowsOf(table)
      : sql`(SELECT * FROM ${rowsOf(table)} x WHERE (${raw(hop.where)}))`;
  return { from: sql`${rows} ${raw(`p${at}`)}`, on: allOf(on) };
}

/** The rows that one hop joins. */
export function linkSql(context: RowContext, hop: Hop): Sql {
  const { from, on } = hopSql(context, [hop], 0, hop);
  return sql`SELECT 1 FROM ${rowsOf(context.table)} t JOIN ${from} ON ${on}`;
}

interface AliasedColumn {
  readonly column: Column;
  readonly alias: string;
}

function joinOn(from: AliasedColumn, to: AliasedColumn, how: Hop['how']): Sql {
  const a = column(from.alias, from.column.name);
  const b = column(to.alias, to.column.name);
  if (how === 'member') return membershipSql(a, b, to.column);
  return from.column.kind === to.column.kind ? sql`${b} = ${a}` : sql`${b}::text = ${a}::text`;
}

function membershipSql(value: Sql, members: Sql, { kind }: Column): Sql {
  if (kind.endsWith('[]')) return sql`${value}::text = ANY (${members}::text[])`;
  return sql`EXISTS (SELECT 1 FROM jsonb_array_elements_text(${members}::jsonb) e (v) WHERE e.v = ${value}::text)`;
}
