/**
 * Reading the documents of one column (JSON, arrays, comma lists) that may name the source, a few hundred at a time through a
 * cursor, so that memory stays flat. The database only preselects; what really names the source is decided by the pure editors.
 */
import type { Table, ValueKind } from '../../engine/catalogue/catalog.ts';
import type { ModelPair } from '../../engine/rules/mapping.ts';
import type { StateCode } from '../../engine/plan/place-state.ts';
import type { Owner } from '../../engine/plan/snapshot.ts';
import type { Place } from '../../engine/rules/place.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { Binder } from '../sql/binder.ts';
import { displaySql } from './columns.ts';
import type { Tx } from '../driver/database.ts';
import { quoteIdent, quoteRows } from '../sql/identifiers.ts';
import { findRowKey, keyExpression } from '../sql/keys.ts';
import { columnOf } from '../sql/match.ts';
import { deadSql, ownerSql, stateSql, visibleSql } from '../sql/row.ts';
import type { PlaceRow, RowContext } from '../sql/match.ts';

export interface DocumentInput {
  readonly rules: Rules;
  readonly table: Table;
  readonly column: string;
  readonly tenant: string | undefined;
  readonly pair: ModelPair;
  readonly places: readonly PlaceRow[];
}

export interface Document {
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
  /** Hash of key and value. */
  readonly hash: string;
}

const batchRows = 500;

/** Visits every candidate row in batches, in one consistent snapshot of the table (the cursor's). */
export async function visitDocuments(
  tx: Tx,
  input: DocumentInput,
  visit: (batch: readonly Document[]) => Promise<void>,
): Promise<void> {
  const context: RowContext = {
    binder: new Binder(),
    rules: input.rules,
    table: input.table,
    tenant: input.tenant,
    pair: input.pair,
  };
  const sql = documentSql(context, input);
  if (sql === undefined) return;
  await tx.batches<Document>({ sql, params: context.binder.values, size: batchRows }, async (batch) => {
    await visit(batch);
    return batchRows;
  });
}

function documentSql(context: RowContext, input: DocumentInput): string | undefined {
  const candidates = candidateSql(context, input);
  if (candidates === undefined) return undefined;
  const key = findRowKey(input.rules, input.table);
  const column = `t.${quoteIdent(input.column)}`;
  const elements = input.places[0]?.place.carrier === 'array' ? `${column}::text[]` : 'NULL::text[]';
  const rowKey = key === undefined ? `t.ctid::text` : `${keyExpression(key, 't')}::text`;
  const states = input.places.map((row) => stateSql(context, row));
  return `SELECT ${rowKey} AS key, ${displaySql(input.rules, input.table)} AS name, ${ownerSql(context)} AS owner, ${deadSql(context)} AS dead,
      ARRAY[${states.join(', ')}]::text[] AS states, ${column}::text AS text, ${elements} AS elements,
      hashtextextended(concat_ws(chr(31), ${rowKey}, ${column}::text), 0)::text AS hash
    FROM ${quoteRows(input.table)} t WHERE ${candidates}`;
}

/** May the document of row `t` name the source? Undefined where none can. */
export function candidateSql(
  context: RowContext,
  { table, column, places }: Pick<DocumentInput, 'table' | 'column' | 'places'>,
): string | undefined {
  const terms = [...new Set(places.flatMap(({ mappings }) => mappings.flatMap((mapping) => mapping.from)))];
  if (terms.length === 0) return undefined;
  const { kind } = columnOf(table, column);
  const carrier = places[0]?.place.carrier ?? 'json';
  const named = namedSql(context, { column: `t.${quoteIdent(column)}`, terms, kind, carrier });
  return `${visibleSql(context)} AND ${named}`;
}

/** `json` and text may write any character as an escape, so there a document with such an escape is a candidate too. */
function namedSql({ binder }: RowContext, { column, terms, kind, carrier }: Candidates): string {
  if (carrier === 'array') return `${column}::text[] && ${binder.bind(terms, 'text[]')}`;
  const written = carrier === 'json' ? terms.map((term) => JSON.stringify(term).slice(1, -1)) : terms;
  const found = written.map((term) => `strpos(${column}::text, ${binder.bind(term, 'text')}) > 0`);
  const escaped = carrier === 'json' && kind !== 'jsonb' ? [`${column}::text ~ '\\\\[u/]'`] : [];
  return `(${[...found, ...escaped].join(' OR ')})`;
}

interface Candidates {
  readonly column: string;
  readonly terms: readonly string[];
  readonly kind: ValueKind;
  readonly carrier: Place['carrier'];
}
