/**
 * The statements that find the rows which may name one of several models. The database preselects by the values of all models at
 * once (an index on tenant and reference serves scalar places; documents are searched as text); which model a value means is
 * decided afterwards (`hitsOf`). Values are holes, which a `Search` fills. Reading only, no locks.
 */
import type { Column, Table } from '../../engine/catalogue/catalog.ts';
import type { Place } from '../../engine/rules/place.ts';
import { sharedRows } from '../../engine/tenant.ts';
import { DroverError } from '../../errors.ts';
import { displaySql } from '../sql/row-names.ts';
import { textIn, wayOf } from '../facts/documents.ts';
import { columnOf, equalsAny, equalsText, exactText, isLoose } from '../sql/cast.ts';
import { alikeSql, documentText, elementsSql, holdsSql } from '../sql/document.ts';
import type { DocumentColumn } from '../sql/document.ts';
import { findRowKey, keyExpression } from '../sql/keys.ts';
import { ofPlaceSql } from '../sql/match.ts';
import type { RowContext } from '../sql/match.ts';
import { mineSql } from '../sql/row.ts';
import { deadSql, liveSql } from '../sql/state.ts';
import { allOf, anyOf, bind, column, join, list, raw, rowsOf, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import { holeFor } from './search.ts';
import type { UsageShape, UsedPlace, UsedTable } from './search.ts';

interface UsageSql {
  readonly key: Sql;
  readonly name: Sql;
  /** The columns of `UsageRow`. */
  readonly columns: Sql;
  readonly from: Sql;
}

/** The parts of a statement over the rows of a table that may name one of the models. */
export function usageSql(shape: UsageShape, used: UsedTable): UsageSql {
  const key = findRowKey(shape.rules, used.table);
  return {
    key: sql`${key === undefined ? raw('t.ctid') : keyExpression(key, 't')}::text`,
    name: displaySql(shape.rules, used.table),
    columns: list(rowColumns(shape, used)),
    from: fromSql(shape, used, [...scalarTests(used), ...documentTests(used)]),
  };
}

/** The columns of `UsageRow`, over the rows of a table whose documents may name one of the models. */
export function documentRows(shape: UsageShape, used: UsedTable): Sql {
  return sql`SELECT ${list(rowColumns(shape, used))} FROM ${fromSql(shape, used, documentTests(used))}`;
}

/** Of documents that come with the count of all tables: what a row may bring. */
const mostAtOnce = 8192;

/**
 * One statement for all tables. Rows that are alike are counted by the database. Documents differ and are read, those of at most
 * `documents` rows of a table; the other rows of the table have no `texts`, and a row with a large document has none in them.
 * `source` is the number of the table.
 * Locks: none. Index: of each place, on the tenant and the reference.
 */
export function tallySql(shape: UsageShape, documents: number): Sql {
  const rows = shape.tables.flatMap((used, source) => {
    const number = sql`SELECT ${raw(String(source))} AS source`;
    const plain = used.scalars.length === 0 ? [] : [sql`${number}, ${plainRows(shape, used)}`];
    const read = sql`(${number}, r.* FROM (${smallRows(shape, used)} LIMIT ${raw(String(documents))}) r)`;
    return used.documents.length === 0 ? plain : [...plain, read];
  });
  const columns = raw('r.source, r.tenant, r.tuples, r.live, r.dead, r.texts, r.elements, r.alike');
  return sql`SELECT ${columns}, count(*)::int AS rows FROM (${join(rows, ' UNION ALL ')}) r GROUP BY ${columns}`;
}

/** As `documentRows`, without the documents of a row in which one is large. */
function smallRows(shape: UsageShape, used: UsedTable): Sql {
  const small = used.documents.map((each) => {
    const text = documentText(documentColumn(used.table, each));
    return sql`coalesce(octet_length(${text}), 0) <= ${raw(String(mostAtOnce))}`;
  });
  return sql`SELECT ${list(rowColumns(shape, used, allOf(small)))} FROM ${fromSql(shape, used, documentTests(used))}`;
}

/** The rows of which scalar places alone may name one of the models. */
function plainRows(shape: UsageShape, used: UsedTable): Sql {
  const columns = [
    ...plainColumns(shape, used, used.scalars),
    raw('NULL::text[] AS texts, NULL::jsonb AS elements, NULL::jsonb AS alike'),
  ];
  const from = fromSql(shape, used, scalarTests(used));
  const documents = documentTests(used);
  const others = documents.length === 0 ? raw('') : sql` AND (${join(documents, ' OR ')}) IS NOT TRUE`;
  return sql`${list(columns)} FROM ${from}${others}`;
}

function contextOf({ rules, whose }: UsageShape, { table }: UsedTable): RowContext {
  const tenants = { tenant: [holeFor('tenant')], shared: [sharedRows], fleet: undefined, all: undefined };
  return { rules, table, size: 1, tenants: tenants[whose] };
}

/** @param sent whether the documents of a row come with it */
function rowColumns(shape: UsageShape, used: UsedTable, sent = raw('true')): Sql[] {
  const { scalars, documents } = used;
  const held = documents.map((each) => documentColumn(used.table, each));
  const alike = held.map((one, at) =>
    alikeSql(one, bind(holeFor(`terms ${documents[at]?.form ?? ''}`), 'text[]')),
  );
  return [
    ...plainColumns(shape, used, [...scalars, ...documents]),
    sql`CASE WHEN ${sent} THEN ARRAY[${list(held.map(documentText))}]::text[] ELSE '{}' END AS texts`,
    sql`CASE WHEN ${sent} THEN jsonb_build_array(${list(held.map((one) => sql`to_jsonb(${elementsSql(one)})`))}) END AS elements`,
    sql`CASE WHEN ${sent} THEN jsonb_build_array(${list(alike)}) END AS alike`,
  ];
}

function plainColumns(shape: UsageShape, used: UsedTable, places: readonly UsedPlace[]): Sql[] {
  const context = contextOf(shape, used);
  const owner = ownerColumn(shape, used.table);
  const values = used.scalars.flatMap(({ place, form }) =>
    place.columns.map((part, at) => scalarText(columnOf(used.table, part.column), `${at} ${form}`)),
  );
  return [
    sql`${owner === undefined ? raw(`''::text`) : sql`${column('t', owner)}::text`} AS tenant`,
    sql`ARRAY[${list(values)}]::text[] AS tuples`,
    sql`ARRAY[${list(places.map(({ place }) => liveOfPlace(context, place)))}]::boolean[] AS live`,
    sql`${deadSql(context)} AS dead`,
  ];
}

/** The value as text, in the writing of what is sought where the database takes them for equal. */
function scalarText(own: Column, hole: `${string} ${string}`): Sql {
  const value = column('t', own.name);
  if (!isLoose(own)) return sql`${value}::text`;
  const sought = sql`SELECT f.v FROM unnest(${bind(holeFor(hole), 'text[]')}) f (v) WHERE ${equalsText(own, value, raw('f.v'))}`;
  return sql`coalesce((${sought} ORDER BY f.v COLLATE "C" <> ${exactText(value)} LIMIT 1), ${value}::text)`;
}

/** None where the row is of another place of its column. */
function liveOfPlace(context: RowContext, place: Place): Sql {
  const live = liveSql(context, place);
  return place.among === undefined ? live : sql`CASE WHEN ${ofPlaceSql(context, place)} THEN ${live} END`;
}

function fromSql(shape: UsageShape, used: UsedTable, tests: readonly Sql[]): Sql {
  const { table } = used;
  const owner = ownerColumn(shape, table);
  const mine =
    owner === undefined
      ? mineSql(contextOf(shape, used))
      : sql`${column('t', owner)} = ANY (${bind(holeFor('fleet'), 'text[]')}::${raw(columnOf(table, owner).type)}[])`;
  return sql`${rowsOf(table)} t WHERE ${mine} AND (${join(tests, ' OR ')})`;
}

/** In a fleet the tenant must be read off the row itself. @throws FLEET_UNAVAILABLE where it cannot be */
function ownerColumn({ rules, whose }: UsageShape, table: Table): string | undefined {
  if (whose !== 'fleet') return undefined;
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

/** Column by column, so that each can use its index; which of the values belong together is seen afterwards. */
function scalarTests({ table, scalars }: UsedTable): Sql[] {
  return scalars.map(({ place, form }) => {
    const tests = place.columns.map((part, at) => {
      const own = columnOf(table, part.column);
      return equalsAny(own, column('t', part.column), (type) => bind(holeFor(`${at} ${form}`), type));
    });
    return sql`(${allOf(tests)})`;
  });
}

function documentTests({ table, documents }: UsedTable): Sql[] {
  return documents.map((used) => {
    const held = documentColumn(table, used);
    const { place, form } = used;
    const way = wayOf(place, held.own);
    if (way.in === 'elements') return holdsSql(held, bind(holeFor(`terms ${form}`), 'text[]'));
    const { text, mayBeEscaped } = textIn(way, held);
    const terms = bind(holeFor(`terms${way.escapes} ${form}`), 'text[]');
    const found = sql`EXISTS (SELECT FROM unnest(${terms}) drover_term (value) WHERE strpos(${text}, drover_term.value) > 0)`;
    return anyOf([found, ...mayBeEscaped]);
  });
}

function documentColumn(table: Table, { place }: UsedPlace): DocumentColumn {
  return { own: columnOf(table, place.column), value: column('t', place.column) };
}
