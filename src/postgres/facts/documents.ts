/**
 * Reading the documents of one column (JSON, arrays, texts) that may name the source, a few hundred at a time through a
 * cursor, so that memory stays flat. The database only preselects; what really names the source is decided by the pure editors.
 */
import { depthOf } from '../../engine/edit/json-pointer.ts';
import { escaped } from '../../engine/edit/layers.ts';
import type { Numbered } from '../driver/members.ts';
import type { StateCode } from '../../engine/plan/place-state.ts';
import type { Column, Table } from '../../engine/catalogue/catalog.ts';
import type { Owner } from '../../engine/plan/snapshot.ts';
import { editDocument } from '../../engine/rules/documents.ts';
import type { EditRule } from '../../engine/rules/documents.ts';
import type { Rewritten } from '../../engine/edit/documents.ts';
import { isCounted } from '../../engine/rules/place.ts';
import type { Place } from '../../engine/rules/place.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { firstFetch, nextFetch } from '../driver/cursors.ts';
import type { Tx } from '../driver/database.ts';
import { columnOf, isLoose } from '../sql/cast.ts';
import { alikeSql, documentText, elementsSql, hashSql, holdsSql, sentSql } from '../sql/document.ts';
import type { DocumentColumn } from '../sql/document.ts';
import { isSmallSql } from '../sql/direct.ts';
import { rowName } from '../sql/keys.ts';
import { ofPlaceSql, placeMatches } from '../sql/match.ts';
import type { Each, PlaceRow, RowContext } from '../sql/match.ts';
import { concernedSql, ownerSql, severalOwnersSql } from '../sql/row.ts';
import { deadSql, stateSql } from '../sql/state.ts';
import {
  allOf,
  anyOf,
  column,
  each,
  forEachMember,
  list,
  literal,
  nothing,
  rowsOf,
  sql,
} from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import { displaySql } from '../sql/row-names.ts';
import type { NamedRow } from '../sql/row-names.ts';
import { placeRow, rowContext } from './member.ts';
import type { Batch } from './member.ts';

export interface DocumentInput extends Batch {
  readonly table: Table;
  readonly column: string;
  readonly places: readonly Place[];
  /** Only documents that are no small ones: see sql/direct.ts. */
  readonly large?: boolean;
  /** Only the rows that lie in these blocks of the table. */
  readonly blocks?: Blocks | undefined;
}

/** Blocks of a table, by their numbers: from the first to before the last. PostgreSQL reads them without any index. */
export interface Blocks {
  readonly from: number;
  readonly to: number;
}

export interface Document extends NamedRow {
  /** The number of the member whose document it is. */
  readonly member: number;
  readonly owner: Owner;
  readonly dead: boolean;
  /** By place, in the order of the input; none where the row is of another place of its column. */
  readonly states: readonly (StateCode | null)[];
  /** The value as text; for an array the text of PostgreSQL's array literal. Null where it is too large to be sent. */
  readonly text: string | null;
  readonly bytes: number;
  /** The elements, where the column is an array. */
  readonly elements: readonly (string | null)[] | null;
  /** Elements that equal a value of source or target and are written otherwise, with that value. */
  readonly alike: Readonly<Record<string, string>> | null;
  /** Hash of key and value. */
  readonly hash: string;
}

/** How many documents are held in memory together, if they are small. */
export const documentsAtOnce = 500;

const groupBytes = 8_000_000;

/**
 * Visits every candidate row, in one consistent snapshot of the table (the cursor's). What is visited at once are groups of at most
 * 500 documents and some megabytes of one member each, cut as they would be if the member were alone.
 */
export async function visitDocuments(
  tx: Tx,
  input: DocumentInput,
  visit: (groups: readonly (readonly Document[])[]) => Promise<void>,
): Promise<void> {
  const query = forEachMember(input.members.length, documentSql(input));
  let closed: Document[][] = [];
  let open: Document[] = [];
  let bytes = 0;
  await tx.batches<Omit<Document, 'member'> & Numbered>({ sql: query, size: firstFetch }, async (rows) => {
    for (const { 'drover:n': number = 1, 'drover:o': _order, ...row } of rows) {
      const isFull =
        open.length === documentsAtOnce || (open.length > 0 && bytes + sentBytes(row) > groupBytes);
      if (isFull || (open[0]?.member ?? number - 1) !== number - 1) {
        closed.push(open);
        open = [];
        bytes = 0;
      }
      open.push({ ...row, member: number - 1 });
      bytes += sentBytes(row);
    }
    if (closed.length > 0) await visit(closed);
    closed = [];
    return Math.min(nextFetch(rows, sentBytes), documentsAtOnce);
  });
  if (open.length > 0) await visit([open]);
}

function sentBytes({ text, bytes }: Pick<Document, 'text' | 'bytes'>): number {
  return text === null ? 0 : bytes;
}

/** As `editDocument`. A document that was too large to be sent cannot be read. */
export function editWhole(rules: readonly EditRule[], document: Document): Rewritten {
  const { text } = document;
  if (text === null) return { kind: 'unreadable', reason: 'larger than what is read', tooLarge: true };
  return editDocument(rules, { ...document, text });
}

