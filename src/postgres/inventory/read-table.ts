/**
 * Reads one table and counts what it names. On a server rows arrive by COPY: each is looked at as raw bytes first, and only one that
 * may name a term is taken apart. The embedded engine gives rows by a cursor. Memory does not grow with the table.
 */
import type { Occurrence } from '../../engine/inventory/occurrence.ts';
import { Tally } from '../../engine/inventory/tally.ts';
import type { Matcher } from '../../engine/inventory/matcher.ts';
import { firstFetch, nextFetch } from '../driver/cursors.ts';
import type { Tx } from '../driver/database.ts';
import { readCopiedRow } from './copied-row.ts';
import { copySql, rowsSql } from './read-query.ts';
import type { ReadQuery } from './read-query.ts';

export interface Reader {
  readonly matcher: Matcher;
  /** Holds for every raw row that names a term; undefined where each row has to be taken apart. */
  readonly rough: ((raw: string) => boolean) | undefined;
  readonly samples: number;
  /** Told of each row as it arrives. @throws to stop */
  readonly onRow: (bytes: number) => void;
}

export interface TableReading {
  readonly occurrences: () => Occurrence[];
  readonly work: (tx: Tx) => Promise<void>;
}

/** Not begun; what is known so far can be asked for at any time. */
export function prepareReading(query: ReadQuery, reader: Reader): TableReading {
  const { table, search } = query;
  const columns = table.columns.map(({ name, kind }) => ({ name, kind, isLink: search.isLink(name) }));
  const { matcher, samples } = reader;
  const tally = new Tally({ table: table.id, columns, matcher, samples });
  const cells = cellReader(query, reader, tally);
  return {
    occurrences: () => tally.occurrences(),
    work: (tx) =>
      tx.copyOut === undefined ? readByCursor(tx, query, cells) : tx.copyOut(copySql(query), cells.copied),
  };
}

interface CellReader {
  readonly copied: (row: Buffer) => void;
  readonly fetched: (row: FetchedRow) => void;
}

type FetchedRow = Readonly<Record<string, string | null>>;

function cellReader({ table, search }: ReadQuery, { rough, onRow }: Reader, tally: Tally): CellReader {
  const bytea = new Set(table.columns.flatMap(({ kind }, at) => (kind.startsWith('bytea') ? [at] : [])));
  // What the server has searched is searched once.
  const first = search.way === 'terms' ? undefined : rough;
  const add = (key: string, values: readonly (string | null | undefined)[]): void => {
    const cells = values.map((value, at) =>
      bytea.has(at) && typeof value === 'string' ? bytesOf(value) : value,
    );
    const hopeful = cells.map((cell) => (typeof cell === 'string' && rough?.(cell) !== false ? cell : null));
    if (hopeful.some((cell) => cell !== null)) tally.add(key, hopeful);
  };
  return {
    copied: (row) => {
      onRow(row.length);
      // Bytes are printed as digits, in which no name can be seen.
      if (bytea.size === 0 && first?.(row.toString('latin1')) === false) return;
      const [key, ...values] = readCopiedRow(row.toString('utf8'));
      add(key ?? '', values);
    },
    fetched: (row) => {
      const values = table.columns.map((_, at) => row[`c${at}`]);
      onRow(values.reduce((sum, value) => sum + (value?.length ?? 0), 0));
      add(row.k ?? '', values);
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

async function readByCursor(tx: Tx, query: ReadQuery, { fetched }: CellReader): Promise<void> {
  await tx.batches<FetchedRow>({ sql: rowsSql(query), params: [], size: firstFetch }, async (rows) => {
    for (const row of rows) fetched(row);
    // A signal is heard between two batches.
    await new Promise((resolve) => void setImmediate(resolve));
    return nextFetch(rows, sizeOf);
  });
}

function sizeOf(row: FetchedRow): number {
  return Object.values(row).reduce((sum, value) => sum + (value?.length ?? 0), 0);
}
