/** A whole row as a JSON object of texts, and the way back: used where a row is removed or added. */
import type { Table } from '../../engine/catalogue/catalog.ts';
import { quoteIdent, quoteLiteral, quoteTable } from './identifiers.ts';

/** `{ column: text }` of every stored column of the row. Text, so that json, bytea and numbers come back byte for byte. */
export function rowImage(table: Table, alias: string): string {
  const stored = table.columns.filter((column) => !column.computed);
  const parts = stored.map(
    (column) => `jsonb_build_object(${quoteLiteral(column.name)}, ${alias}.${quoteIdent(column.name)}::text)`,
  );
  return `(${parts.join(' || ')})`;
}

/** INSERT of the rows (identity columns keep their value, computed ones are computed again) whose images `source` yields in a column `image`. */
export function insertImages(table: Table, source: string): string {
  const columns = table.columns.filter((column) => !column.computed);
  const names = columns.map((column) => quoteIdent(column.name)).join(', ');
  const values = columns
    .map((column) => `(i.image ->> ${quoteLiteral(column.name)})::${column.type}`)
    .join(', ');
  return `INSERT INTO ${quoteTable(table)} AS t (${names}) OVERRIDING SYSTEM VALUE SELECT ${values} FROM (${source}) i`;
}
