/** Tables for people: no frame, so that they can be copied, and narrow enough for the terminal. */
import CliTable from 'cli-table3';
import { printable } from '../../engine/plan/row-text.ts';
import type { Terminal } from './terminal.ts';

interface TableContent {
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

const frameless = {
  top: '', 'top-mid': '', 'top-left': '', 'top-right': '',
  bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '',
  left: ' ', 'left-mid': '', mid: '', 'mid-mid': '',
  right: '', 'right-mid': '', middle: ' ',
}; // prettier-ignore

/** Prints a table as data; numbers to the right, the last column wraps where the terminal ends. */
export function showTable({ out, style, width }: Terminal, { head, rows }: TableContent): void {
  const widths = columnWidths([head, ...rows], width);
  const table = new CliTable({
    chars: frameless,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 1, compact: true },
    colWidths: widths,
    colAligns: head.map((_, at) => (rows.some((row) => typeof row[at] === 'number') ? 'right' : 'left')),
    wordWrap: true,
    head: head.map(style.heading),
  });
  table.push(...rows.map((row) => row.map((cell, at) => cellOf(printable(String(cell)), widths[at] ?? 0))));
  for (const line of table.toString().split('\n')) out(line.trimEnd());
}

/** A word that is longer than its column goes on in the next line; cutting it would hide what it names. */
function cellOf(content: string, width: number): { content: string; wrapOnWordBoundary: boolean } {
  const longest = Math.max(0, ...content.split(' ').map((word) => word.length));
  return { content, wrapOnWordBoundary: longest < width };
}

/** As wide as the content; what is too much is taken from the widest column. */
function columnWidths(rows: readonly (readonly (string | number)[])[], width: number): number[] {
  const count = rows[0]?.length ?? 0;
  const widths = Array.from(
    { length: count },
    (_, at) => Math.max(...rows.map((row) => String(row[at] ?? '').length)) + 1,
  );
  const available = width - count - 1;
  for (let excess = sum(widths) - available; excess > 0; excess = sum(widths) - available) {
    const widest = widths.indexOf(Math.max(...widths));
    const narrowed = Math.max(12, (widths[widest] ?? 0) - excess);
    if (narrowed === widths[widest]) break;
    widths[widest] = narrowed;
  }
  return widths;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
