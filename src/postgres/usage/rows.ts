/**
 * The rows that name one of several models, found through the engine's places: no table is known by name, and what counts as a use
 * is what a migration would see. The database preselects by the values of all models at once (an index on tenant and reference
 * serves scalar places; documents are searched as text); which model a value means is decided here. Reading only, no locks.
 */
import type { Table } from '../../engine/catalogue/catalog.ts';
import { tuplesOf } from '../../engine/rules/mapping.ts';
import type { ModelFacts } from '../../engine/models/model.ts';
import { tupleFinder } from '../../engine/rules/documents.ts';
import { compareText } from '../../engine/order.ts';
import type { Place } from '../../engine/rules/place.ts';
import { tableOf } from '../../engine/rules/references.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { DroverError } from '../../errors.ts';
import { displaySql } from '../facts/columns.ts';
import { findRowKey, keyExpression } from '../sql/keys.ts';
import { castFor, columnOf } from '../sql/cast.ts';
import type { RowContext } from '../sql/match.ts';
import { deadSql, liveSql, mineSql } from '../sql/row.ts';
import { allOf, bind, column, join, list, raw, rowsOf, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';

export interface UsageAsked {
  readonly rules: Rules;
  /** Models of one kind; of several tenants only with `fleet`. */
  readonly models: readonly ModelFacts[];
  /** The tenant whose rows are looked at; undefined where the database has a single one. */
  readonly tenant?: string | undefined;
  /** The tenants of a fleet transaction, instead of one. */
  readonly fleet?: readonly string[];
}

/** The places of one table that can name the models. */
export interface UsedTable {
  readonly table: Table;
  readonly entity: string;
  readonly scalars: readonly SoughtPlace[];
  readonly documents: readonly SoughtPlace[];
}

/** A place, with what is sought in it: tuple as JSON text → the models (by their number) that it means. */
interface SoughtPlace {
  readonly place: Place;
  readonly meanings: ReadonlyMap<string, readonly number[]>;
  readonly tuples: readonly (readonly string[])[];
  readonly find: ReturnType<typeof tupleFinder>;
}

/** What the statement of `usageSql` gives for a row. */
export interface UsageRow {
  readonly tenant: string;
  readonly tuples: readonly (readonly (string | null)[])[];
  readonly live: readonly boolean[];
  readonly dead: boolean;
  readonly texts: readonly (string | null)[];
  readonly elements: readonly (readonly (string | null)[] | null)[];
}

/** A model, by its number, named in a place of a row. */
export interface Hit {
  readonly model: number;
  readonly place: Place;
  readonly live: boolean;
}

/** The tables with places for models of that kind, by id. Rows that belong to everybody are nobody's use. */
export function usedTables({ rules, models }: UsageAsked): UsedTable[] {
  const places = rules.places.filter(
    ({ kind, role, table }) =>
      kind === models[0]?.kind &&
      role !== 'ignore' &&
      role !== 'catalogue' &&
      rules.ownership.get(table)?.kind !== 'global',
  );
  const sought = places
    .map((place) => seek(rules, place, models))
    .filter(({ meanings }) => meanings.size > 0);
  const ids = [...new Set(sought.map(({ place }) => place.table))].toSorted(compareText);
  return ids.map((id) => {
    const mine = sought.filter(({ place }) => place.table === id);
    return {
      table: tableOf(rules, id),
      entity: mine[0]?.place.entity ?? id,
      scalars: mine.filter(({ place }) => place.carrier === 'columns'),
      documents: mine.filter(({ place }) => place.carrier !== 'columns'),
    };
  });
}

function seek(rules: Rules, place: Place, models: readonly ModelFacts[]): SoughtPlace {
  const meanings = new Map<string, number[]>();
  for (const [number, model] of models.entries())
    for (const tuple of tuplesOf(place, model, rules.config)) {
      const id = JSON.stringify(tuple);
      meanings.set(id, [...(meanings.get(id) ?? []), number]);
    }
  const tuples = [...meanings.keys()].map((id) => JSON.parse(id) as string[]);
  return { place, meanings, tuples, find: tupleFinder(place, tuples) };
}

/** The models that a row names, and where. */
export function hitsOf({ models, fleet }: UsageAsked, used: UsedTable, row: UsageRow): Hit[] {
  const scalars = used.scalars.flatMap((sought, at) =>
    hits(sought, [JSON.stringify(row.tuples[at])], row.live[at]),
  );
  const documents = used.documents.flatMap((sought, at) => {
    const text = row.texts[at] ?? null;
    if (text === null) return [];
    const found = sought.find({ text, elements: row.elements[at] ?? null });
    const ids = found.map((number) => JSON.stringify(sought.tuples[number]));
    return hits(sought, ids, row.live[used.scalars.length + at]);
  });
  const all = [...scalars, ...documents];
  // A name means another row in each tenant; a model of everybody is the same for all.
  const isTheirs = (owner: string | null | undefined): boolean => owner === null || owner === row.tenant;
  return fleet === undefined ? all : all.filter(({ model }) => isTheirs(models[model]?.tenant));
}

function hits({ place, meanings }: SoughtPlace, ids: readonly string[], live: boolean | undefined): Hit[] {
  const models = ids.flatMap((id) => meanings.get(id) ?? []);
  return models.map((model) => ({ model, place, live: live === true }));
}

export interface UsageSql {
  readonly key: Sql;
  readonly name: Sql;
  /** The columns of `UsageRow`. */
  readonly columns: Sql;
  readonly from: Sql;
}

/** The parts of a statement over the rows of a table that may name one of the models. */
export function usageSql(asked: UsageAsked, used: UsedTable): UsageSql {
  const { rules } = asked;
  const tenants = asked.tenant === undefined ? undefined : [asked.tenant];
  const context: RowContext = { rules, table: used.table, size: 1, tenants };
  const key = findRowKey(rules, used.table);
  const owner = ownerColumn(asked, used.table);
  const places = [...used.scalars, ...used.documents];
  const columns = [
    sql`${owner === undefined ? raw(`''`) : sql`${column('t', owner)}::text`} AS tenant`,
    sql`jsonb_build_array(${list(used.scalars.map(tupleSql))}) AS tuples`,
    sql`ARRAY[${list(places.map(({ place }) => liveSql(context, place)))}]::boolean[] AS live`,
    sql`${deadSql(context)} AS dead`,
    sql`ARRAY[${list(used.documents.map(({ place }) => sql`${column('t', place.column)}::text`))}]::text[] AS texts`,
    sql`jsonb_build_array(${list(used.documents.map(elementsSql))}) AS elements`,
  ];
  const sought = [
    ...used.scalars.map((place) => scalarSql(context, place)),
    ...used.documents.map((place) => documentSql(context, place)),
  ];
  const mine =
    owner === undefined || asked.fleet === undefined
      ? mineSql(context)
      : sql`${column('t', owner)} = ANY (${bind(asked.fleet, 'text[]')}::${raw(columnOf(used.table, owner).type)}[])`;
  return {
    key: sql`${key === undefined ? raw('t.ctid') : keyExpression(key, 't')}::text`,
    name: displaySql(rules, used.table),
    columns: list(columns),
    from: sql`${rowsOf(used.table)} t WHERE ${mine} AND (${join(sought, ' OR ')})`,
  };
}

/** In a fleet the tenant must be read off the row itself. @throws FLEET_UNAVAILABLE where it cannot be */
function ownerColumn({ rules, fleet }: UsageAsked, table: Table): string | undefined {
  if (fleet === undefined) return undefined;
  const ownership = rules.ownership.get(table.id);
  const direct =
    ownership?.kind === 'tenant' && ownership.paths.length === 1 && ownership.paths[0]?.hops.length === 0
      ? ownership.paths[0].column
      : undefined;
  if (direct !== undefined) return direct;
  throw new DroverError(
    'FLEET_UNAVAILABLE',
    `The rows of ${table.id} do not carry their tenant, so they cannot be read for several tenants at once.`,
    { table: table.id },
  );
}

function tupleSql({ place }: SoughtPlace): Sql {
  return sql`jsonb_build_array(${list(place.columns.map((part) => sql`${column('t', part.column)}::text`))})`;
}

function elementsSql({ place }: SoughtPlace): Sql {
  return place.carrier === 'array' ? sql`to_jsonb(${column('t', place.column)}::text[])` : raw('NULL::jsonb');
}

/** Column by column, so that each can use its index; which of the values belong together is seen afterwards. */
function scalarSql({ table }: RowContext, { place, tuples }: SoughtPlace): Sql {
  const tests = place.columns.map((part, at) => {
    const values = [...new Set(tuples.map((tuple) => tuple[at] ?? ''))];
    const cast = castFor(columnOf(table, part.column)).replace(/^text::/, '');
    return sql`${column('t', part.column)} = ANY (${bind(values, cast === 'text' ? 'text[]' : `text[]::${cast}[]`)})`;
  });
  return sql`(${allOf(tests)})`;
}

/** JSON may write any character as an escape, so a document with such an escape is looked at, too. */
function documentSql({ table }: RowContext, { place, tuples }: SoughtPlace): Sql {
  const value = column('t', place.column);
  const terms = [...new Set(tuples.flat().filter((term) => term !== ''))];
  if (place.carrier === 'array') return sql`${value}::text[] && ${bind(terms, 'text[]')}`;
  const json = place.carrier === 'json';
  const written = json ? terms.map((term) => JSON.stringify(term).slice(1, -1)) : terms;
  const list = sql`unnest(${bind(written, 'text[]')}) drover_term (value)`;
  const found = sql`EXISTS (SELECT FROM ${list} WHERE strpos(${value}::text, drover_term.value) > 0)`;
  const escaped = json && columnOf(table, place.column).kind !== 'jsonb';
  return escaped ? sql`(${found} OR ${value}::text ~ '\\\\[u/]')` : found;
}
