/**
 * The SQL for what a plan knows about a row: does a place of it name the source, whose is it, in what state is the place.
 * Reading facts and carrying out steps use the same expressions, so that they cannot disagree.
 *
 * The row is always called `t`. Conditions of the configuration name its columns without a qualifier, so they are only ever
 * put where `t` is the innermost row, or in a subquery over one other row of which they speak.
 */
import type { Column } from '../../engine/catalogue/catalog.ts';
import type { RowCondition } from '../../engine/rules/conditions.ts';
import { deadRowsMove } from '../../engine/plan/decide.ts';
import { findNamedTable } from '../../engine/catalogue/names.ts';
import { mappingsOf } from '../../engine/rules/mapping.ts';
import type { Hop, OwnerPath } from '../../engine/rules/ownership.ts';
import type { AllowedTable } from '../../engine/rules/place.ts';
import type { Place } from '../../engine/rules/place.ts';
import { tableOf } from '../../engine/rules/references.ts';
import { castFor } from './binder.ts';
import { collisionSql } from './collision.ts';
import { columnOf, matchSql } from './match.ts';
import type { PlaceRow, RowContext } from './match.ts';
import { quoteIdent, quoteRows } from './identifiers.ts';

/** `mine`, `other`, `global`, `none` or `disagree`. */
export function ownerSql(context: RowContext): string {
  const { rules, table, tenant, binder } = context;
  const ownership = rules.ownership.get(table.id);
  if (ownership?.kind === 'single' || tenant === undefined) return `'mine'`;
  if (ownership?.kind === 'global') return `'global'`;
  if (ownership?.kind !== 'tenant') return `'none'`;
  const direct = directColumn(ownership.paths);
  const nobody = ownership.paths.some((path) => path.hops.length === 0) ? 'global' : 'none';
  if (direct !== undefined && ownership.paths.length === 1) {
    return `CASE WHEN ${directEquals(context, direct)} THEN 'mine' WHEN t.${quoteIdent(direct)} IS NULL THEN '${nobody}' ELSE 'other' END`;
  }
  const me = binder.bind(tenant, 'text');
  const owners = ownership.paths.map((path) => pathSql(context, path)).join(' UNION ALL ');
  return `(SELECT CASE count(DISTINCT o.v) WHEN 0 THEN '${nobody}' WHEN 1 THEN CASE WHEN min(o.v) = ${me} THEN 'mine' ELSE 'other' END
    ELSE CASE WHEN bool_or(o.v = ${me}) THEN 'disagree' ELSE 'other' END END FROM (${owners}) o (v) WHERE o.v IS NOT NULL)`;
}

/** Is the row this tenant's? A plain comparison where one column decides, so that an index on it serves. */
export function mineSql(context: RowContext): string {
  const ownership = context.rules.ownership.get(context.table.id);
  if (ownership?.kind === 'single' || context.tenant === undefined) return 'true';
  if (ownership?.kind !== 'tenant') return 'false';
  const direct = directColumn(ownership.paths);
  if (direct !== undefined && ownership.paths.length === 1) return directEquals(context, direct);
  return `${ownerSql(context)} = 'mine'`;
}

/**
 * Can the tenant's own session see the row at all? Said where policies say it too: in a transaction of several tenants they let
 * the rows of all of them through, and a policy alone does not lead a fleet of servers to the one that has the rows.
 */
export function visibleSql(context: RowContext): string {
  const { rules, table, tenant } = context;
  const ownership = rules.ownership.get(table.id);
  if (rules.exclusive !== true || tenant === undefined || ownership?.kind !== 'tenant') return 'true';
  const direct = directColumn(ownership.paths);
  return direct === undefined || ownership.paths.length > 1 ? 'true' : directEquals(context, direct);
}

function directColumn(paths: readonly OwnerPath[]): string | undefined {
  return paths.find((path) => path.hops.length === 0)?.column;
}

function directEquals({ binder, table, tenant }: RowContext, column: string): string {
  return `t.${quoteIdent(column)} = ${binder.bind(tenant, castFor(columnOf(table, column)))}`;
}

