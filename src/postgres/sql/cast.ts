/** How a text value becomes a value of a column. */
import { findColumn } from '../../engine/catalogue/catalog.ts';
import type { Column, Table } from '../../engine/catalogue/catalog.ts';

/**
 * The type that a text value is cast to before it meets a column. Text-like columns compare as text: a cast to `varchar(n)`
 * would cut the value silently. Other types are cast twice, because a driver sends every value here as text.
 */
export function castFor(column: Column): string {
  if (column.kind === 'text') return 'text';
  if (column.kind === 'uuid') return 'text::uuid';
  if (column.kind === 'integer') return 'text::bigint';
  return `text::${column.type}`;
}

/**
 * The same for a list of values. It is sent as what it is compared with, where that is one of the usual types: a plan that is kept
 * would cast the list anew for each row.
 */
export function listCastFor(column: Column): string {
  const type = castFor(column).replace(/^text::/, '');
  const usual = type === 'text' || column.kind === 'uuid' || column.kind === 'integer';
  return usual ? `${type}[]` : `text[]::${type}[]`;
}

/** Can the text be a value of the column at all? What the database would refuse to read names no row. */
export function isKeyOf({ kind }: Column, text: string): boolean {
  if (kind === 'uuid') return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
  return kind !== 'integer' || /^-?\d{1,18}$/.test(text);
}

/** The column of that name; it exists, because the rules were resolved against this catalogue. */
export function columnOf(table: Table, name: string): Column {
  const column = findColumn(table, name);
  if (column === undefined) throw new Error(`${table.id} has no column ${name}`);
  return column;
}
