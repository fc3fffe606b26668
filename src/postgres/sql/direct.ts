/**
 * Places that are one value of a `jsonb` document: a path of members leads there, and what stands there is a text. Of these SQL says to
 * the letter what the editors would say, so the documents stay in the database: rows are found, counted and changed by statements.
 *
 * `jsonb` keeps no bytes of its own beside its values, so nothing is lost by writing a value there. What an editor has to see goes
 * its way: patterns, lists, objects of several components, names of members, documents within strings, numbers, `json`, and documents
 * that are large. For each row it is one of both, by `isSmallSql`.
 */
import { encodeStep, parsePattern } from '../../engine/edit/json-pointer.ts';
import type { Column } from '../../engine/catalogue/catalog.ts';
import { columnOf } from './cast.ts';
import { ofPlaceSql, placeMatches } from './match.ts';
import type { Each, EachMapping, PlaceRow, RowContext } from './match.ts';
import { allOf, anyOf, bind, column, each, raw, sql } from './sql.ts';
import type { Sql } from './sql.ts';

/** A place of which SQL knows the way. */
export interface DirectPlace {
  readonly row: PlaceRow;
  readonly path: readonly string[];
}

/** The place, where SQL can look there for every value that it may hold; undefined where an editor has to. */
export function directPlace(table: RowContext['table'], row: PlaceRow): DirectPlace | undefined {
  const { carrier, column: name, json, shape } = row.place;
  const isPlain = carrier === 'json' && shape === 'scalar' && json !== undefined && json.fields === undefined;
  if (!isPlain || !isDocument(columnOf(table, name))) return undefined;
  const path = pathOf(json.pointer);
  const isText = row.mappings.every(({ from }) => from.length === 1 && !from[0]?.some(isNumber));
  return path === undefined || !isText || row.mappings.length === 0 ? undefined : { row, path };
}

/** All of them; undefined where one is none. */
export function directPlaces(
  table: RowContext['table'],
  rows: readonly PlaceRow[],
): readonly DirectPlace[] | undefined {
  const direct = rows.flatMap((row) => directPlace(table, row) ?? []);
  return direct.length === rows.length ? direct : undefined;
}

function isDocument({ kind }: Column): boolean {
  return kind === 'jsonb';
}

/** Names of members alone: what PostgreSQL may read as a number is a position in a list, and more texts than a pointer has for one. */
function pathOf(pointer: string): string[] | undefined {
  const { steps, names } = parsePattern(pointer);
  const path = steps.flatMap((step) => (typeof step === 'object' ? step.literal : []));
  const isPlain = !names && path.length > 0 && path.length === steps.length;
  return isPlain && !path.some((step) => /^\s*[-+]?\d*$/.test(step)) ? path : undefined;
}

function isNumber(value: string): boolean {
  return /^-?\d+(\.\d+)?(e[-+]?\d+)?$/i.test(value);
}

const [smallBytes, smallText] = [4000, 64_000];

/**
 * Is the document of row `t` so small that a few hundred of them are read at once, when they are taken back? Its size says so without its
 * text: no value of 4 kB is a text of more than 64 MB.
 */
export function isSmallSql(name: string): Sql {
  const value = column('t', name);
  // The empty path is the document itself, unpacked.
  return sql`(pg_column_size(${value} #> '{}') <= ${raw(String(smallBytes))} OR octet_length(${value}::text) <= ${raw(String(smallText))})`;
}

/** Does row `t` name the source there? */
function namesDirectly(context: Pick<RowContext, 'rules'>, direct: DirectPlace): Sql {
  const { place, mappings } = direct.row;
  const named = mappings.map((mapping) => sql`${valueAt(direct)} = ${jsonEach(mapping.from)}`);
  const tests = [anyOf(named), isSmallSql(place.column)];
  return sql`(${allOf(place.among === undefined ? tests : [...tests, ofPlaceSql(context, place)])})`;
}

/** Does row `t` name the source by the place, a scalar or a direct one? */
export function namesSource(context: Pick<RowContext, 'rules' | 'table'>, row: PlaceRow): Sql {
  const direct = row.place.carrier === 'columns' ? undefined : directPlace(context.table, row);
  return direct === undefined ? placeMatches(context, row) : namesDirectly(context, direct);
}

/** The document of row `t` with nothing at these places where they name the source: what it still names, they do not cover. */
export function withoutNamed(
  context: Pick<RowContext, 'rules'>,
  name: string,
  places: readonly DirectPlace[],
): Sql {
  const own = column('t', name);
  const named = places.map((direct) => ({ path: pathSql(direct), test: namesDirectly(context, direct) }));
  // An empty path changes nothing. Of a document that is no object, which has no path at all, none is named.
  const rest = named.reduce((value, { path, test }) => {
    const where = named.length === 1 ? path : sql`CASE WHEN ${test} THEN ${path} ELSE '{}' END`;
    return sql`jsonb_set(${value}, ${where}, '""', false)`;
  }, own);
  return sql`CASE WHEN ${anyOf(named.map(({ test }) => test))} THEN ${rest} ELSE ${own} END`;
}

/** The value at the place in row `t`. */
export function valueAt({ row: { place }, path }: DirectPlace): Sql {
  return sql`${column('t', place.column)} #> ${bind(path, 'text[]')}`;
}

export function pathSql({ path }: DirectPlace): Sql {
  return bind(path, 'text[]');
}

/** The values of one side of a mapping as documents. */
export function jsonEach([values = []]: EachMapping['from']): Sql {
  return each(values.map(asJson), 'text::jsonb');
}

/** A text as JSON, as PostgreSQL writes it in a document. */
function asJson(value: string): string {
  return JSON.stringify(value);
}

/** What the journal keeps of a place that the mapping moved, as a list of one edit. */
export function directEdit({ row: { place }, path }: DirectPlace, { from, to }: EachMapping): Each {
  const pointer = path.map((step) => `/${encodeStep(step)}`).join('');
  return (from[0] ?? []).map((value, member) =>
    JSON.stringify([
      { place: place.id, pointer, before: asJson(value), after: asJson(to[0]?.[member] ?? '') },
    ]),
  );
}
