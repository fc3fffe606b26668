/** Tables for people: no frame, so that they can be copied, and narrow enough for the terminal. */
import CliTable from 'cli-table3';
import { printable } from '../../engine/plan/row-text.ts';
import { wrapLine } from './wrap.ts';
import { csvText } from '../../csv.ts';
import type { Terminal } from './terminal.ts';

export interface TableContent {
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/**
 * Prints a list. Whoever watches gets a table. A pipe gets a row a line with tabs between the values, whatever their length, so that
 * `cut` and `awk` find them; with `csv` it is CSV with a line of names.
 */
export function showList(terminal: Terminal, content: TableContent, csv = false): void {
  if (csv) terminal.out(csvText(content.head, content.rows));
  else if (terminal.isShown) showTable(terminal, content);
  else showRows(terminal, content.rows);
}

/** A list that is written while it is made, so that it is never in memory. */
export interface ListInParts<Row, End = void> {
  readonly add: (row: Row) => void;
  readonly end: (rest: End) => void;
}

/** `showList` for programs, row by row. Nothing is written before the first row: what fails before it leaves no list. */
export function listInParts(
  { out }: Terminal,
  head: readonly string[],
  csv = false,
): ListInParts<TableContent['rows'][number]> {
  if (!csv) return { add: (row) => out(tabbed(row)), end: () => undefined };
  let before: TableContent['rows'][number] = head;
  return {
    add: (row) => {
      out(`${csvText(before, [])}\r`);
      before = row;
    },
    end: () => out(csvText(before, [])),
  };
}

function tabbed(row: TableContent['rows'][number]): string {
  return row.map((cell) => printable(String(cell))).join('\t');
}

/** Is a list printed as rows, for a program, and not as people read it? */
export function isForPrograms({ isShown }: Terminal, csv = false): boolean {
  return csv || !isShown;
}

const frameless = {
  top: '', 'top-mid': '', 'top-left': '', 'top-right': '',
  bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '',
  left: ' ', 'left-mid': '', mid: '', 'mid-mid': '',
  right: '', 'right-mid': '', middle: ' ',
}; // prettier-ignore

/**
 * Prints a table that is a part of a longer text; numbers to the right. A pipe gets the head and the rows, a line each, with tabs. On a
 * terminal what is too wide wraps between words. Where the columns cannot be that narrow, each row is a block with a line for each value,
 * because no name is cut in its middle.
 */
export function showTable(terminal: Terminal, { head, rows }: TableContent): void {
  const { out, style, width, isShown } = terminal;
  if (!isShown) return showRows(terminal, [head, ...rows]);
  const widths = columnWidths([head, ...rows], width);
  if (widths === undefined) return showBlocks(terminal, { head, rows });
  const table = new CliTable({
    chars: frameless,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 1, compact: true },
    colWidths: widths,
    colAligns: head.map((_, at) => (rows.some((row) => typeof row[at] === 'number') ? 'right' : 'left')),
    wordWrap: true,
    head: head.map(style.heading),
  });
  table.push(
    ...rows.map((row) => row.map((cell) => ({ content: printable(String(cell)), wrapOnWordBoundary: true }))),
  );
  for (const line of table.toString().split('\n')) out(line.trimEnd());
}

/** A row a line, whatever its length. */
function showRows({ out }: Terminal, rows: readonly TableRow[]): void {
  for (const row of rows) out(tabbed(row));
}

/** A row as `name  value` lines; a line without spaces is left to the terminal. */
function showBlocks({ out, style, width }: Terminal, { head, rows }: TableContent): void {
  for (const [at, row] of rows.entries()) {
    if (at > 0) out();
    for (const [column, cell] of row.entries()) {
      const text = printable(String(cell));
      if (text !== '')
        for (const line of wrapLine(` ${style.heading(head.at(column) ?? '')} ${text}`, width)) out(line);
    }
  }
}

type TableRow = readonly (string | number)[];

/** As wide as the content; what is too much is taken from the widest columns. Undefined where their longest words are too wide. */
function columnWidths(rows: readonly TableRow[], width: number): number[] | undefined {
  const count = rows[0]?.length ?? 0;
  const widest = (lengthOf: (text: string) => number): number[] =>
    Array.from(
      { length: count },
      (_, at) => Math.max(...rows.map((row) => lengthOf(printable(String(row[at] ?? ''))))) + 1,
    );
  const widths = widest((text) => text.length);
  const least = widest((text) => Math.max(...text.split(' ').map((word) => word.length)));
  const available = width - count - 1;
  for (let excess = sum(widths) - available; excess > 0; excess = sum(widths) - available) {
    const room = widths.map((wide, at) => wide - (least[at] ?? 0));
    const widestOne = widths.reduce(
      (best, wide, at) => ((room[at] ?? 0) > 0 && wide > (widths[best] ?? 0) ? at : best),
      room.findIndex((each) => each > 0),
    );
    if (widestOne < 0) return undefined;
    widths[widestOne] = (widths[widestOne] ?? 0) - Math.min(excess, room[widestOne] ?? 0);
  }
  return widths;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