/** The documents that a step or a plan would look at, as a SELECT for each member. */
export function documentSql({
  rules,
  table,
  column: name,
  places,
  members,
  large,
  blocks,
}: DocumentInput): Sql {
  const context = rowContext(rules, table, members);
  const rows = places.map((place) => placeRow(rules, place, members));
  const held = { own: columnOf(table, name), value: column('t', name) };
  const text = documentText(held);
  const alike = alikeSql(held, listOf(context.size, termsOf(rows, 'both')));
  const rowKey = rowName(rules, table);
  const only = large === true ? sql` AND NOT ${isSmallSql(name)}` : nothing;
  const scalar = scalarPlaces(rules, { table, column: name }).map((place) => placeRow(rules, place, members));
  const states = list(rows.map((row) => documentState(context, row, scalar)));
  return sql`SELECT ${rowKey} AS key, ${displaySql(rules, table)} AS name, ${ownerSql(context)} AS owner,
      ${severalOwnersSql(context)} AS owners, ${deadSql(context)} AS dead,
      ARRAY[${states}]::text[] AS states, ${sentSql(text, text)} AS text, octet_length(${text}) AS bytes,
      ${sentSql(text, elementsSql(held))} AS elements, ${alike} AS alike,
      ${hashSql(rowKey, held)}::text AS hash
    FROM ${rowsOf(table)} t WHERE ${blocksSql(blocks)}${candidateSql(context, name, rows)}${only}`;
}

/** Condition on row `t`, to be put before others. */
export function blocksSql(blocks: Blocks | undefined): Sql {
  if (blocks === undefined) return nothing;
  const at = (block: number): Sql => literal(`(${block},0)`);
  return sql`t.ctid >= ${at(blocks.from)}::tid AND t.ctid < ${at(blocks.to)}::tid AND `;
}

/** Places that take the values of a column as they are, where others look into them. */
function scalarPlaces(
  { places }: Pick<Rules, 'places'>,
  own: { readonly table: Table; readonly column: string },
): Place[] {
  return places.filter(
    (place) =>
      place.table === own.table.id &&
      place.column === own.column &&
      place.carrier === 'columns' &&
      isCounted(place),
  );
}

/** NULL where the row is another place's, as is a value that names the source as it is. */
function documentState(context: RowContext, row: PlaceRow, scalar: readonly PlaceRow[]): Sql {
  const state = stateSql(context, row);
  const others = scalar.map((other) => sql`NOT coalesce(${placeMatches(context, other)}, false)`);
  const tests = [...(row.place.among === undefined ? [] : [ofPlaceSql(context, row.place)]), ...others];
  return tests.length === 0 ? state : sql`CASE WHEN ${allOf(tests)} THEN ${state} END`;
}

/** May the document of row `t` name the source? The database answers for each way in which the places of the column write names. */
export function candidateSql(context: RowContext, name: string, rows: readonly PlaceRow[]): Sql {
  const held = { own: columnOf(context.table, name), value: column('t', name) };
  const byWay = Map.groupBy(rows, ({ place }) => JSON.stringify(wayOf(place, held.own)));
  const named = [...byWay.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const terms = termsOf([first, ...others], 'source');
    return namedSql(context.size, { held, terms, way: wayOf(first.place, held.own) });
  });
  const places = rows.map(({ place }) => place);
  return sql`${concernedSql(context, places)} AND (${anyOf(named)})`;
}

/** The values by which the places name the source, or the target too, each once. */
function termsOf(rows: readonly PlaceRow[], of: 'source' | 'both'): Each[] {
  const all = rows.flatMap(({ mappings }) =>
    mappings.flatMap(({ from, to }) => (of === 'source' ? from : [...from, ...to])),
  );
  return [...new Map(all.map((term) => [JSON.stringify(term), term])).values()];
}

/** The terms of each member as a list. */
function listOf(size: number, terms: readonly Each[]): Sql {
  return each(
    Array.from({ length: size }, (_, member) => terms.map((term) => term[member] ?? '')),
    'text[]',
  );
}

/** Whole elements of an array, or names in a text, escaped once for each JSON string around them. */
type EditWay = { readonly in: 'elements' } | WithinText;

interface WithinText {
  readonly in: 'array' | 'text';
  readonly escapes: number;
}

/** A list in a text whose column takes several writings for equal is read as its elements, too. */
export function wayOf({ carrier, shape, json }: Place, own: Column): EditWay {
  if (isLoose(own) && carrier === 'text' && shape !== 'inside') return { in: 'elements' };
  const strings = depthOf(json?.pointer ?? '');
  if (carrier === 'array')
    return json === undefined && shape === 'list' ? { in: 'elements' } : { in: 'array', escapes: strings };
  return { in: 'text', escapes: json === undefined ? 0 : strings + 1 };
}

function namedSql(
  size: number,
  {
    held,
    terms,
    way,
  }: { readonly held: DocumentColumn; readonly terms: readonly Each[]; readonly way: EditWay },
): Sql[] {
  if (way.in === 'elements') return [holdsSql(held, listOf(size, terms))];
  const { text, mayBeEscaped } = textIn(way, held);
  const written = (term: readonly string[]): string[] => term.map((one) => escaped(one, way.escapes));
  return [...terms.map((term) => sql`strpos(${text}, ${each(written(term), 'text')}) > 0`), ...mayBeEscaped];
}

/**
 * The text in which names are looked for. JSON may write any character as an escape; then every document with such an escape is a
 * candidate. The database writes `jsonb` itself and needs none, but what a string of it holds is as somebody wrote it.
 */
export function textIn(way: WithinText, held: DocumentColumn): { text: Sql; mayBeEscaped: Sql[] } {
  const whole =
    way.in === 'array' ? sql`array_to_string(${held.value}::text[], chr(31))` : documentText(held);
  const text = sql`${whole} COLLATE "C"`;
  const escapes = held.own.kind.startsWith('jsonb') ? way.escapes > 1 : way.escapes > 0;
  return { text, mayBeEscaped: escapes ? [sql`${text} ~ '\\\\[u/]'`] : [] };
}
