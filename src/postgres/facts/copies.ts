/**
 * Copies of which one lies in a document. Only the editors can say what a document names, so the rows are read with their documents,
 * and those in which not all copies name the source, or not all may move, are remembered by their keys. Statements take them from
 * there, which also keeps what was found while steps change the copies one after the other. Copies that are all columns need none of
 * this: SQL compares them (`sql/row.ts`).
 */
import type { Numbered } from '../driver/members.ts';
import type { Tx } from '../driver/database.ts';
import type { StateCode } from '../../engine/plan/place-state.ts';
import { editDocument } from '../../engine/rules/documents.ts';
import type { Place } from '../../engine/rules/place.ts';
import { tableOf } from '../../engine/rules/references.ts';
import { columnOf } from '../sql/cast.ts';
import { judgedRow } from '../sql/judged.ts';
import { placeMatches } from '../sql/match.ts';
import { mineSql, movingCodes, stateSql, visibleSql } from '../sql/row.ts';
import { anyOf, column, forEachMember, list, raw, rowsOf, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import { candidateSql } from './documents.ts';
import { copiesOf, rowAlone, rowContext } from './member.ts';
import type { Batch, Member } from './member.ts';

const rowsAtOnce = 500;

/** The members, each with the rows whose copies do not agree. The same members where no copy lies in a document. */
export async function withStrays(tx: Tx, { rules, members }: Batch): Promise<Member[]> {
  const strays = members.map(() => new Map<string, string[]>());
  for (const places of copyGroups({ rules, members })) {
    const found = await readStrays(tx, { rules, members, places });
    for (const [member, keys] of found.entries())
      for (const { id } of places) if (keys.length > 0) strays[member]?.set(id, keys);
  }
  return members.map((member, at) => {
    const own = strays[at];
    return own === undefined || own.size === 0 ? member : { ...member, strays: own };
  });
}

/** Places that hold one reference together, at least one of them in a document. Such a place needs values to look for. */
function copyGroups({ rules, members }: Batch): Place[][] {
  const known = new Set<string>();
  return rules.places.flatMap((place) => {
    const copies = copiesOf(rules, place);
    const places = [place, ...copies];
    const isFirst = copies.length > 0 && !known.has(place.id);
    for (const { id } of places) if (isFirst) known.add(id);
    const named = places.every(({ id }) => (members[0]?.mappings.get(id)?.length ?? 0) > 0);
    return isFirst && named && places.some(({ carrier }) => carrier !== 'columns') ? [places] : [];
  });
}

interface Copies extends Batch {
  readonly places: readonly Place[];
}

interface CopyRow extends Numbered {
  readonly key: string;
  /** By place: does a column name the source? Not asked of documents. */
  readonly named: readonly boolean[];
  readonly states: readonly StateCode[];
  /** By place the document, an array as JSON; null for columns. */
  readonly texts: readonly (string | null)[];
}

/** For each member the keys of the rows in which some copy names the source, and not all of them do and may move. */
async function readStrays(tx: Tx, copies: Copies): Promise<string[][]> {
  const strays = copies.members.map((): string[] => []);
  const query = copiesSql(copies);
  if (query === undefined) return strays;
  const select = forEachMember(copies.members.length, query);
  await tx.batches<CopyRow>({ sql: select, size: rowsAtOnce }, (rows) => {
    for (const row of rows) {
      const member = (row['drover:n'] ?? 1) - 1;
      if (isAstray(copies, copies.members[member], row)) strays[member]?.push(row.key);
    }
    return Promise.resolve(rowsAtOnce);
  });
  return strays;
}

function isAstray({ places }: Copies, member: Member | undefined, row: CopyRow): boolean {
  const named = places.map((place, at) =>
    place.carrier === 'columns' ? row.named[at] === true : namesSource(place, member, row.texts[at] ?? null),
  );
  const moves = places.every((place, at) => movingCodes(place).includes(row.states[at] ?? 'B'));
  return named.includes(true) && (named.includes(false) || !moves);
}

function namesSource(place: Place, member: Member | undefined, text: string | null): boolean {
  if (text === null) return false;
  const elements = place.carrier === 'array' ? (JSON.parse(text) as (string | null)[]) : null;
  const mappings = member?.mappings.get(place.id) ?? [];
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
  const states = rows.map(({ row }) => stateSql(context, row));
  const texts = places.map((place) => {
    if (place.carrier === 'columns') return raw('NULL');
    const value = column('t', place.column);
    return columnOf(table, place.column).kind.endsWith('[]')
      ? sql`to_jsonb(${value}::text[])::text`
      : sql`${value}::text`;
  });
  return sql`SELECT ${key} AS key, ARRAY[${list(named)}]::boolean[] AS named, ARRAY[${list(states)}]::text[] AS states,
      ARRAY[${list(texts)}]::text[] AS texts
    FROM ${rowsOf(table)} t WHERE ${visibleSql(context)} AND ${mineSql(context)} AND ${anyOf(maybe.map((one) => sql`(${one})`))}`;
}
