/**
 * The protocol of a transaction, the same for both engines: opening, statements, COMMIT that is proved to be one, ROLLBACK
 * after any error, and a Tx that is dead afterwards. A statement that arrives late would otherwise run in the next caller's
 * transaction, which may belong to another tenant.
 */
import type { AsyncLocalStorage } from 'node:async_hooks';
import { DroverError } from '../../errors.ts';
import type { Connection } from './connection.ts';
import type { Extent, RunAlone, Tx } from './database.ts';
import { translate } from './errors.ts';
import type { Opening } from './opening.ts';
import { many } from './question.ts';
import { Statements } from './statements.ts';

/** Marks the work that runs inside a transaction, one for each Database. */
export type Nesting = AsyncLocalStorage<{ open: boolean }>;

/** Refuses a transaction inside a transaction of the same Database, where it would wait for itself. */
export function refuseNesting(nesting: Nesting): void {
  if (!nesting.getStore()?.open) return;
  throw new DroverError(
    'NESTED_TRANSACTION',
    'A transaction cannot be begun inside another one of the same database: use the one that is open.',
  );
}

interface Begin {
  readonly opening: Opening;
  readonly extent: Extent;
  readonly nesting: Nesting;
}

/** Runs `work` between the opening and COMMIT on a connection that is in no transaction. */
export async function runTransaction<T>(
  connection: Connection,
  { opening, extent, nesting }: Begin,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const state = { open: true };
  const statements = new Statements(connection, { opening, extent, state });
  try {
    const result = await nesting.run(state, () => work(statements));
    await statements.settle();
    state.open = false;
    await statements.commit();
    return result;
  } catch (error) {
    state.open = false;
    await statements.settle();
    // The error of the work is what the caller has to see, also when the connection is gone.
    await statements.rollBack();
    throw error;
  }
}

/** What runs statements on a connection that is in no transaction. */
export function aloneOn(connection: Connection): RunAlone {
  return async <R extends object>(sql: string, params?: readonly unknown[]) => {
    const sentAt = performance.now();
    const { statements, read } = many<R>(sql, params);
    const { answers, error } = await connection.send(statements);
    if (error !== undefined) throw translate(error, { statement: sql, sentAt });
    return read(answers);
  };
}
