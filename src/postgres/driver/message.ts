/**
 * One message to a server, and what it answers. Statements that travel together are answered together, in one round trip. Where one
 * fails, the server skips the rest of the message: nothing runs outside a transaction that an earlier statement should have begun,
 * or as a role that an earlier one should have left.
 */
import type pg from 'pg';
import { type ResultColumns, decoderOf, toRow } from '../sql/values.ts';
import type { MessageOutcome } from './connection.ts';
import type { KeptStatement, KeptStatements } from './kept-statements.ts';
import type { Answer, Statement } from './question.ts';

/** @param kept what the connection keeps prepared; undefined where it may keep nothing */
export function sendBatch(
  client: pg.ClientBase,
  statements: readonly Statement[],
  kept: KeptStatements | undefined,
): Promise<MessageOutcome> {
  return new Promise((resolve) => {
    client.query(new MessageBatch(statements, kept, resolve));
  });
}

/** Several statements as one text, of which the tags are the answers. */
export function sendScript(client: pg.ClientBase, sql: string): Promise<MessageOutcome> {
  return new Promise((resolve) => {
    client.query(new Script(sql, resolve));
  });
}

type CopyConnection = pg.Connection & { sendCopyFail(reason: string): void };

/** What `pg` asks of whoever speaks the protocol by themselves; its own queries are one statement a round trip. */
class Script implements pg.Submittable {
  readonly #sql: string;
  readonly #resolve: (outcome: MessageOutcome) => void;
  readonly #answers: Answer[] = [];

  constructor(sql: string, resolve: (outcome: MessageOutcome) => void) {
    this.#sql = sql;
    this.#resolve = resolve;
  }

  submit(connection: pg.Connection): void {
    connection.query(this.#sql);
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#answers.push({ rows: [], affected: 0, tag: text });
  }

  handleReadyForQuery(): void {
    this.#resolve({ answers: this.#answers });
  }

  handleError(error: unknown): void {
    this.#resolve({ answers: this.#answers, error });
  }

  handleCopyInResponse(connection: CopyConnection): void {
    connection.sendCopyFail(nothingIsCopied);
  }

  handleCopyData(): void {}
  handleDataRow(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
  handleRowDescription(): void {}
}

const nothingIsCopied = 'Nothing is copied here';

/** Statements with parameters, and one Sync behind them. */
class MessageBatch implements pg.Submittable {
  readonly #statements: readonly Statement[];
  readonly #kept: KeptStatements | undefined;
  /** Of each statement, as it was written: what is sent behind it may take its name. */
  readonly #sentAs: (KeptStatement | undefined)[] = [];
  readonly #resolve: (outcome: MessageOutcome) => void;
  readonly #answers: Answer[] = [];
  #columns: ResultColumns | undefined;
  #rows: object[] = [];
  /** The answer that cannot be read: what a listener of the connection throws would end the process. */
  #unreadable: MessageOutcome | undefined;

  constructor(
    statements: readonly Statement[],
    kept: KeptStatements | undefined,
    resolve: (outcome: MessageOutcome) => void,
  ) {
    this.#statements = statements;
    this.#kept = kept;
    this.#resolve = resolve;
  }

  submit(connection: pg.Connection): void {
    connection.stream.cork();
    try {
      for (const statement of this.#statements) this.#write(connection, statement);
      connection.sync();
    } finally {
      connection.stream.uncork();
    }
  }

  #write(connection: pg.Connection, statement: Statement): void {
    const kept = this.#kept?.find(statement);
    this.#sentAs.push(kept);
    const { name } = kept ?? { name: '' };
    const values = [...statement.params];
    if (kept?.columns === undefined) {
      // One whose first run failed is there already, and so is one that made room; closing what is not there is no error.
      if (name !== '') connection.close({ type: 'S', name }, true);
      connection.parse({ name, text: statement.sql, types: [] }, true);
      connection.bind({ statement: name, values }, true);
      connection.describe({ type: 'P', name: '' }, true);
    } else connection.bind({ statement: name, values }, true);
    connection.execute({}, true);
  }

  /** The statement that is being answered, as it is kept. */
  #current(): KeptStatement | undefined {
    return this.#sentAs[this.#answers.length];
  }

  handleRowDescription({
    fields,
  }: {
    readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
  }): void {
    this.#columns = fields.map((field) => ({ name: field.name, decode: decoderOf(field.dataTypeID) }));
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    this.#columns ??= this.#current()?.columns ?? [];
    try {
      this.#rows.push(toRow(this.#columns, fields));
    } catch (error) {
      this.#unreadable ??= { answers: [...this.#answers], error };
    }
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    const kept = this.#current();
    if (kept !== undefined) kept.columns ??= this.#columns ?? [];
    this.#answers.push({ rows: this.#rows, affected: affectedBy(text), tag: text });
    this.#columns = undefined;
    this.#rows = [];
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete({ text: '' });
  }

  handleReadyForQuery(): void {
    this.#resolve(this.#unreadable ?? { answers: this.#answers });
  }

  handleError(error: unknown): void {
    const kept = this.#current();
    // It is prepared anew the next time: a column may have another type than it was prepared with.
    if (kept !== undefined) kept.columns = undefined;
    this.#resolve(this.#unreadable ?? { answers: this.#answers, error });
  }

  /** Statements are executed to their end, so nothing can be suspended. */
  handlePortalSuspended(): void {}

  handleCopyInResponse(connection: CopyConnection): void {
    connection.sendCopyFail(nothingIsCopied);
    // What asks for data takes the end of the message for a part of it, and would wait for another one.
    if (this.#answers.length === this.#statements.length - 1) connection.sync();
  }

  handleCopyData(): void {}
}

/** How many rows, by what the database says that it did. */
export function affectedBy(tag: string): number {
  return Number(/ (\d+)$/.exec(tag)?.[1] ?? 0);
}

/** Tables were changed under a statement that was kept, or a pooler gave us another connection: prepared anew it runs. */
export function isStale(error: unknown): boolean {
  const { code = '', routine = '' } = (error ?? {}) as { code?: string; routine?: string };
  return code === '26000' || routine === 'RevalidateCachedQuery';
}
