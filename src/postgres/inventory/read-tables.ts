/**
 * Reads tables, the large ones in pieces, one after the other on one connection; several connections share the list. What fails is
 * named, and the others are read all the same.
 */
import { backToSavepoint } from '../driver/question.ts';
import type { Occurrence, UnreadObject } from '../../engine/inventory/occurrence.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import type { ReadingProgress, TableProgress } from './progress.ts';
import { isSampled, pageRanges } from './read-query.ts';
import type { PageRange, ReadQuery } from './read-query.ts';
import { prepareReading } from './read-table.ts';
import type { TableReader, TableReading } from './read-table.ts';

/** What was read of a table. */
export interface TableRead {
  readonly table: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sampled: boolean;
}

interface Readers extends Omit<TableReader, 'onRow'> {
  readonly progress: ReadingProgress;
  /** Does somebody want it to stop? */
  readonly stopped: () => boolean;
}

/** Some pages of a table. */
export interface Piece {
  readonly table: OpenTable;
  readonly range: PageRange;
}

/** Leaves the reading of a table; never leaves this file. */
class ReadingStopped extends Error {}

/** A table and what is known of it so far, whoever reads its pieces. */
export class OpenTable {
  readonly #query: ReadQuery;
  readonly #readers: Readers;
  readonly #reading: TableReading;
  readonly #ranges: readonly PageRange[];
  #progress: TableProgress | undefined;
  #left: number;
  #failure: { readonly error: unknown } | undefined;

  /** @param connections that share the work */
  constructor(query: ReadQuery, readers: Readers, connections: number) {
    this.#query = query;
    this.#readers = readers;
    this.#ranges = pageRanges(query, connections);
    this.#left = this.#ranges.length;
    this.#reading = prepareReading(query, { ...readers, onRow: (bytes) => this.#row(bytes) });
  }

  pieces(): Piece[] {
    return this.#ranges.map((range) => ({ table: this, range }));
  }

  #row(bytes: number): void {
    if (this.#readers.stopped()) throw new ReadingStopped();
    this.#progress?.row(bytes);
  }

  async read(tx: Tx, range: PageRange): Promise<void> {
    this.#progress ??= this.#readers.progress.open(this.#query.table);
    await tx.script('SAVEPOINT drover_table');
    try {
      await this.#reading.work(tx, range);
      this.#left -= 1;
    } catch (error) {
      if (isFatal(error)) throw error;
      if (!this.#readers.stopped()) this.#failure ??= { error };
      await tx.ask(backToSavepoint('drover_table'));
    }
    if (this.#left === 0) this.#progress.close();
    await tx.script('RELEASE SAVEPOINT drover_table');
  }

  occurrences(): Occurrence[] {
    return this.#reading.occurrences();
  }

  /** What was read; undefined where nobody began. */
  seen(): TableRead | undefined {
    if (this.#progress === undefined) return undefined;
    const { table } = this.#query;
    return {
      table: table.id,
      rows: this.#progress.rows(),
      bytes: table.bytes,
      sampled: isSampled(this.#query),
    };
  }

  /** Why not all of it was read. */
  gap(): UnreadObject | undefined {
    const { table } = this.#query;
    if (this.#failure !== undefined)
      return { gap: 'failed', object: table.id, message: this.#failed(this.#failure.error) };
    if (this.#left === 0) return undefined;
    return { gap: 'stopped', object: table.id, message: this.#stopped() };
  }

  #failed(error: unknown): string {
    const rows = this.#progress?.rows() ?? 0;
    const reason = error instanceof Error ? error.message : String(error);
    return `It could not be read: ${reason}${rows === 0 ? '' : ` After ${rows} rows.`}`;
  }

  #stopped(): string {
    if (this.#progress === undefined) return 'It was not read any more.';
    const rows = this.#progress.rows();
    const { estimate } = this.#query.table;
    return `${rows}${estimate > 0 ? ` of about ${Math.max(rows, Math.round(estimate))}` : ''} rows were read.`;
  }
}

/** Takes pieces from the list until it is empty or somebody stops. */
export async function readPieces(tx: Tx, queue: Piece[], stopped: () => boolean): Promise<void> {
  await tx.script(`SET LOCAL bytea_output = 'hex'`);
  for (let piece = queue.shift(); piece !== undefined && !stopped(); piece = queue.shift())
    await piece.table.read(tx, piece.range);
}

/** Without a connection nothing else can be read either. */
function isFatal(error: unknown): boolean {
  return error instanceof DroverError && (error.code === 'DATABASE_UNREACHABLE' || error.code === 'INTERNAL');
}
