/**
 * Statements that travel to a server together and are answered together: one message, one round trip. Where one fails the server
 * skips the rest of the message, so that nothing runs outside a transaction which an earlier one should have begun, or as a role
 * that an earlier one should have left.
 */
import type pg from 'pg';
import { preparedName } from './statement-names.ts';
import type { Answer, Statement } from './transaction.ts';
import { type Columns, decoderOf, toRow } from '../sql/values.ts';

interface Tagged extends Answer {
  /** What was done, such as COMMIT. */
  readonly tag: string;
}

/** The answers in order, as far as it came; then the error of the statement after them. */
export interface BatchOutcome {
  readonly answers: readonly Tagged[];
  readonly error?: unknown;
}

/** What a connection keeps prepared, with the columns of its rows. */
const keptBy = new WeakMap<pg.ClientBase, Map<string, Columns>>();

/** @param keep where the connection is the server's own, and not one that a pooler gives to others between transactions */
export function sendBatch(
  client: pg.ClientBase,
  statements: readonly Statement[],
  keep: boolean,
): Promise<BatchOutcome> {
  const kept = keptBy.get(client) ?? new Map<string, Columns>();
  keptBy.set(client, kept);
  return new Promise((resolve) => {
    client.query(new Batch({ statements, kept, keep, resolve }));
  });
}

interface BatchInput {
  readonly statements: readonly Statement[];
  readonly kept: Map<string, Columns>;
  readonly keep: boolean;
  readonly resolve: (outcome: BatchOutcome) => void;
}

/** What `pg` asks of whoever speaks the protocol by themselves; its own queries are one statement a round trip. */
class Batch implements pg.Submittable {
  readonly #input: BatchInput;
  readonly #answers: Tagged[] = [];
  #columns: Columns | undefined;
  #rows: object[] = [];
  /** The answer that cannot be read: what a listener of the connection throws would end the process. */
  #unreadable: BatchOutcome | undefined;

  constructor(input: BatchInput) {
    this.#input = input;
  }

  submit(connection: pg.Connection): void {
    connection.stream.cork();
    try {
      for (const statement of this.#input.statements) this.#write(connection, statement);
      connection.sync();
    } finally {
      connection.stream.uncork();
    }
  }

  #write(connection: pg.Connection, { sql, params }: Statement): void {
    const { kept, keep } = this.#input;
    const name = keep ? preparedName(sql) : '';
    if (name === '' || !kept.has(sql)) {
      // One whose first run failed is there already; closing what is not there is no error.
      if (name !== '') connection.close({ type: 'S', name }, true);
      connection.parse({ name, text: sql, types: [] }, true);
      connection.bind({ statement: name, values: [...params] }, true);
      connection.describe({ type: 'P', name: '' }, true);
    } else connection.bind({ statement: name, values: [...params] }, true);
    connection.execute({}, true);
  }

  #current(): Statement | undefined {
    return this.#input.statements[this.#answers.length];
  }

  handleRowDescription({ fields }: { fields: readonly { name: string; dataTypeID: number }[] }): void {
    this.#columns = fields.map((field) => ({ name: field.name, decode: decoderOf(field.dataTypeID) }));
  }

  handleDataRow({ fields }: { fields: readonly (string | null)[] }): void {
    this.#columns ??= this.#input.kept.get(this.#current()?.sql ?? '') ?? [];
    try {
      this.#rows.push(toRow(this.#columns, fields));
    } catch (error) {
      this.#unreadable ??= { answers: [...this.#answers], error };
    }
  }

  handleCommandComplete({ text }: { text: string }): void {
    const { kept, keep } = this.#input;
    const { sql = '' } = this.#current() ?? {};
    if (keep && preparedName(sql) !== '' && !kept.has(sql)) kept.set(sql, this.#columns ?? []);
    const affected = Number(/ (\d+)$/.exec(text)?.[1] ?? 0);
    this.#answers.push({ rows: this.#rows, affected, tag: text });
    this.#columns = undefined;
    this.#rows = [];
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete({ text: '' });
  }

  handleReadyForQuery(): void {
    this.#input.resolve(this.#unreadable ?? { answers: this.#answers });
  }

  handleError(error: unknown): void {
    // Prepared with the types of then, it would fail for as long as the connection lasts where a column has another one now.
    this.#input.kept.delete(this.#current()?.sql ?? '');
    this.#input.resolve(this.#unreadable ?? { answers: this.#answers, error });
  }

  /** Statements are executed to their end, so there is nothing that could be suspended. */
  handlePortalSuspended(): void {}

  handleCopyInResponse(connection: pg.Connection & { sendCopyFail(reason: string): void }): void {
    connection.sendCopyFail('Nothing is copied here');
    // What asks for data takes the end of the message for a part of it, and would wait for another one.
    if (this.#answers.length === this.#input.statements.length - 1) connection.sync();
  }

  handleCopyData(): void {}
}

/** Tables were changed under a statement that was kept, or a pooler gave us another connection: prepared anew it runs. */
export function isStale(error: unknown): boolean {
  const { code = '', routine = '' } = error as { code?: string; routine?: string };
  return code === '26000' || routine === 'RevalidateCachedQuery';
}
