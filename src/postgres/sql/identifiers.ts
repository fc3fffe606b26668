/** The only functions that put text into SQL; everything else is a parameter. */
import { DroverError } from '../../errors.ts';

/** PostgreSQL cuts longer names silently, so that two of them become the same one. */
const maxIdentifierBytes = 63;

/** A name as an identifier, always in quotes. */
export function quoteIdent(name: string): string {
  refuse(name, name === '' && 'is empty');
  refuse(name, name.includes('\0') && 'contains a NUL character');
  refuse(name, !name.isWellFormed() && 'is not valid Unicode');
  refuse(name, Buffer.byteLength(name) > maxIdentifierBytes && `is longer than ${maxIdentifierBytes} bytes`);
  return `"${name.replaceAll('"', '""')}"`;
}

/** A table's name with its schema. */
export function quoteTable(table: { readonly schema: string; readonly name: string }): string {
  return `${quoteIdent(table.schema)}.${quoteIdent(table.name)}`;
}

/** The rows of a table for FROM, UPDATE and DELETE: without those of inheriting tables, which are tables of their own. */
export function quoteRows(table: {
  readonly schema: string;
  readonly name: string;
  readonly partitioned: boolean;
}): string {
  return table.partitioned ? quoteTable(table) : `ONLY ${quoteTable(table)}`;
}

/** Text as a literal; the E form where it holds a backslash, so that it does not depend on a server setting. */
export function quoteLiteral(text: string): string {
  refuse(text, text.includes('\0') && 'contains a NUL character');
  refuse(text, !text.isWellFormed() && 'is not valid Unicode');
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}

function refuse(name: string, problem: string | false): void {
  if (!problem) return;
  const shown = JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
  throw new DroverError('INVALID_IDENTIFIER', `${shown} cannot be used in SQL: it ${problem}.`, { name });
}
