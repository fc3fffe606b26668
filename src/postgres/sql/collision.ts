/** Would moving a row break a unique key? From the catalogue's unique indexes and the keys that exist by convention. */
import type { Table } from '../../engine/catalogue/catalog.ts';
import { findNamedTable } from '../../engine/catalogue/names.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { takenByExpression } from './expression-keys.ts';
import type { Key } from './expression-keys.ts';
import { changesPart, columnsOf, matchesFirst, matchSql, tupleEquals } from './match.ts';
import type { EachMapping, PlaceRow, RowContext } from './match.ts';
import { allOf, column, join, list, raw, rowsOf, sql } from './sql.ts';
import type { Sql } from './sql.ts';

/**
 * One condition per unique key that contains a column of the place; none where no key does.
 * @param moves SQL over a row `t` that names the source: does it move?
 */
export function collisionSql(context: RowContext, row: PlaceRow, moves: () => Sql): Sql[] {
  const moved = columnsOf(row).filter((_, at) => row.mappings.some((mapping) => changesPart(mapping, at)));
  return uniqueKeys(context.rules, context.table)
    .filter((key) =>
      [...key.columns, ...(key.reads ?? [])].some((name) => name !== null && moved.includes(name)),
    )
    .map((key) => takenSql(context, row, { key, moves }));
}

function uniqueKeys(rules: Rules, table: Table): Key[] {
  const configured =
    Object.entries(rules.config.unique ?? {}).find(
      ([name]) => findNamedTable(rules.scope, name)?.id === table.id,
    )?.[1] ?? [];
  const byConvention = configured.map((columns) => ({ columns, nullsNotDistinct: false }));
  return [...table.uniqueIndexes, ...byConvention];
}

/** Another row has the same remaining columns and is on the target already, or will arrive there before this one. */
function takenSql(context: RowContext, row: PlaceRow, about: { key: Key; moves: () => Sql }): Sql {
  const cases = row.mappings.map((mapping, at) => {
    const taken =
      about.key.expressions === undefined
        ? [
            thereSql(context, row, { key: about.key, mapping }),
            ...arrivingSql(context, row, { ...about, at }),
          ]
        : takenByExpression(context, row, { ...about, at });
    return sql`(${matchesFirst(context, row, at)} AND (${join(taken, ' OR ')}))`;
  });
  const any = sql`(${join(cases, ' OR ')})`;
  return about.key.predicate === undefined ? any : sql`((${raw(about.key.predicate)}) AND ${any})`;
}

/** The columns of the key that are none of the place's. */
function restOf(row: PlaceRow, key: Key): string[] {
  const own = columnsOf(row);
  return key.columns.filter((name): name is string => name !== null && !own.includes(name));
}

function equality(key: Key): Sql {
  return raw(key.nullsNotDistinct ? 'IS NOT DISTINCT FROM' : '=');
}

function predicateOf(key: Key): Sql[] {
  return key.predicate === undefined ? [] : [sql`(${raw(key.predicate)})`];
}

function thereSql(
  context: RowContext,
  row: PlaceRow,
  { key, mapping }: { key: Key; mapping: EachMapping },
): Sql {
  const tests = [
    ...restOf(row, key).map((name) => sql`${column('u', name)} ${equality(key)} ${column('t', name)}`),
    ...predicateOf(key),
    tupleEquals(context, 'u', columnsOf(row), mapping.to),
  ];
  return sql`EXISTS (SELECT 1 FROM ${rowsOf(context.table)} u WHERE ${allOf(tests)})`;
}

/**
 * A row of an earlier spelling that moves to the same values. It is called `t` again, because that is how conditions name a row;
 * what they are compared with is handed in as `o`.
 */
function arrivingSql(
  context: RowContext,
  row: PlaceRow,
  { key, moves, at }: { key: Key; moves: () => Sql; at: number },
): Sql[] {
  const earlier = row.mappings.slice(0, at).filter((other) => sameTarget(other, row.mappings[at]));
  if (earlier.length === 0) return [];
  const rest = restOf(row, key);
  const outer = rest.map((name, part) => sql`${column('t', name)} AS ${raw(`drover_k${part}`)}`);
  const tests = [
    ...rest.map((name, part) => sql`${column('t', name)} ${equality(key)} ${raw(`o.drover_k${part}`)}`),
    ...predicateOf(key),
    matchSql(context, { columns: columnsOf(row), mappings: earlier }),
    moves(),
  ];
  return [
    sql`EXISTS (SELECT 1 FROM (SELECT ${list([raw('1'), ...outer])}) o
      WHERE EXISTS (SELECT 1 FROM ${rowsOf(context.table)} t WHERE ${allOf(tests)}))`,
  ];
}

function sameTarget(a: EachMapping, b: EachMapping | undefined): boolean {
  return a.to.every((values, part) => values[0] === b?.to[part]?.[0]);
}
