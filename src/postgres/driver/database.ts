/**
 * What Drover needs of a database, and nothing more. Both engines give the same values for the same SQL
 * (see values.ts), so that a query is written and tested once.
 *
 * Transactions do not nest: hand `tx` down instead. Calling `transaction` from inside `work` is refused with
 * NESTED_TRANSACTION, because on the embedded engine, which has one connection, it would wait for itself.
 * Transactions that are begun at the same time queue there, and run side by side on a server.
 */
import { DroverError } from '../../errors.ts';
import type { VisitRow } from './copy-out.ts';

export type Row = Record<string, unknown>;

/** The only row, or none. @throws MANY_ROWS */
export function atMostOne<R extends object>(rows: readonly R[], sql: string): R | undefined {
  if (rows.length <= 1) return rows[0];
  const data = { statement: sql, rows: rows.length };
  throw new DroverError('MANY_ROWS', `A query that must find one row found ${rows.length}.`, data);
}

/** The only row. @throws NO_ROW, MANY_ROWS */
export function exactlyOne<R extends object>(rows: readonly R[], sql: string): R {
  const row = atMostOne(rows, sql);
  if (row !== undefined) return row;
  throw new DroverError('NO_ROW', 'A query that must find one row found none.', { statement: sql });
}

/**
 * One open transaction. It refuses to work after the end of the function it was given to. Statements that are started together
 * (`Promise.all`) run in their order, and cost one round trip; where one fails, those after it are refused.
 */
export interface Tx {
  /** Any number of rows. */
  many<R extends object = Row>(sql: string, params?: readonly unknown[]): Promise<R[]>;
  /** Exactly one row; NO_ROW or MANY_ROWS otherwise. */
  one<R extends object = Row>(sql: string, params?: readonly unknown[]): Promise<R>;
  /** One row or none; MANY_ROWS otherwise. */
  maybeOne<R extends object = Row>(sql: string, params?: readonly unknown[]): Promise<R | undefined>;
  /** Runs one statement and tells how many rows it affected. */
  run(sql: string, params?: readonly unknown[]): Promise<number>;
  /** Several statements, without parameters. */
  script(sql: string): Promise<void>;
  /** A statement for the end of the transaction, when no other follows: it travels with COMMIT, and its error is that of the transaction. */
  last(sql: string, params?: readonly unknown[]): Promise<void>;
  /** Rows a batch at a time, so that memory stays flat; `visit` says how large the next batch may be. */
  batches<R extends object = Row>(query: BatchQuery, visit: (rows: R[]) => Promise<number>): Promise<void>;
  /** Runs `COPY … TO STDOUT` and hands over each row as the server writes it. Only where rows arrive one by one: on a server. */
  copyOut?(sql: string, visit: VisitRow): Promise<void>;
  /** Work that has one result for all who share this transaction: done once for a whole wave, and here simply done. */
  once<T>(name: string, work: (tx: Tx) => Promise<T>): Promise<T>;
}

export interface BatchQuery {
  readonly sql: string;
  readonly params: readonly unknown[];
  /** Rows of the first batch. */
  readonly size: number;
}

/**
 * How far a transaction goes. `single`: work is one statement, or several that are started together, and COMMIT travels with them,
 * so it is for reading: work that throws afterwards takes nothing back.
 */
export type Extent = 'any' | 'single';

export interface Database {
  readonly engine: 'embedded' | 'server';
  /**
   * Sends `opening` (one literal message that begins with BEGIN) with the first statement on one connection, runs work, COMMITs;
   * ROLLBACK when work throws; the connection is always given back clean.
   */
  transaction<T>(opening: string, work: (tx: Tx) => Promise<T>, extent?: Extent): Promise<T>;
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
