/**
 * Reading the documents of one column (JSON, arrays, comma lists) that may name the source, a few hundred at a time through a
 * cursor, so that memory stays flat. The database only preselects; what really names the source is decided by the pure editors.
 */
import type { Numbered } from '../driver/members.ts';
import type { StateCode } from '../../engine/plan/place-state.ts';
import type { Table } from '../../engine/catalogue/catalog.ts';
import type { Owner } from '../../engine/plan/snapshot.ts';
import type { Place } from '../../engine/rules/place.ts';
import type { Tx } from '../driver/database.ts';
import { columnOf, isLoose } from '../sql/cast.ts';
import { alikeSql, documentText, elementsSql, holdsSql, mayNameSql } from '../sql/document.ts';
import type { DocumentColumn } from '../sql/document.ts';
import { findRowKey, keyExpression } from '../sql/keys.ts';
import type { Each, PlaceRow, RowContext } from '../sql/match.ts';
import { deadSql, ownerSql, stateSql, visibleSql } from '../sql/row.ts';
import { column, each, forEachMember, list, raw, rowsOf, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import { displaySql } from './columns.ts';
import { placeRow, rowContext } from './member.ts';
import type { Batch } from './member.ts';

export interface DocumentInput extends Batch {
  readonly table: Table;
  readonly column: string;
  readonly places: readonly Place[];
}

export interface Document {
  /** The number of the member whose document it is. */
  readonly member: number;
  readonly key: string;
  readonly name: string | null;
  readonly owner: Owner;
  readonly dead: boolean;
  /** By place, in the order of the input. */
  readonly states: readonly StateCode[];
  /** The value as text; for an array the text of PostgreSQL's array literal. */
  readonly text: string;
  /** The elements, where the column is an array. */
  readonly elements: readonly (string | null)[] | null;
  /** Elements that equal a value of source or target and are written otherwise, with that value. */
  readonly alike: Readonly<Record<string, string>> | null;
  /** Hash of key and value. */
  readonly hash: string;
}

const groupSize = 500;

/**
 * Visits every candidate row, in one consistent snapshot of the table (the cursor's). What is visited at once are groups of at most
 * 500 documents of one member each, cut as they would be if the member were alone.
 */
export async function visitDocuments(
  tx: Tx,
  input: DocumentInput,
  visit: (groups: readonly (readonly Document[])[]) => Promise<void>,
): Promise<void> {
  const query = forEachMember(input.members.length, documentSql(input));
  let closed: Document[][] = [];
  let open: Document[] = [];
  await tx.batches<Omit<Document, 'member'> & Numbered>({ sql: query, size: groupSize }, async (rows) => {
    for (const { 'drover:n': number = 1, 'drover:o': _order, ...row } of rows) {
      if (open.length === groupSize || (open[0]?.member ?? number - 1) !== number - 1) {
        closed.push(open);
        open = [];
      }
      open.push({ ...row, member: number - 1 });
    }
    if (closed.length > 0) await visit(closed);
    closed = [];
    return groupSize;
  });
  if (open.length > 0) await visit([open]);
}

/** The documents that a step or a plan would look at, as a SELECT for each member. */
export function documentSql({ rules, table, column: name, places, members }: DocumentInput): Sql {
  const context = rowContext(rules, table, members);
  const rows = places.map((place) => placeRow(rules, place, members));
  const key = findRowKey(rules, table);
  const value = column('t', name);
  const held = { own: columnOf(table, name), carrier: rows[0]?.place.carrier ?? 'json', value };
  const text = documentText(held);
  const rowKey = sql`${key === undefined ? raw('t.ctid') : keyExpression(key, 't')}::text`;
  const states = list(rows.map((row) => stateSql(context, row)));
  return sql`SELECT ${rowKey} AS key, ${displaySql(rules, table)} AS name, ${ownerSql(context)} AS owner, ${deadSql(context)} AS dead,
      ARRAY[${states}]::text[] AS states, ${text} AS text, ${elementsSql(held)} AS elements,
      ${alikeSql(held, listOf(context.size, termsOf(rows, 'both')))} AS alike,
      hashtextextended(concat_ws(chr(31), ${rowKey}, ${text}), 0)::text AS hash
    FROM ${rowsOf(table)} t WHERE ${candidateSql(context, name, rows)}`;
}

/** May the document of row `t` name the source? */
export function candidateSql(context: RowContext, name: string, rows: readonly PlaceRow[]): Sql {
  const carrier = rows[0]?.place.carrier ?? 'json';
  const held = { own: columnOf(context.table, name), carrier, value: column('t', name) };
  return sql`${visibleSql(context)} AND ${namedSql(context.size, held, termsOf(rows, 'source'))}`;
}

/** The values by which the places name the source, or the target too, each once. */
function termsOf(rows: readonly PlaceRow[], of: 'source' | 'both'): Each[] {
  const all = rows.flatMap(({ mappings }) =>
    mappings.flatMap(({ from, to }) => (of === 'source' ? from : [...from, ...to])),
  );
  return [...new Map(all.map((term) => [JSON.stringify(term), term])).values()];
}

function namedSql(size: number, held: DocumentColumn, terms: readonly Each[]): Sql {
  if (held.carrier === 'array' || (held.carrier === 'comma' && isLoose(held.own)))
    return holdsSql(held, listOf(size, terms));
  const written = (text: string): string =>
    held.carrier === 'json' ? JSON.stringify(text).slice(1, -1) : text;
  return mayNameSql(held, (text) =>
    terms.map((term) => sql`strpos(${text}, ${each(term.map(written), 'text')}) > 0`),
  );
}

/** The terms of each member as a list. */
function listOf(size: number, terms: readonly Each[]): Sql {
  return each(
    Array.from({ length: size }, (_, member) => terms.map((term) => term[member] ?? '')),
    'text[]',
  );
}
