/** Rows of a database in words: how many, and the names of the first few. */
import type { RowName } from './plan-types.ts';

/** `1 row`, `2 rows`. */
export function rowCount(rows: number): string {
  return rows === 1 ? '1 row' : `${rows} rows`;
}

/** The first names and how many more there are: `Helpdesk, Sales bot and 3 more`. Empty without rows. */
export function firstNames(
  rows: readonly RowName[],
  { shown, total }: { shown: number; total: number },
): string {
  const unique = distinctRows(rows);
  const names = unique.slice(0, shown).map((row) => printable(rowLabel(row) + ofOwners(row)));
  const more = Math.max(total, unique.length) - names.length;
  if (names.length === 0) return '';
  return more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ');
}

/** Whose a row of several tenants is. */
function ofOwners({ owners = [] }: RowName): string {
  return owners.length === 0 ? '' : ` (of ${owners.join(', ')})`;
}

/** Each row once, although several steps may touch it. */
export function distinctRows(rows: readonly RowName[]): RowName[] {
  return [...new Map(rows.map((row) => [row.key, row])).values()];
}

/** What a person calls a row; its key where it has no name. */
export function rowLabel(row: RowName): string {
  return row.name === undefined || row.name.trim() === '' ? row.key : row.name;
}

/**
 * `text` for an operator's terminal. Names come from tenants, so control characters, and characters that turn the direction of
 * writing, are replaced by a visible mark.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\u{fffd}');
}
