/**
 * The protocol of a transaction, the same for both engines: opening, statements, COMMIT that is proved to be one, ROLLBACK
 * after any error, and a Tx that is dead afterwards. A statement that arrives late would otherwise run in the next caller's
 * transaction, which may belong to another tenant.
 */
import type { AsyncLocalStorage } from 'node:async_hooks';
import { DroverError } from '../../errors.ts';
import type { VisitRow } from './copy-out.ts';
import type { Extent, Tx } from './database.ts';
import { Statements } from './statements.ts';

/** One statement; its parameters in text form. */
export interface Statement {
  readonly sql: string;
  readonly params: readonly (string | null)[];
}

/** What goes to the database at once and in this order. Where one fails, those behind it do not run. */
export interface Message {
  /** Literal text without parameters, where the transaction is not begun yet. */
  readonly opening: string | undefined;
  readonly statements: readonly Statement[];
  readonly commit: boolean;
}

export interface Answer {
  readonly rows: object[];
  readonly affected: number;
}

export interface Outcome {
  /** Of the statements, as far as it came. */
  readonly answers: readonly Answer[];
  /** What the database did for COMMIT. */
  readonly end?: string | undefined;
  readonly failure?: { readonly sql: string; readonly error: unknown };
}

/** What an adapter does for one connection; values are in text form, results already decoded. */
export interface Connection {
  /** Never rejects: what fails is part of the outcome. */
  send(message: Message): Promise<Outcome>;
  /** Several statements as one text. */
  script(sql: string): Promise<unknown>;
  /** Rows of COPY as they arrive, where the engine can do that. */
  copyOut?(sql: string, visit: VisitRow): Promise<void>;
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

export interface Begin {
  readonly opening: string;
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
