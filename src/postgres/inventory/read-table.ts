/**
 * Reads one table and counts what it names. On a server rows arrive by COPY: each value is looked at as the bytes that came, and only
 * one that may name a term becomes a text and is taken apart. The embedded engine gives rows by a cursor. Memory does not grow with the
 * table.
 */
import type { Occurrence } from '../../engine/inventory/occurrence.ts';
import { Tally } from '../../engine/inventory/tally.ts';
import type { SievedMatcher } from '../../engine/inventory/matcher.ts';
import { firstFetch, nextFetch } from '../driver/cursors.ts';
import type { Tx } from '../driver/database.ts';
import { copySql, rowsSql } from './read-query.ts';
import type { PageRange, ReadQuery } from './read-query.ts';

export interface TableReader {
  readonly matcher: SievedMatcher;
  readonly samples: number;
  /** Told of each row as it arrives. @throws to stop */
  readonly onRow: (bytes: number) => void;
}

export interface TableReading {
  readonly occurrences: () => Occurrence[];
  /** Reads a range of its pages; several connections may do that at once. */
  readonly work: (tx: Tx, range: PageRange) => Promise<void>;
}

/** A reading that has not begun. What is known so far can be asked for at any time. */
export function prepareReading(query: ReadQuery, reader: TableReader): TableReading {
  const { table, search } = query;
  const columns = table.columns.map(({ name, kind }) => ({ name, kind, isLink: search.isLink(name) }));
  const { matcher, samples } = reader;
  const tally = new Tally({ table: table.id, columns, matcher, samples });
  const { copied, fetched } = rowReader(query, reader, tally);
  return {
    occurrences: () => tally.occurrences(),
    work: (tx, range) =>
      tx.copyOut === undefined
        ? readByCursor(tx, rowsSql(query, range), fetched)
        : tx.copyOut(copySql(query, range), readCopiedRows(copied)),
  };
}

interface RowReader {
  readonly copied: (row: CopiedRow) => void;
  readonly fetched: (row: FetchedRow) => void;
}

type FetchedRow = Readonly<Record<string, string | null>>;

function rowReader(
  { table }: ReadQuery,
  { matcher: { sieve }, onRow }: TableReader,
  tally: Tally,
): RowReader {
  const isBytea = table.columns.map(({ kind }) => kind.startsWith('bytea'));
  const mayName = (bytes: Buffer, start: number, end: number): boolean =>
    sieve === undefined || sieve(bytes, start, end);
  /** The value as a text, where it may name a term. Bytes are printed as digits, in which no name can be seen. */
  const hopeful = (value: string, at: number): string | null => {
    const text = isBytea[at] === true ? bytesOf(value) : value;
    const bytes = Buffer.from(text);
    return mayName(bytes, 0, bytes.length) ? text : null;
  };
  return {
    copied: ({ bytes, starts, ends, size }) => {
      onRow(size);
      let cells: (string | null)[] | undefined;
      for (let at = 0; at < isBytea.length; at += 1) {
        const [start = 0, end = 0] = [starts[at + 1], ends[at + 1]];
        if (end < start || !(isBytea[at] === true || mayName(bytes, start, end))) continue;
        const text = bytes.toString('utf8', start, end);
        const cell = isBytea[at] === true ? hopeful(text, at) : text;
        if (cell !== null) (cells ??= isBytea.map(() => null))[at] = cell;
      }
      if (cells !== undefined) tally.add(() => bytes.toString('utf8', starts[0], ends[0]), cells);
    },
    fetched: (row) => {
      const values = table.columns.map((_, at) => row[`c${at}`] ?? null);
      onRow(values.reduce((sum, value) => sum + (value?.length ?? 0), 0));
      const cells = values.map((value, at) => (value === null ? null : hopeful(value, at)));
      if (cells.some((cell) => cell !== null)) tally.add(() => row.k ?? '', cells);
    },
  };
}

/** What is no ASCII is no letter either: in bytes nobody knows of what encoding they are. */
function textOfBytes(digits: string): string {
  return Buffer.from(digits, 'hex')
    .toString('latin1')
    .replaceAll(/[\x80-\xff]/g, '\ufffd');
}

/** `\x…` as one character for each byte; in a list as an element in quotes, in which two characters have a backslash before them. */
function bytesOf(text: string): string {
  if (text.startsWith(String.raw`\x`)) return textOfBytes(text.slice(2));
  return text.replaceAll(/\\\\x([0-9a-f]*)/g, (_, digits: string) =>
    textOfBytes(digits).replaceAll(/["\\]/g, String.raw`\$&`),
  );
}

async function readByCursor(tx: Tx, sql: string, fetched: RowReader['fetched']): Promise<void> {
  await tx.batches<FetchedRow>({ sql, params: [], size: firstFetch }, async (rows) => {
    for (const row of rows) fetched(row);
    // A signal is heard between two batches.
    await new Promise((resolve) => void setImmediate(resolve));
    return nextFetch(rows, sizeOf);
  });
}

function sizeOf(row: FetchedRow): number {
  return Object.values(row).reduce((sum, value) => sum + (value?.length ?? 0), 0);
}

/*
 * Rows as COPY writes them in its binary form: a signature, then for each row the number of its fields and each field with its length
 * before it. Nothing is escaped, so that the server writes it faster than its text form, and a field can be looked at where it lies.
 */

/** Where the fields of a row lie within the bytes that came. It is the next row once the function that is given it has returned. */
interface CopiedRow {
  readonly bytes: Buffer;
  readonly starts: readonly number[];
  /** Where a field is NULL this is before its start. */
  readonly ends: readonly number[];
  /** Of the whole row. */
  readonly size: number;
}

/** Takes the messages of one COPY in their order, each of them whole rows, and hands over row by row. */
function readCopiedRows(visit: (row: CopiedRow) => void): (message: Buffer) => void {
  const row = {
    bytes: Buffer.alloc(0) as Buffer,
    starts: Array.of<number>(),
    ends: Array.of<number>(),
    size: 0,
  };
  let isFirst = true;
  return (bytes) => {
    row.bytes = bytes;
    for (let at = isFirst ? headerLength(bytes) : 0; at < bytes.length; at += row.size) {
      row.size = readFields(bytes, at, row);
      if (row.size === 0) break;
      visit(row);
    }
    isFirst = false;
  };
}

/** Eleven bytes of signature, four of flags, and an extension behind its length. */
function headerLength(bytes: Buffer): number {
  return 19 + bytes.readInt32BE(15);
}

/** @returns how long the row is; 0 behind the last one. */
function readFields(
  bytes: Buffer,
  start: number,
  { starts, ends }: { readonly starts: number[]; readonly ends: number[] },
): number {
  const fields = bytes.readInt16BE(start);
  if (fields < 0) return 0;
  let at = start + 2;
  for (let field = 0; field < fields; field += 1) {
    const length = bytes.readInt32BE(at);
    at += 4;
    starts[field] = at;
    ends[field] = at + length;
    at += Math.max(0, length);
  }
  return at - start;
}
