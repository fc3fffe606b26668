/** Would moving a row break a unique key? From the catalogue's unique indexes and the keys that exist by convention. */
import type { Table, UniqueIndex } from '../../engine/catalogue/catalog.ts';
import { findNamedTable } from '../../engine/catalogue/names.ts';
import type { Mapping } from '../../engine/edit/value-rule.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { quoteIdent, quoteRows } from './identifiers.ts';
import { matchSql, tupleEquals } from './match.ts';
import type { PlaceRow, RowContext } from './match.ts';

/**
 * One condition per unique key that contains a column of the place; none where no key does.
 * @param moves SQL over a row `t` that names the source: does it move? Asked for only where it is needed, since it binds values.
 */
export function collisionSql(context: RowContext, row: PlaceRow, moves: () => string): string[] {
  const moved = row.place.columns
    .map((part) => part.column)
    .filter((_, at) => row.mappings.some((mapping) => mapping.from[at] !== mapping.to[at]));
  return uniqueKeys(context.rules, context.table)
    .filter((key) => key.columns.some((column) => column !== null && moved.includes(column)))
    .map((key) => takenSql(context, row, { key, moves }));
}

type Key = Pick<UniqueIndex, 'columns' | 'predicate' | 'nullsNotDistinct'>;

function uniqueKeys(
  rules: Rules,
  table: Table,
): Pick<UniqueIndex, 'columns' | 'predicate' | 'nullsNotDistinct'>[] {
  const configured =
    Object.entries(rules.config.unique ?? {}).find(
      ([name]) => findNamedTable(rules.scope, name)?.id === table.id,
    )?.[1] ?? [];
  const byConvention = configured.map((columns) => ({ columns, nullsNotDistinct: false }));
  return [
    ...table.uniqueIndexes.filter((index) => index.columns.every((column) => column !== null)),
    ...byConvention,
  ];
}

/** Another row has the same remaining columns and is on the target already, or will arrive there before this one. */
function takenSql(context: RowContext, row: PlaceRow, about: { key: Key; moves: () => string }): string {
  const cases = row.mappings.map((mapping, at) => {
    const columns = row.place.columns.map((part) => part.column);
    const taken = [
      thereSql(context, row, { key: about.key, mapping }),
      ...arrivingSql(context, row, { ...about, at }),
    ];
    return `(${matchSql(context, { columns, mappings: [mapping] })} AND (${taken.join(' OR ')}))`;
  });
  const any = `(${cases.join(' OR ')})`;
  return about.key.predicate === undefined ? any : `((${about.key.predicate}) AND ${any})`;
}

/** The columns of the key that are none of the place's. */
function restOf({ place }: PlaceRow, key: Key): string[] {
  const own = place.columns.map((part) => part.column);
  return key.columns.filter((column): column is string => column !== null && !own.includes(column));
}

function thereSql(
  context: RowContext,
  row: PlaceRow,
  { key, mapping }: { key: Key; mapping: Mapping },
): string {
  const equals = key.nullsNotDistinct ? 'IS NOT DISTINCT FROM' : '=';
  const tests = [
    ...restOf(row, key).map((column) => `u.${quoteIdent(column)} ${equals} t.${quoteIdent(column)}`),
    ...(key.predicate === undefined ? [] : [`(${key.predicate})`]),
    tupleEquals(
      context,
      'u',
      row.place.columns.map((part) => part.column),
      mapping.to,
    ),
  ];
  return `EXISTS (SELECT 1 FROM ${quoteRows(context.table)} u WHERE ${tests.join(' AND ')})`;
}

/**
 * A row of an earlier spelling that moves to the same values. It is called `t` again, because that is how conditions name a row;
 * what they are compared with is handed in as `o`.
 */
function arrivingSql(
  context: RowContext,
  row: PlaceRow,
  { key, moves, at }: { key: Key; moves: () => string; at: number },
): string[] {
  const target = row.mappings[at]?.to.join('\0');
  const earlier = row.mappings.slice(0, at).filter((other) => other.to.join('\0') === target);
  if (earlier.length === 0) return [];
  const rest = restOf(row, key);
  const equals = key.nullsNotDistinct ? 'IS NOT DISTINCT FROM' : '=';
  const outer = rest.map((column, part) => `t.${quoteIdent(column)} AS drover_k${part}`);
  const tests = [
    ...rest.map((column, part) => `t.${quoteIdent(column)} ${equals} o.drover_k${part}`),
    ...(key.predicate === undefined ? [] : [`(${key.predicate})`]),
    matchSql(context, { columns: row.place.columns.map((part) => part.column), mappings: earlier }),
    moves(),
  ];
  return [
    `EXISTS (SELECT 1 FROM (SELECT ${['1', ...outer].join(', ')}) o WHERE EXISTS (SELECT 1 FROM ${quoteRows(context.table)} t WHERE ${tests.join(' AND ')}))`,
  ];
}
