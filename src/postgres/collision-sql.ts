/** Would moving a row break a unique key? From the catalogue's unique indexes and the keys that exist by convention. */
import type { Table, UniqueIndex } from '../engine/catalog.ts';
import { findNamedTable } from '../engine/names.ts';
import type { Mapping } from '../engine/plan-types.ts';
import type { Rules } from '../engine/references.ts';
import { quoteIdent, quoteRows } from './identifiers.ts';
import { matchSql, tupleEquals } from './match-sql.ts';
import type { PlaceRow, RowContext } from './match-sql.ts';

/** One condition per unique key that contains a column of the place; none where no key does. */
export function collisionSql(context: RowContext, row: PlaceRow): string[] {
  const moved = row.place.columns
    .map((part) => part.column)
    .filter((_, at) => row.mappings.some((mapping) => mapping.from[at] !== mapping.to[at]));
  return uniqueKeys(context.rules, context.table)
    .filter((key) => key.columns.some((column) => column !== null && moved.includes(column)))
    .map((key) => takenSql(context, row, key));
}

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
function takenSql(
  context: RowContext,
  { place, mappings }: PlaceRow,
  key: Pick<UniqueIndex, 'columns' | 'predicate' | 'nullsNotDistinct'>,
): string {
  const columns = place.columns.map((part) => part.column);
  const rest = key.columns.filter((column): column is string => column !== null && !columns.includes(column));
  const equals = key.nullsNotDistinct ? 'IS NOT DISTINCT FROM' : '=';
  const same = rest.map((column) => `u.${quoteIdent(column)} ${equals} t.${quoteIdent(column)}`);
  const partial = key.predicate === undefined ? [] : [`(${key.predicate})`];
  const rival = `(${mappings.map((mapping, at) => rivalSql(context, columns, mappings, { mapping, at })).join(' OR ')})`;
  const inner = [...same, ...partial, rival].join(' AND ');
  const exists = `EXISTS (SELECT 1 FROM ${quoteRows(context.table)} u WHERE ${inner})`;
  return key.predicate === undefined ? exists : `((${key.predicate}) AND ${exists})`;
}

/** For a row of this spelling: the target is there, or an earlier spelling of the same target is. */
function rivalSql(
  context: RowContext,
  columns: readonly string[],
  mappings: readonly Mapping[],
  one: { mapping: Mapping; at: number },
): string {
  const target = tupleEquals(context, 'u', columns, one.mapping.to);
  const earlier = mappings
    .slice(0, one.at)
    .filter((other) => other.to.join('\0') === one.mapping.to.join('\0'));
  const arriving = earlier.map((other) => `(${tupleEquals(context, 'u', columns, other.from)})`);
  return `(${matchSql(context, { columns, mappings: [one.mapping] })} AND (${[`(${target})`, ...arriving].join(' OR ')}))`;
}