/** The tenants that one path leads to. */
function pathSql(context: RowContext, path: OwnerPath): string {
  if (path.hops.length === 0) return `SELECT t.${quoteIdent(path.column)}::text`;
  const joins = path.hops.map((hop, at) => hopSql(context, path.hops, at, hop));
  const [first, ...rest] = joins;
  const others = rest.map((join) => `JOIN ${join.from} ON ${join.on}`).join(' ');
  return `SELECT p${path.hops.length - 1}.${quoteIdent(path.column)}::text FROM ${first?.from ?? ''} ${others} WHERE ${first?.on ?? 'false'}`;
}

function hopSql(
  context: RowContext,
  hops: readonly Hop[],
  at: number,
  hop: Hop,
): { from: string; on: string } {
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
  return { from: `${quoteRows(table)} p${at}`, on: on.join(' AND ') };
}

interface Side {
  readonly column: Column;
  readonly alias: string;
}

function joinOn(from: Side, to: Side, how: Hop['how']): string {
  const a = `${from.alias}.${quoteIdent(from.column.name)}`;
  const b = `${to.alias}.${quoteIdent(to.column.name)}`;
  if (how === 'member') return membershipSql(a, b, to.column);
  return from.column.kind === to.column.kind ? `${b} = ${a}` : `${b}::text = ${a}::text`;
}

function membershipSql(value: string, list: string, column: Column): string {
  if (column.kind.endsWith('[]')) return `${value}::text = ANY (${list}::text[])`;
  return `EXISTS (SELECT 1 FROM jsonb_array_elements_text(${list}::jsonb) e (v) WHERE e.v = ${value}::text)`;
}

/** Is the row soft-deleted or archived? */
export function deadSql({ rules, table }: RowContext): string {
  const entry = Object.entries(rules.config.dead ?? {}).find(
    ([name]) => findNamedTable(rules.scope, name)?.id === table.id,
  );
  return entry === undefined ? 'false' : `coalesce((${entry[1]}), false)`;
}

/** A condition of the configuration on the row. */
function conditionSql(context: RowContext, condition: RowCondition): string {
  if (condition.kind === 'sql') return `coalesce((${condition.sql}), false)`;
  const other = quoteRows(tableOf(context.rules, condition.table));
  if (condition.kind === 'pointed-at')
    return `EXISTS (SELECT 1 FROM ${other} x WHERE x.${quoteIdent(condition.column)} = t.${quoteIdent(condition.own)})`;
  const on = condition.from.map(
    (name, at) => `x.${quoteIdent(condition.to[at] ?? '')} = t.${quoteIdent(name)}`,
  );
  return `EXISTS (SELECT 1 FROM ${other} x WHERE ${on.join(' AND ')} AND (${condition.sql}))`;
}

/** Is the place of the row configuration and not a record of what happened? A row that is asked about counts as live. */
export function liveSql(context: RowContext, { role, conditions }: PlaceRow['place']): string {
  if (role === 'history' || role === 'dead-copy') return 'false';
  const { live, ask } = conditions;
  if (live === undefined) return 'true';
  const tests = [live, ...(ask === undefined ? [] : [ask])].map((test) => conditionSql(context, test));
  return `(${tests.join(' OR ')})`;
}

/** The state of a place whose row names the source (see `StateCode`). The cheap constant where nothing can be asked. */
export function stateSql(context: RowContext, row: PlaceRow): string {
  const plain = plainStateSql(context, row);
  const taken =
    row.place.carrier === 'columns' ? collisionSql(context, row, () => movesSql(context, plain)) : [];
  if (taken.length === 0) return plain;
  const collides = `(${taken.join(' OR ')})`;
  if (plain === `'L'`) return `CASE WHEN ${collides} THEN 'C' ELSE 'L' END`;
  return `(SELECT CASE WHEN s.drover_state IN ('H', 'N') OR NOT ${collides} THEN s.drover_state WHEN s.drover_state = 'L' THEN 'C' ELSE s.drover_state || 'C' END
    FROM (SELECT ${plain}) s (drover_state))`;
}

/** Does row `t`, which names the source, certainly move? One that a question was asked about may not. */
function movesSql(context: RowContext, plain: string): string {
  const tests = [mineSql(context), ...(plain === `'L'` ? [] : [`(${plain}) = 'L'`])];
  if (!deadRowsMove(context)) tests.push(`NOT ${deadSql(context)}`);
  return tests.join(' AND ');
}

