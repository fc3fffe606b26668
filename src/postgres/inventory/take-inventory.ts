/**
 * An inventory in transactions of its own. The first one decides what there is to read and exports its snapshot; the others, on a
 * server, begin with that snapshot and share the work: tables, and pieces of large ones. Each is REPEATABLE READ and READ ONLY.
 */
import type { Opening } from '../driver/opening.ts';
import { availableParallelism } from 'node:os';
import { DroverError } from '../../errors.ts';
import type { Database, Tx } from '../driver/database.ts';
import { quoteLiteral } from '../sql/identifiers.ts';
import { finishInventory, prepareInventory } from './inventory.ts';
import type { Inventory, InventoryRequest, PreparedInventory } from './inventory.ts';
import type { InventoryProgress } from './progress.ts';
import { readPieces } from './read-tables.ts';

interface InventoryWatch {
  /** Called about five times a second. */
  readonly onProgress?: (progress: InventoryProgress) => void;
  /** Resolves when somebody wants it to stop; `stopped` of the request says so, too. */
  readonly stop?: Promise<void>;
}

/** A table that somebody holds is named after ten seconds; reading itself may take as long as it takes. */
const opening: Opening = {
  isolation: 'repeatable read',
  readOnly: true,
  settings: [
    'SET LOCAL lock_timeout = 10000',
    'SET LOCAL statement_timeout = 0',
    'SET LOCAL idle_in_transaction_session_timeout = 0',
  ],
};

export async function takeInventory(
  database: Database,
  request: InventoryRequest,
  watch: InventoryWatch = {},
): Promise<Inventory> {
  const reading = new InventoryReading(database, watch);
  const others = reading.others();
  // Whoever waits for the first one hears of it.
  others.catch(() => undefined);
  void watch.stop?.then(() => reading.cancel());
  try {
    return await database.transaction(opening, (tx) => reading.first(tx, request, others));
  } catch (error) {
    reading.shared.resolve(undefined);
    const known = reading.keptAfter(error);
    if (known === undefined) throw error;
    return known;
  } finally {
    // It must not reach what runs on these connections next.
    await reading.cancelled();
  }
}

interface Shared {
  readonly prepared: PreparedInventory;
  readonly snapshot: string;
}

class InventoryReading {
  readonly #database: Database;
  readonly #watch: InventoryWatch;
  /** Server processes that read just now. */
  readonly #busy = new Set<number>();
  #cancelling: Promise<void> | undefined;
  /** What the other transactions need; undefined where there are none. */
  readonly shared = Promise.withResolvers<Shared | undefined>();
  #prepared: PreparedInventory | undefined;

  constructor(database: Database, watch: InventoryWatch) {
    this.#database = database;
    this.#watch = watch;
  }

  async first(tx: Tx, request: InventoryRequest, others: Promise<void>): Promise<Inventory> {
    const prepared = await prepareInventory(tx, request, readersAtMost(this.#database));
    this.#prepared = prepared;
    const stopProgress = reportProgress(prepared, this.#watch);
    try {
      const snapshot = await exportSnapshot(this.#database, tx);
      this.shared.resolve(snapshot === undefined ? undefined : { prepared, snapshot });
      await this.#read(tx, prepared);
      // The snapshot lives as long as this transaction.
      await others;
      return finishInventory(prepared);
    } finally {
      stopProgress();
    }
  }

  /** Begun outside the first transaction: those of one database do not nest. */
  async others(): Promise<void> {
    const shared = await this.shared.promise;
    if (shared === undefined) return;
    const more = Math.max(0, Math.min(readersAtMost(this.#database), shared.prepared.queue.length) - 1);
    await Promise.all(Array.from({ length: more }, () => this.#join(shared)));
  }

  async #join({ prepared, snapshot }: Shared): Promise<void> {
    // Before anything is asked.
    const settings = [`SET TRANSACTION SNAPSHOT ${quoteLiteral(snapshot)}`];
    await this.#database.transaction({ ...opening, settings }, (tx) => this.#read(tx, prepared));
  }

  async #read(tx: Tx, { queue, stopped }: PreparedInventory): Promise<void> {
    const pid = this.#database.engine === 'server' ? await backendOf(tx) : 0;
    this.#busy.add(pid);
    try {
      await readPieces(tx, queue, stopped);
    } finally {
      this.#busy.delete(pid);
    }
  }

  /** What is read just now ends at once and not with its table. Where that fails it ends with the next row. */
  cancel(): Promise<void> {
    this.#cancelling ??= this.#cancelAll();
    return this.#cancelling;
  }

  /** Nothing of a cancelling, where one has begun, is under way any more. */
  async cancelled(): Promise<void> {
    await this.#cancelling;
  }

  async #cancelAll(): Promise<void> {
    const pids = [...this.#busy];
    if (this.#database.engine === 'embedded' || pids.length === 0) return;
    const sql = 'SELECT pg_catalog.pg_cancel_backend(pid) FROM unnest($1::int[]) AS pid';
    await this.#database.transaction({}, (tx) => tx.many(sql, [pids])).catch(() => undefined);
  }

  /** Cancelling may meet a statement between two tables: then the transaction is over, and what was read is still known. */
  keptAfter(error: unknown): Inventory | undefined {
    const cancelled =
      error instanceof DroverError && ['STATEMENT_TIMEOUT', 'TRANSACTION_ABORTED'].includes(error.code);
    if (this.#prepared === undefined || !cancelled || !this.#prepared.stopped()) return undefined;
    return finishInventory(this.#prepared);
  }
}

/** Each reader keeps one processor of the server busy; one thread here reads what they send. The embedded engine has one connection. */
function readersAtMost({ engine }: Database): number {
  return engine === 'embedded' ? 1 : Math.max(1, Math.min(4, availableParallelism()));
}

/** Undefined where one reader has to do. */
async function exportSnapshot(database: Database, tx: Tx): Promise<string | undefined> {
  if (readersAtMost(database) === 1) return undefined;
  const { snapshot } = await tx.one<{ snapshot: string }>(
    'SELECT pg_catalog.pg_export_snapshot() AS snapshot',
  );
  return snapshot;
}

async function backendOf(tx: Tx): Promise<number> {
  const { pid } = await tx.one<{ pid: number }>('SELECT pg_catalog.pg_backend_pid() AS pid');
  return pid;
}

function reportProgress(prepared: PreparedInventory, { onProgress }: InventoryWatch): () => void {
  if (onProgress === undefined) return () => undefined;
  const timer = setInterval(() => onProgress(prepared.progress()), 200);
  return () => clearInterval(timer);
}
