/** Would moving a row break a unique key? From the catalogue's unique indexes and the keys that exist by convention. */
import type { Table } from '../../engine/catalogue/catalog.ts';
import { findNamedTable } from '../../engine/catalogue/names.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { takenByExpression } from './expression-keys.ts';
import type { Key } from './expression-keys.ts';
import { changesPart, columnsOf, matchesFirst, matchSql, tupleEquals } from './match.ts';
import type { EachMapping, PlaceRow, RowContext } from './match.ts';
import { allOf, anyOf, column, join, list, raw, rowsOf, sql } from './sql.ts';
import type { Sql } from './sql.ts';

/**
 * One condition per unique key that contains a column of the place; none where no key does.
 * @param moves SQL over a row `t` that names the source: does it move?
 */
export function collisionSql(context: RowContext, row: PlaceRow, moves: () => Sql): Sql[] {
  return keysOf(context, row).map((key) => takenSql(context, row, { key, moves }));
}

/** The unique keys with a column that a move changes. */
function keysOf(context: RowContext, row: PlaceRow): Key[] {
  const moved = columnsOf(row).filter((_, at) => row.mappings.some((mapping) => changesPart(mapping, at)));
  return uniqueKeys(context.rules, context.table).filter((key) =>
    [...key.columns, ...(key.reads ?? [])].some((name) => name !== null && moved.includes(name)),
  );
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

/**
 * The rows that a merge removes, each as `t` beside the row `s` that survives it: one that is on the target, else one of an earlier
 * spelling, which will be.
 * @param removed SQL over a row `t`: is it removed?
 */
export function mergedRowsSql(context: RowContext, row: PlaceRow, removed: Sql): Sql {
  const keys = keysOf(context, row);
  const rows = rowsOf(context.table);
  const applies = keys.map(
    ({ predicate }, at) => sql`, (${raw(predicate ?? 'true')}) AS ${raw(`drover_q${at}`)}`,
  );
  const cases = keys.flatMap((key, at) =>
    row.mappings.map((mapping, way) => {
      const earlier = row.mappings.slice(0, way).filter((other) => sameTarget(other, mapping));
      const there = [mapping.to, ...earlier.map(({ from }) => from)].map(
        (values) => sql`(${tupleEquals(context, 'u', columnsOf(row), values)})`,
      );
      const same = restOf(row, key).map(
        (name) => sql`${column('u', name)} ${equality(key)} ${column('t', name)}`,
      );
      const own = matchSql(context, { columns: columnsOf(row), mappings: [mapping] });
      return sql`(${allOf([raw(`t.drover_q${at}`), own, ...same, ...predicateOf(key), sql`(${join(there, ' OR ')})`])})`;
    }),
  );
  const onTarget = row.mappings.map(({ to }) => sql`(${tupleEquals(context, 'u', columnsOf(row), to)})`);
  return sql`(SELECT t.*${join(applies, '')} FROM ${rows} t WHERE ${removed}) t
    CROSS JOIN LATERAL (SELECT u.*, u.ctid AS drover_at, u.tableoid AS drover_in FROM ${rows} u WHERE ${anyOf(cases)}
      ORDER BY CASE WHEN ${anyOf(onTarget)} THEN 0 ELSE 1 END, u.ctid LIMIT 1) s`;
}

function sameTarget(a: EachMapping, b: EachMapping | undefined): boolean {
  return a.to.every((values, part) => values[0] === b?.to[part]?.[0]);
}
