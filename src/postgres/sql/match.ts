/** Does a row name the source by a place? The row is called `t` unless another alias is given. */
import type { Table } from '../../engine/catalogue/catalog.ts';
import { rowsSaidBy } from '../../engine/rules/conditions.ts';
import type { RowCondition } from '../../engine/rules/conditions.ts';
import { canMove } from '../../engine/rules/place.ts';
import type { Place } from '../../engine/rules/place.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { columnOf, equalsEach, isLoose } from './cast.ts';
import { conditionSql } from './condition.ts';
import { allOf, anyOf, column, raw, sql } from './sql.ts';
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
  /** The rivals that are columns, where the place is one. */
  readonly rivals: readonly PlaceRow[];
  /** Rows in which a rival names the target, where one of both lies in a document. */
  readonly met: readonly string[];
}

/** `alias.column = value` for each column of a tuple. */
export function tupleEquals(
  { table }: Pick<RowContext, 'table'>,
  alias: string,
  columns: readonly string[],
  values: readonly Each[],
): Sql {
  return allOf(
    columns.map((name, at) => equalsEach(columnOf(table, name), column(alias, name), values[at] ?? [])),
  );
}

/** Does the place of row `t` name the source? */
export function matchSql(
  context: Pick<RowContext, 'table'>,
  place: { readonly columns: readonly string[]; readonly mappings: readonly EachMapping[] },
): Sql {
  if (place.mappings.length === 0) return raw('false');
  return anyOf(
    place.mappings.map((mapping) => sql`(${tupleEquals(context, 't', place.columns, mapping.from)})`),
  );
}

/** Does the place of row `t` name the target? */
export function namesTarget(context: Pick<RowContext, 'table'>, row: PlaceRow): Sql {
  const columns = columnsOf(row);
  return anyOf(row.mappings.map(({ to }) => sql`(${tupleEquals(context, 't', columns, to)})`));
}

/**
 * Does row `t` name the source by the mapping of that number? A column that takes several writings for equal may fit more than one
 * mapping, and the first one counts.
 */
export function matchesFirst(context: Pick<RowContext, 'table'>, row: PlaceRow, at: number): Sql {
  const columns = columnsOf(row);
  const [earlier, mappings] = [row.mappings.slice(0, at), row.mappings.slice(at, at + 1)];
  const match = matchSql(context, { columns, mappings });
  const several = columns.some((name) => isLoose(columnOf(context.table, name)));
  return several && at > 0
    ? sql`(${match} AND NOT ${matchSql(context, { columns, mappings: earlier })})`
    : match;
}

/** Does row `t` name the source at the place, and not at another place of the same column? */
export function placeMatches(context: Pick<RowContext, 'rules' | 'table'>, row: PlaceRow): Sql {
  const matches = matchSql(context, { columns: columnsOf(row), mappings: row.mappings });
  return row.place.among === undefined ? matches : sql`(${matches} AND ${ofPlaceSql(context, row.place)})`;
}

/** Is row `alias` one of the place, where its column is listed several times? */
export function ofPlaceSql(context: Pick<RowContext, 'rules'>, place: Place, alias = 't'): Sql {
  const { among } = place;
  if (among === undefined) return raw('true');
  const any = (conditions: readonly RowCondition[]): Sql =>
    anyOf(conditions.map((condition) => conditionSql(context, condition, alias)));
  return allOf([
    ...(among.own.length === 0 ? [] : [any(among.own)]),
    ...(among.others.length === 0 ? [] : [sql`NOT ${any(among.others)}`]),
    ...(among.beside.length === 0
      ? []
      : [sql`(${any(rowsSaidBy(place.conditions))} OR NOT ${any(among.beside)})`]),
  ]);
}

/** Is row `t` one that the place means? Of a place that moves rows it is said elsewhere which of them are live. */
export function meansRowSql(context: Pick<RowContext, 'rules'>, place: Place): Sql {
  const said = rowsSaidBy(place.conditions).map((condition) => conditionSql(context, condition));
  const tests = [ofPlaceSql(context, place), ...(canMove(place) || said.length === 0 ? [] : [anyOf(said)])];
  return sql`coalesce(${allOf(tests)}, false)`;
}

export function columnsOf({ place }: Pick<PlaceRow, 'place'>): string[] {
  return place.columns.map((part) => part.column);
}

/** Does the mapping change that column? The members of a batch agree about it. */
export function changesPart(mapping: EachMapping, part: number): boolean {
  return mapping.from[part]?.[0] !== mapping.to[part]?.[0];
}
