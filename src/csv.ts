/** Rows as CSV (RFC 4180). */
import { stringify } from 'csv-stringify/sync';

type CsvRow = readonly (string | number)[];

/**
 * A line of names, then a line for each row, without an end after the last. A program that opens CSV takes what begins like a formula
 * for one, so that gets a quote before it. A number is none.
 */
export function csvText(head: CsvRow, rows: readonly CsvRow[]): string {
  return stringify([head, ...rows], {
    cast: { number: (value) => ({ value: String(value), escape_formulas: false }) },
    escape_formulas: true,
    eof: false,
    quoted_match: /[\r\n]/,
    record_delimiter: 'windows',
  });
}
