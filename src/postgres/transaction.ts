/**
 * The protocol of a transaction, the same for both engines: opening, statements one after the other, COMMIT that
 * is proved to be one, ROLLBACK after any error, and a Tx that is dead afterwards. A statement that arrives late
 * would otherwise run in the next caller's transaction, which may belong to another tenant.
 */
import type { AsyncLocalStorage } from 'node:async_hooks';
import { DroverError } from '../errors.ts';
import { atMostOne, exactlyOne } from './database.ts';
import type { BatchQuery, Tx } from './database.ts';
import { translate } from './errors.ts';
import { encodeParameter } from './values.ts';

/** What an adapter does for one connection; values are in text form, results already decoded. */
export interface Connection {
  query(sql: string, params: readonly (string | null)[]): Promise<{ rows: object[]; affected: number }>;
  /** Several statements; resolves to the last command tag, such as COMMIT. */
  script(sql: string): Promise<string>;
  /** It could not be taken out of its transaction, so nobody may use it again. */
  abandon(): void;
}

/** Marks the work that runs inside a transaction, one per Database. */
export type Nesting = AsyncLocalStorage<{ open: boolean }>;

/** Refuses a transaction inside a transaction of the same Database, where it would wait for itself. */
export function refuseNesting(nesting: Nesting): void {
  if (!nesting.getStore()?.open) return;
  throw new DroverError(
    'NESTED_TRANSACTION',
    'A transaction cannot be begun inside another one of the same database: use the one that is open.',
  );
}

/** Runs `work` between `opening` and COMMIT on a connection that is in no transaction. */
export async function runTransaction<T>(
  connection: Connection,
  nesting: Nesting,
  opening: string,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const state = { open: true };
  const statements = new Statements(connection, state);
  try {
    await statements.begin(opening);
    const result = await nesting.run(state, () => work(statements));
    await statements.settle();
    state.open = false;
    await commit(connection);
    return result;
  } catch (error) {
    state.open = false;
    await statements.settle();
    // The error of the work is what the caller has to see, also when the connection is gone.
    await connection.script('ROLLBACK').catch(() => connection.abandon());
    throw error;
  }
}

/** COMMIT of a transaction in which a statement failed is a ROLLBACK that reports success: the tag tells. */
async function commit(connection: Connection): Promise<void> {
  const tag = await translated('COMMIT', () => connection.script('COMMIT'));
  if (tag === 'COMMIT') return;
  throw new DroverError(
    'TRANSACTION_ABORTED',
    'Nothing was saved: a statement of this transaction had failed before its end.',
  );
}

async function translated<T>(statement: string, send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    throw translate(error, { statement });
  }
}

const transactionControl =
  /^\s*(begin|start\s+transaction|commit|end|abort|prepare\s+transaction|rollback(?!\s+(work\s+|transaction\s+)?to\b))\b/i;

class Statements implements Tx {
  readonly #connection: Connection;
  readonly #state: { open: boolean };
  #cursors = 0;
  /** The statement under way: a connection carries one at a time, also when the caller starts several. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(connection: Connection, state: { open: boolean }) {
    this.#connection = connection;
    this.#state = state;
  }

  async begin(opening: string): Promise<void> {
    if (!/^\s*begin\b/i.test(opening)) {
      throw new DroverError('INTERNAL', 'A transaction must be opened by a message that begins with BEGIN.');
    }
    await translated(opening, () => this.#connection.script(opening));
  }

  /** Resolves when no statement is under way, whether or not it succeeded. */
  async settle(): Promise<void> {
    await this.#last.catch(() => undefined);
  }

  async many<R extends object>(sql: string, params: readonly unknown[] = []): Promise<R[]> {
    const { rows } = await this.#query(sql, params);
    return rows as R[];
  }

  async one<R extends object>(sql: string, params: readonly unknown[] = []): Promise<R> {
    return exactlyOne(await this.many<R>(sql, params), sql);
  }

  async maybeOne<R extends object>(sql: string, params: readonly unknown[] = []): Promise<R | undefined> {
    return atMostOne(await this.many<R>(sql, params), sql);
  }

  async run(sql: string, params: readonly unknown[] = []): Promise<number> {
    const { affected } = await this.#query(sql, params);
    return affected;
  }

  async script(sql: string): Promise<void> {
    await this.#send(sql, () => this.#connection.script(sql));
  }

  once<T>(_name: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    return work(this);
  }

  /** Through a cursor: all batches see the table as it was when the first one was read. */
  async batches<R extends object>(query: BatchQuery, visit: (rows: R[]) => Promise<number>): Promise<void> {
    const cursor = `drover_batches_${(this.#cursors += 1)}`;
    await this.run(`DECLARE ${cursor} NO SCROLL CURSOR FOR ${query.sql}`, query.params);
    for (let size = query.size; ;) {
      const rows = await this.many<R>(`FETCH ${size} FROM ${cursor}`);
      const next = rows.length === 0 ? size : await visit(rows);
      if (rows.length < size) break;
      size = next;
    }
    await this.run(`CLOSE ${cursor}`);
  }

  #query(sql: string, params: readonly unknown[]): Promise<{ rows: object[]; affected: number }> {
    return this.#send(sql, () => this.#connection.query(sql, params.map(encodeParameter)));
  }

  #send<T>(sql: string, send: () => Promise<T>): Promise<T> {
    const result = this.#last.then(() => {
      this.#refuse(sql);
      return translated(sql, send);
    });
    this.#last = result.catch(() => undefined);
    return result;
  }

  #refuse(sql: string): void {
    const data = { statement: sql };
    if (!this.#state.open) {
      throw new DroverError('INTERNAL', 'A statement arrived after the end of its transaction.', data);
    }
    if (transactionControl.test(sql)) {
      throw new DroverError('INTERNAL', 'Only the transaction itself begins, commits and rolls back.', data);
    }
  }
}
