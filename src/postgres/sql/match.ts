/** Does a row name the source by a place? The row is called `t` unless another alias is given. */
import type { Table } from '../../engine/catalogue/catalog.ts';
import type { Place } from '../../engine/rules/place.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { castFor, columnOf } from './cast.ts';
import { allOf, anyOf, column, each, raw, sql } from './sql.ts';
import type { Sql } from './sql.ts';

/** One value for each member of a batch, in their order. A batch of one has one. */
export type Each = readonly string[];

/** Old → new values of the columns of a place, for each member. All members write and compare in the same way. */
export interface EachMapping {
  readonly from: readonly Each[];
  readonly to: readonly Each[];
}

/** What is known about the rows of a table while a statement is built. */
export interface RowContext {
  readonly rules: Rules;
  readonly table: Table;
  /** How many members the statement is for. */
  readonly size: number;
  /** The key of each member's tenant as text; undefined where the database has a single tenant. */
  readonly tenants: Each | undefined;
  /** Only the row of this key, as text: a rehearsal tries rows one by one. */
  readonly only?: string | undefined;
  /** The places whose states were judged before the first step: see judged.ts. */
  readonly judged?: ReadonlySet<string>;
}

/** A place with the values that it moves. */
export interface PlaceRow {
  readonly place: Place;
  readonly mappings: readonly EachMapping[];
  /** The copies of the reference, where all of them are columns. */
  readonly copies: readonly PlaceRow[];
  /** Rows whose copies do not agree, where one lies in a document: their tenant and key, as `judgedKey` says them. */
  readonly strays: readonly string[];
}

/** `alias.column = value` for each column of a tuple. */
export function tupleEquals(
  { table }: Pick<RowContext, 'table'>,
  alias: string,
  columns: readonly string[],
  values: readonly Each[],
): Sql {
  return allOf(
    columns.map(
      (name, at) => sql`${column(alias, name)} = ${each(values[at] ?? [], castFor(columnOf(table, name)))}`,
    ),
  );
}

/** Does the place of row `alias` name the source? */
export function matchSql(
  context: Pick<RowContext, 'table'>,
  place: { readonly columns: readonly string[]; readonly mappings: readonly EachMapping[] },
  alias = 't',
): Sql {
  if (place.mappings.length === 0) return raw('false');
  return anyOf(
    place.mappings.map((mapping) => sql`(${tupleEquals(context, alias, place.columns, mapping.from)})`),
  );
}

/** The same for a place with its values. */
export function placeMatches(context: Pick<RowContext, 'table'>, row: PlaceRow, alias = 't'): Sql {
  return matchSql(context, { columns: columnsOf(row), mappings: row.mappings }, alias);
}

export function columnsOf({ place }: Pick<PlaceRow, 'place'>): string[] {
  return place.columns.map((part) => part.column);
}

/** Does the mapping change that column? The members of a batch agree about it. */
export function changesPart(mapping: EachMapping, part: number): boolean {
  return mapping.from[part]?.[0] !== mapping.to[part]?.[0];
}
