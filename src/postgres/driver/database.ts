/**
 * What Drover needs of a database, and nothing more. Both engines give the same values for the same SQL (see values.ts), so a query
 * is written and tested once.
 *
 * Transactions do not nest: hand `tx` down instead. Calling `transaction` inside `work` is refused with NESTED_TRANSACTION: the
 * embedded engine has one connection, and such a transaction would wait for itself. Transactions that begin at the same time wait
 * for each other there, and run side by side on a server.
 */
import type { VisitCopied } from './copy-out.ts';
import type { Opening } from './opening.ts';
import type { Answers, Query, Question, Row } from './question.ts';

/**
 * One open transaction. It refuses to work after the end of the function that it was given to. Each call is one message to the
 * database and waits for its answer. A call that is made while another one is under way waits for it.
 */
export interface Tx {
  /** Any number of rows. */
  many<R extends object = Row>(query: Query, params?: readonly unknown[]): Promise<R[]>;
  /** Exactly one row; NO_ROW or MANY_ROWS otherwise. */
  one<R extends object = Row>(query: Query, params?: readonly unknown[]): Promise<R>;
  /** One row or none; MANY_ROWS otherwise. */
  maybeOne<R extends object = Row>(query: Query, params?: readonly unknown[]): Promise<R | undefined>;
  /** Runs one statement and tells how many rows it affected. */
  run(query: Query, params?: readonly unknown[]): Promise<number>;
  /** One question in one message. */
  ask<T>(question: Question<T>): Promise<T>;
  /**
   * Several questions in one message, in their order, with their answers in the same order. Where a statement fails, those behind it
   * do not run, and its error is that of the call. Without a statement nothing is sent.
   */
  together<const Q extends readonly Question<unknown>[]>(questions: Q): Promise<Answers<Q>>;
  /** Several statements as one text, without parameters. */
  script(sql: string): Promise<void>;
  /** Runs `COPY … TO STDOUT` and hands over each message as it arrives. Only where they arrive one by one: on a server. */
  readonly copyOut?: ((sql: string, visit: VisitCopied) => Promise<void>) | undefined;
  /**
   * A statement for the end of the transaction, when no other follows: it travels with COMMIT, and its error is that of the
   * transaction.
   */
  last(query: Query, params?: readonly unknown[]): Promise<void>;
  /** Rows a batch at a time, so that memory stays flat; `visit` says how large the next batch may be. */
  batches<R extends object = Row>(query: BatchQuery, visit: (rows: R[]) => Promise<number>): Promise<void>;
}

/** Runs one statement, which commits by itself. */
export type RunAlone = <R extends object = Row>(sql: string, params?: readonly unknown[]) => Promise<R[]>;

export interface BatchQuery {
  readonly sql: Query;
  readonly params?: readonly unknown[];
  /** Rows of the first batch. */
  readonly size: number;
}

/**
 * How far a transaction goes. `single`: the work is one call, and COMMIT travels with it. That is for reading: work that throws
 * afterwards takes nothing back.
 */
export type Extent = 'any' | 'single';

export interface Database {
  readonly engine: 'embedded' | 'server';
  /**
   * Sends the opening with the first statement on one connection, runs the work, and commits. Work that throws is rolled back. The
   * connection is given back clean in every case.
   */
  transaction<T>(opening: Opening, work: (tx: Tx) => Promise<T>, extent?: Extent): Promise<T>;
  /**
   * Statements each by itself, in no transaction, on a connection that nobody gets afterwards: for those that run in none, and for a lock
   * of a session. On a server other transactions may go on meanwhile; an embedded database has one connection, and they wait.
   */
  alone<T>(work: (run: RunAlone) => Promise<T>): Promise<T>;
  /** The connections of a pool, for figures; an embedded database has none. */
  connections?(): Connections;
  /** Asks the server by a connection outside the pool; an embedded database has no other. */
  ping?(): Promise<void>;
  /** Waits for transactions under way, then lets go of everything. May be called twice. */
  close(): Promise<void>;
}

export interface Connections {
  readonly busy: number;
  readonly idle: number;
  /** Transactions that wait for a connection. */
  readonly waiting: number;
}
