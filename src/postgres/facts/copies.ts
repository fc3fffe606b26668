/**
 * Copies of which one lies in a document. Only the editors can say what a document names, so rows are read with their documents. The
 * keys of rows are remembered in which a copy does not name the source, or may not move. Statements ask for these keys. So the answer
 * stays the same while steps change the copies one after the other. Copies that are all columns are compared by SQL
 * (`sql/state.ts`).
 */
import type { Numbered } from '../driver/members.ts';
import { firstFetch, nextFetch } from '../driver/cursors.ts';
import type { Tx } from '../driver/database.ts';
import type { StateCode } from '../../engine/plan/place-state.ts';
import type { Mapping } from '../../engine/edit/value-rule.ts';
import { editDocument } from '../../engine/rules/documents.ts';
import type { Place } from '../../engine/rules/place.ts';
import { tableOf } from '../../engine/rules/references.ts';
import { columnOf } from '../sql/cast.ts';
import { sentSql } from '../sql/document.ts';
import { judgedRow } from '../sql/row-states.ts';
import { namesTarget, placeMatches } from '../sql/match.ts';
import { mineSql, visibleSql } from '../sql/row.ts';
import { movingCodes, stateSql } from '../sql/state.ts';
import { anyOf, column, forEachMember, list, raw, rowsOf, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import { candidateSql } from './documents.ts';
import { placesOf, rowAlone, rowContext } from './member.ts';
import type { Batch, Member } from './member.ts';

/** The members, each with the rows whose copies do not agree, or whose rivals meet. The same where none lies in a document. */
export async function withStrays(tx: Tx, batch: Batch): Promise<Member[]> {
  const strays = await noteRows(tx, batch, copyGroups(batch), astray);
  const met = await noteRows(tx, batch, rivalPairs(batch), meeting);
  return batch.members.map((member, at) => ({
    ...member,
    ...noted('strays', strays[at]),
    ...noted('met', met[at]),
  }));
}

function noted(
  name: 'strays' | 'met',
  rows: ReadonlyMap<string, readonly string[]> | undefined,
): Pick<Member, 'strays' | 'met'> {
  return rows === undefined || rows.size === 0 ? {} : { [name]: rows };
}

/** For each member, by place, the keys of the rows that the test picks for it. */
async function noteRows(
  tx: Tx,
  { rules, members }: Batch,
  groups: readonly (readonly Place[])[],
  pick: PlacesOf,
): Promise<Map<string, string[]>[]> {
  const found = members.map(() => new Map<string, string[]>());
  for (const places of groups)
    await visitRows(tx, { rules, members, places }, (row, number) => {
      const own = found[number];
      const member = members[number];
      if (own === undefined || member === undefined) return;
      for (const { id } of pick(places, member, row))
        own
          .set(id, own.get(id) ?? [])
          .get(id)
          ?.push(row.key);
    });
  return found;
}

/** The places for which the row is remembered. */
type PlacesOf = (places: readonly Place[], member: Member, row: CopyRow) => readonly Place[];

/** Places that hold one reference together, at least one of them in a document. Such a place needs values to look for. */
function copyGroups({ rules, members }: Batch): Place[][] {
  const known = new Set<string>();
  return rules.places.flatMap((place) => {
    const copies = placesOf(rules, place.copies);
    const places = [place, ...copies];
    const isFirst = copies.length > 0 && !known.has(place.id);
    for (const { id } of places) if (isFirst) known.add(id);
    return isFirst && areRead(members, places) ? [places] : [];
  });
}

/** Each pair of rivals once. */
function rivalPairs({ rules, members }: Batch): Place[][] {
  return rules.places.flatMap((place) =>
    placesOf(rules, place.rivals)
      .filter((rival) => place.id < rival.id && areRead(members, [place, rival]))
      .map((rival) => [place, rival]),
  );
}

function areRead(members: readonly Member[], places: readonly Place[]): boolean {
  const named = places.every(({ id }) => (members[0]?.mappings.get(id)?.length ?? 0) > 0);
  return named && places.some(({ carrier }) => carrier !== 'columns');
}

interface Copies extends Batch {
  readonly places: readonly Place[];
}

interface CopyRow extends Numbered {
  readonly key: string;
  /** By place: does a column name the source? Not asked of documents. */
  readonly named: readonly boolean[];
  /** By place: does a column name the target? */
  readonly target: readonly boolean[];
  readonly states: readonly StateCode[];
  /** By place the document, an array as JSON; null for columns. */
  readonly texts: readonly (string | null)[];
}

/** Visits the rows of which some of the places may name the source. */
async function visitRows(
  tx: Tx,
  copies: Copies,
  visit: (row: CopyRow, member: number) => void,
): Promise<void> {
  const query = copiesSql(copies);
  if (query === undefined) return;
  const select = forEachMember(copies.members.length, query);
  await tx.batches<CopyRow>({ sql: select, size: firstFetch }, (rows) => {
    for (const row of rows) visit(row, (row['drover:n'] ?? 1) - 1);
    return Promise.resolve(
      nextFetch(rows, ({ texts }) => texts.reduce((size, text) => size + (text?.length ?? 0), 0)),
    );
  });
}

/** All copies, where some name the source, and not all of them do and may move. */
const astray: PlacesOf = (places, member, row) => {
  const named = places.map((place, at) => namesSource(place, member, { row, at }));
  const moves = places.every((place, at) => movingCodes(place).includes(row.states[at] ?? 'B'));
  return named.includes(true) && (named.includes(false) || !moves) ? places : [];
};

/** Of two rivals the one that names the source, where the other names the target. */
const meeting: PlacesOf = (places, member, row) =>
  places.filter((place, at) => {
    const other = 1 - at;
    const rival = places[other];
    if (rival === undefined || !namesSource(place, member, { row, at })) return false;
    return rival.carrier === 'columns'
      ? row.target[other] === true
      : holdsTarget(rival, member, row.texts[other]);
  });

function namesSource(place: Place, member: Member, { row, at }: { row: CopyRow; at: number }): boolean {
  if (place.carrier === 'columns') return row.named[at] === true;
  return isEdited(place, member.mappings.get(place.id) ?? [], row.texts[at]);
}

function holdsTarget(place: Place, member: Member, text: string | null | undefined): boolean {
  const mappings = member.mappings.get(place.id) ?? [];
  return isEdited(
    place,
    mappings.map(({ from, to }) => ({ from: to, to: from })),
    text,
  );
}

function isEdited(place: Place, mappings: readonly Mapping[], text: string | null | undefined): boolean {
  if (text === null || text === undefined) return false;
  const elements = place.carrier === 'array' ? (JSON.parse(text) as (string | null)[]) : null;
  const edited = editDocument([{ place, mappings }], { text, elements });
  return edited.kind === 'edited' && edited.edits.length > 0;
}

/** Rows of each member in which a copy may name the source, with all of their copies. Undefined where the rows have no key. */
function copiesSql({ rules, members, places }: Copies): Sql | undefined {
  const table = tableOf(rules, places[0]?.table ?? '');
  const context = rowContext(rules, table, members);
  const key = judgedRow(context);
  if (key === undefined) return undefined;
  const rows = places.map((place) => ({ place, row: rowAlone(place, members) }));
  const named = rows.map(({ place, row }) =>
    place.carrier === 'columns' ? placeMatches(context, row) : raw('false'),
  );
  const maybe = rows.map(({ place, row }, at) =>
    place.carrier === 'columns' ? (named[at] ?? raw('false')) : candidateSql(context, place.column, [row]),
  );
  const target = rows.map(({ place, row }) =>
    place.carrier === 'columns' ? namesTarget(context, row) : raw('false'),
  );
  const states = rows.map(({ row }) => stateSql(context, row));
  const texts = places.map((place) => {
    if (place.carrier === 'columns') return raw('NULL');
    const value = column('t', place.column);
    const text = columnOf(table, place.column).kind.endsWith('[]')
      ? sql`to_jsonb(${value}::text[])::text`
      : sql`${value}::text`;
    return sentSql(text, text);
  });
  return sql`SELECT ${key} AS key, ARRAY[${list(named)}]::boolean[] AS named, ARRAY[${list(states)}]::text[] AS states,
      ARRAY[${list(target)}]::boolean[] AS target,
      ARRAY[${list(texts)}]::text[] AS texts
    FROM ${rowsOf(table)} t WHERE ${visibleSql(context)} AND ${mineSql(context)} AND ${anyOf(maybe.map((one) => sql`(${one})`))}`;
}