/** Without a look at other rows of the table. */
function plainStateSql(context: RowContext, { place, mappings }: PlaceRow): string {
  const { live, ask, guard } = place.conditions;
  const branches = [
    ...(place.allowed === undefined ? [] : [`WHEN NOT ${allowedSql(context, { place, mappings })} THEN 'N'`]),
    ...(ask === undefined ? [] : [`WHEN ${conditionSql(context, ask)} THEN 'A'`]),
    ...(live === undefined ? [] : [`WHEN NOT ${conditionSql(context, live)} THEN 'H'`]),
    ...(guard === undefined ? [] : [`WHEN ${conditionSql(context, guard)} THEN 'G'`]),
    ...(place.copies.length === 0 ? [] : [`WHEN ${copiesDisagree(context, { place, mappings })} THEN 'K'`]),
  ];
  return branches.length === 0 ? `'L'` : `CASE ${branches.join(' ')} ELSE 'L' END`;
}

/** Does the table of what is allowed have the new value of row `t`, on the terms of the old one? */
function allowedSql(context: RowContext, { place, mappings }: PlaceRow): string {
  const { allowed } = place;
  if (allowed === undefined) return 'true';
  const table = tableOf(context.rules, allowed.table);
  const matches = matchesSql(allowed, 'x');
  const sameTerms = sameTermsSql(context, place);
  const cast = castFor(columnOf(table, allowed.value));
  const columns = place.columns.map((part) => part.column);
  const cases = mappings.map((mapping) => {
    const value = `x.${quoteIdent(allowed.value)} = ${context.binder.bind(mapping.to[0], cast)}`;
    const there = `EXISTS (SELECT FROM ${quoteRows(table)} x WHERE ${[...matches, value, ...sameTerms].join(' AND ')})`;
    return `(${matchSql(context, { columns, mappings: [mapping] })} AND ${there})`;
  });
  return cases.length === 0 ? 'true' : `(${cases.join(' OR ')})`;
}

function matchesSql({ match }: AllowedTable, row: string): string[] {
  return Object.entries(match).map(([theirs, own]) => `${row}.${quoteIdent(theirs)} = t.${quoteIdent(own)}`);
}

/** Does row `x`, which has the new value, say its terms, and does none that has the old one say others? */
function sameTermsSql({ rules }: RowContext, { allowed, columns: [own] }: Place): string[] {
  if (allowed === undefined || own === undefined) return [];
  const { same, sameIn } = allowed;
  const tables = same.length === 0 ? [] : [allowed, ...(sameIn === undefined ? [] : [sameIn])];
  const others = same.map((name) => `y.${quoteIdent(name)} <> x.${quoteIdent(name)}`).join(' OR ');
  return [
    ...same.map((name) => `x.${quoteIdent(name)} IS NOT NULL`),
    ...tables.map((each) => {
      const old = `y.${quoteIdent(each.value)} = t.${quoteIdent(own.column)}`;
      return `NOT EXISTS (SELECT FROM ${quoteRows(tableOf(rules, each.table))} y WHERE ${[...matchesSql(each, 'y'), old, `(${others})`].join(' AND ')})`;
    }),
  ];
}

/** A copy that holds something else than the source, in its own spelling; an empty copy disagrees with nobody. */
function copiesDisagree(context: RowContext, { place, mappings }: PlaceRow): string {
  return place.copies
    .map((name) => {
      const cast = castFor(columnOf(context.table, name));
      const values = copyValues(context, { place, mappings }, name).map((value) =>
        context.binder.bind(value, cast),
      );
      const column = `t.${quoteIdent(name)}`;
      return `(${column} IS NOT NULL AND ${column} NOT IN (${values.join(', ')}))`;
    })
    .join(' OR ');
}

/** How the source is written in the copy: by the copy's own place where it is one, otherwise as here. */
function copyValues({ rules, table, pair }: RowContext, { mappings }: PlaceRow, name: string): string[] {
  const copy = rules.places.find(
    (other) => other.table === table.id && other.column === name && other.carrier === 'columns',
  );
  const own = copy === undefined || pair === undefined ? mappings : mappingsOf(copy, pair, rules.config);
  return own.map((mapping) => mapping.from[0] ?? '');
}
