/** How far a reading is, in bytes of the tables on disk: what arrives differs from that, so rows are compared with the estimate. */
import type { ReadTable } from './relations.ts';

export interface InventoryProgress {
  /** Of the tables on disk. */
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly tables: number;
  readonly doneTables: number;
  /** What is read just now. */
  readonly reading: readonly string[];
  /** Undefined at the beginning, when nobody can say. */
  readonly leftMs?: number;
}

interface TableCount {
  readonly table: ReadTable;
  rows: number;
  bytes: number;
}

export interface TableProgress {
  /** To be called for each row. */
  readonly row: (bytes: number) => void;
  readonly rows: () => number;
  readonly close: () => void;
}

export class ReadingProgress {
  readonly #tables: readonly ReadTable[];
  readonly #now: () => number;
  readonly #begin: number;
  readonly #open = new Set<TableCount>();
  #doneBytes = 0;
  #doneTables = 0;

  constructor(tables: readonly ReadTable[], now: () => number) {
    this.#tables = tables;
    this.#now = now;
    this.#begin = now();
  }

  open(table: ReadTable): TableProgress {
    const open: TableCount = { table, rows: 0, bytes: 0 };
    this.#open.add(open);
    return {
      row: (bytes) => {
        open.rows += 1;
        open.bytes += bytes;
      },
      rows: () => open.rows,
      close: () => {
        this.#open.delete(open);
        this.#doneBytes += table.bytes;
        this.#doneTables += 1;
      },
    };
  }

  state(): InventoryProgress {
    const totalBytes = this.#tables.reduce((sum, { bytes }) => sum + bytes, 0);
    const doneBytes = Math.round(
      this.#doneBytes + [...this.#open].reduce((sum, open) => sum + doneOf(open), 0),
    );
    const elapsedMs = this.#now() - this.#begin;
    const known = elapsedMs > 1000 && doneBytes > totalBytes / 200;
    return {
      doneBytes,
      totalBytes,
      tables: this.#tables.length,
      doneTables: this.#doneTables,
      reading: [...this.#open].map(({ table }) => table.id),
      ...(known ? { leftMs: Math.round((elapsedMs * (totalBytes - doneBytes)) / doneBytes) } : {}),
    };
  }
}

function doneOf({ table, rows, bytes }: TableCount): number {
  const share = table.estimate > 0 ? rows / table.estimate : bytes / Math.max(1, table.bytes);
  return table.bytes * Math.min(1, share);
}
