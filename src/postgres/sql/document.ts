/**
 * A column whose values hold several things: a document, a list, a text with commas. How its value is sent, searched and written back.
 * What it names is decided by the editors, to the letter; where the database compares the column otherwise, it says itself which of
 * the elements equal a term (`alikeSql`).
 */
import type { Column } from '../../engine/catalogue/catalog.ts';
import { largest } from '../../engine/edit/size.ts';
import { equality, isLoose } from './cast.ts';
import { raw, sql } from './sql.ts';
import type { Sql } from './sql.ts';

export interface DocumentColumn {
  readonly own: Column;
  /** SQL for the value. */
  readonly value: Sql;
}

/** The value as text. A list of documents is sent as one document. */
export function documentText({ own, value }: DocumentColumn): Sql {
  return isDocumentList(own) ? sql`array_to_json(${value})::text` : sql`${value}::text`;
}

/** A value, where its text is not too large to be edited; otherwise NULL. */
export function sentSql(text: Sql, value: Sql): Sql {
  return sql`CASE WHEN octet_length(${text}) <= ${raw(String(largest.bytes))} THEN ${value} END`;
}

/** Of a row, by its name, and the document in it (bigint). */
export function hashSql(name: Sql, document: DocumentColumn): Sql {
  return sql`hashtextextended(concat_ws(chr(31), ${name}, ${documentText(document)}), 0)`;
}

/** The elements, where the column is a list of values that are no documents; otherwise NULL. */
export function elementsSql({ own, value }: DocumentColumn): Sql {
  return isList(own) ? sql`${value}::text[]` : raw('NULL::text[]');
}

export function isList({ kind }: Column): boolean {
  return kind.endsWith('[]') && !isDocumentList({ kind });
}

/** A list of which each element is a document; read and written as one document. */
export function isDocumentList({ kind }: { readonly kind: string }): boolean {
  return kind === 'json[]' || kind === 'jsonb[]';
}

/** The text of a document, or of the JSON list of a list's elements, as a value of column `t.own`. What is too long is refused. */
export function writtenValue({ own, value }: DocumentColumn, text: Sql): Sql {
  if (isDocumentList(own)) {
    // Of an element that is NULL and of a JSON null a document says the same.
    const kept = sql`CASE WHEN (${value})[array_lower(${value}, 1) + e.n::int - 1] IS NULL AND e.v::text = 'null' THEN NULL ELSE e.v END`;
    return sql`(SELECT array_agg(${kept} ORDER BY e.n) FROM json_array_elements(${text}::json) WITH ORDINALITY e (v, n))::${raw(own.type)}`;
  }
  if (!isList(own)) return sql`${text}::${raw(own.type)}`;
  const elements = sql`jsonb_array_elements_text(${text}::jsonb) WITH ORDINALITY e (v, n)`;
  return sql`(SELECT coalesce(array_agg(e.v ORDER BY e.n), '{}') FROM ${elements})::${raw(listType(own))}`;
}

/** Without the length of an element: a cast to `varchar(n)[]` would cut the values silently. */
function listType(own: Column): string {
  if (own.comparison !== undefined) return `${own.comparison.type}[]`;
  return own.kind === 'text[]' ? 'text[]' : own.type;
}

/** Does a list, or a text that is one, hold one of the terms? `terms` is a list of texts. */
export function holdsSql(column: DocumentColumn, terms: Sql): Sql {
  const { own, value } = column;
  if (isList(own) && !isLoose(own)) return sql`${value}::text[] && ${terms}`;
  return sql`EXISTS (SELECT FROM ${equalPairs(column, terms)})`;
}

/** `{ element: term }` of the elements that equal a term and are written otherwise; NULL where the column compares to the letter. */
export function alikeSql(column: DocumentColumn, terms: Sql): Sql {
  if (!isLoose(column.own)) return raw('NULL::jsonb');
  return sql`(SELECT jsonb_object_agg(e.v, f.v) FROM ${equalPairs(column, terms)} WHERE e.v COLLATE "C" <> f.v)`;
}

/** A text is parted where lists in texts are. */
function equalPairs({ own, value }: DocumentColumn, terms: Sql): Sql {
  const parted = sql`SELECT btrim(c, E' \\t\\n\\r\\f\\v') FROM regexp_split_to_table(${value}::text COLLATE "C", '[,|]') c`;
  const elements = isList(own) ? sql`SELECT unnest(${value}::text[])` : parted;
  const equal = sql`${compared(own, raw('e.v'))} ${equality(own)} ${compared(own, raw('f.v'))}`;
  return sql`(${elements}) e (v) JOIN unnest(${terms}) f (v) ON ${equal}`;
}

/** A text as the column would compare it. */
function compared({ comparison }: Column, text: Sql): Sql {
  if (comparison === undefined) return text;
  const { type, collation } = comparison;
  return collation === undefined
    ? sql`${text}::${raw(type)}`
    : sql`(${text}::${raw(type)} COLLATE ${raw(collation)})`;
}
