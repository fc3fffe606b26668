/** Rows as CSV (RFC 4180). */

type CsvRow = readonly (string | number)[];

/** A line of names, then a line for each row. */
export function csvText(head: CsvRow, rows: readonly CsvRow[]): string {
  return [head, ...rows].map((line) => line.map(csvField).join(',')).join('\r\n');
}

/** A program that opens CSV takes what begins like a formula for one, so that gets a quote before it. A number is none. */
function csvField(cell: string | number): string {
  if (typeof cell === 'number') return String(cell);
  const text = cell;
  const safe = /^[=+@\t\r-]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
