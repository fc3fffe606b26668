/**
 * What Drover needs of a database, and nothing more. Both engines give the same values for the same SQL
 * (see values.ts), so that a query is written and tested once.
 *
 * Transactions do not nest: hand `tx` down instead. Calling `transaction` from inside `work` is refused with
 * NESTED_TRANSACTION, because on the embedded engine, which has one connection, it would wait for itself.
 * Transactions that are begun at the same time queue there, and run side by side on a server.
 */
export type Row = Record<string, unknown>;

/** One open transaction. It refuses to work after the end of the function it was given to. */
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
}

export interface Database {
  readonly engine: 'embedded' | 'server';
  /**
   * Sends `opening` (one literal message that begins with BEGIN) on one connection, runs work, COMMITs;
   * ROLLBACK when work throws; the connection is always given back clean.
   */
  transaction<T>(opening: string, work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Waits for transactions under way, then lets go of everything. May be called twice. */
  close(): Promise<void>;
}
