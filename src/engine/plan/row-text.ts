/** Rows of a database in words: how many, and the names of the first few. */
import type { RowName, Step } from './plan-types.ts';

/** `1 row`, `2 rows`; `2 removed rows` of some kind. */
export function rowCount(rows: number, kind?: string): string {
  const word = kind === undefined ? '' : `${kind} `;
  return rows === 1 ? `1 ${word}row` : `${rows} ${word}rows`;
}

/** `1 row stays`, `2 rows stay`: what so many do. */
export function verbOf(rows: number, verb: string): string {
  if (rows !== 1) return verb;
  return { have: 'has', are: 'is' }[verb] ?? `${verb}s`;
}

/** `1 row change`, `2 row changes`: what a step does to a row. A row that two steps change counts twice. */
export function changeCount(changes: number): string {
  return changes === 1 ? '1 row change' : `${changes} row changes`;
}

/** How many rows: at least, and at most. Both are the same where that is known. */
interface RowSpan {
  readonly least: number;
  readonly most: number;
}

/** `5`, or `5 to 7`. */
export function spanText({ least, most }: RowSpan): string {
  return least === most ? String(least) : `${least} to ${most}`;
}

/**
 * How many rows some steps change, each row once. Which rows a document step and a column step have in common is known where all of
 * them are named, and where they are the same ones.
 */
export function touchedRows(steps: readonly Step[]): RowSpan {
  const spans = [...Map.groupBy(steps, ({ table }) => table).values()].map(touchedOfTable);
  return spans.reduce((sum, { least, most }) => ({ least: sum.least + least, most: sum.most + most }), {
    least: 0,
    most: 0,
  });
}

/** Steps on columns of a table have no row in common; each step on documents may share some with them and with each other. */
function touchedOfTable(steps: readonly Step[]): RowSpan {
  const sets = [...Map.groupBy(steps, (step) => ('column' in step ? step.column : '')).values()].map(
    (alike) => ({
      rows: alike.reduce((sum, { expected }) => sum + expected, 0),
      names: alike.flatMap(({ rows }) => rows.map(({ key }) => key)),
      digests: alike.map(({ digest }) => digest).filter((digest) => digest !== ''),
    }),
  );
  const different = new Map(
    sets.map((set) => [set.digests.length === 0 ? set : `${set.rows} ${set.digests.join(' ')}`, set]),
  );
  const [named, others] = [...different.values()].reduce<[Set<string>, number[]]>(
    ([keys, rest], { rows, names }) =>
      rows === names.length ? [new Set([...keys, ...names]), rest] : [keys, [...rest, rows]],
    [new Set(), []],
  );
  return {
    least: Math.max(named.size, ...others),
    most: others.reduce((sum, rows) => sum + rows, named.size),
  };
}

/** The first names and how many more there are: `Helpdesk, Sales bot and 3 more`. Empty without rows. */
export function firstNames(
  rows: readonly RowName[],
  { shown, total }: { readonly shown: number; readonly total: number | RowSpan },
): string {
  const names = rows.slice(0, shown).map((row) => printable(rowLabel(row) + ofOwners(row)));
  if (names.length === 0) return '';
  const { least, most } = typeof total === 'number' ? { least: total, most: total } : total;
  const more = { least: Math.max(least, rows.length) - names.length, most: most - names.length };
  return more.most > 0 ? `${names.join(', ')} and ${spanText(more)} more` : names.join(', ');
}

/** Whose a row of several tenants is. */
function ofOwners({ owners = [] }: RowName): string {
  return owners.length === 0 ? '' : ` (of ${owners.join(', ')})`;
}

/** The rows that steps name, each once, although several steps may change it. */
export function namedRows(steps: readonly Step[]): RowName[] {
  const rows = steps.flatMap(({ table, rows: named }) =>
    named.map((row) => [JSON.stringify([table, row.key]), row] as const),
  );
  return [...new Map(rows).values()];
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
