/**
 * The statements of one transaction. A round trip costs more than a small statement, so they are few: the opening travels with the
 * first statement, statements that are started together travel together, and what was left for the end travels with COMMIT.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DroverError } from '../../errors.ts';
import { atMostOne, exactlyOne } from './database.ts';
import type { VisitRow } from './copy-out.ts';
import type { BatchQuery, Extent, Tx } from './database.ts';
import { translate } from './errors.ts';
import type { Answer, Connection, Outcome, Statement } from './transaction.ts';
import { encodeParameter } from './values.ts';

const transactionControl =
  /^\s*(begin|start\s+transaction|commit|end|abort|prepare\s+transaction|rollback(?!\s+(work\s+|transaction\s+)?to\b))\b/i;

/** A statement that waits to be sent; a script and a copy have no parameters. */
interface Asked {
  readonly sql: string;
  readonly params: Statement['params'] | undefined;
  readonly visit?: VisitRow | undefined;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

interface Beginning {
  readonly opening: string;
  readonly extent: Extent;
  /** Closed by whoever runs the transaction. */
  readonly state: { readonly open: boolean };
}

export class Statements implements Tx {
  readonly #connection: Connection;
  readonly #extent: Extent;
  readonly #state: { readonly open: boolean };
  /** Until it is sent: a transaction that asks nothing is none. */
  #opening: string | undefined;
  #ended = false;
  /** It was not begun, or its COMMIT failed: what is sent now would run outside it, as the login and for no tenant. */
  #failed = false;
  #cursors = 0;
  #waiting: Asked[] = [];
  readonly #last: Statement[] = [];
  readonly copyOut?: (sql: string, visit: VisitRow) => Promise<void>;
  /** Of the messages that are under way: a connection carries one at a time. */
  #sending: Promise<void> | undefined;

  constructor(connection: Connection, { opening, extent, state }: Beginning) {
    if (!/^\s*begin\b/i.test(opening)) {
      throw new DroverError('INTERNAL', 'A transaction must be opened by a message that begins with BEGIN.');
    }
    this.#connection = connection;
    this.#opening = opening;
    this.#extent = extent;
    this.#state = state;
    if (connection.copyOut !== undefined)
      this.copyOut = async (sql, visit) => void (await this.#ask(sql, undefined, visit));
  }

  /** Resolves when no statement is under way, whether or not it succeeded. */
  async settle(): Promise<void> {
    while (this.#sending !== undefined) await this.#sending;
  }

  /** COMMIT of a transaction in which a statement failed is a ROLLBACK that reports success: the tag tells. */
  async commit(): Promise<void> {
    if (this.#failed) throw aborted();
    if (this.#ended || (this.#opening !== undefined && this.#last.length === 0)) return;
    const { end, failure } = await this.#exchange(this.#last, true);
    if (failure !== undefined) throw errorOf(failure);
    if (end !== 'COMMIT') throw aborted();
  }

  async rollBack(): Promise<void> {
    if (this.#opening === undefined && !this.#ended)
      await this.#connection.script('ROLLBACK').catch(() => this.#connection.abandon());
  }

  async many<R extends object>(sql: string, params: readonly unknown[] = []): Promise<R[]> {
    const { rows } = await this.#ask(sql, params.map(encodeParameter));
    return rows as R[];
  }

  async one<R extends object>(sql: string, params: readonly unknown[] = []): Promise<R> {
    return exactlyOne(await this.many<R>(sql, params), sql);
  }

  async maybeOne<R extends object>(sql: string, params: readonly unknown[] = []): Promise<R | undefined> {
    return atMostOne(await this.many<R>(sql, params), sql);
  }

  async run(sql: string, params: readonly unknown[] = []): Promise<number> {
    const { affected } = await this.#ask(sql, params.map(encodeParameter));
    return affected;
  }

  async script(sql: string): Promise<void> {
    await this.#ask(sql, undefined);
  }

  async last(sql: string, params: readonly unknown[] = []): Promise<void> {
    this.#refuse(sql);
    this.#last.push({ sql, params: params.map(encodeParameter) });
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

  #ask(sql: string, params: Asked['params'], visit?: VisitRow): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#refuse(sql);
      this.#waiting.push({ sql, params, visit, resolve, reject });
      this.#sending ??= this.#sendWaiting();
    });
  }

  async #sendWaiting(): Promise<void> {
    // Whatever is started together with the first is there after this.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const script = this.#waiting.findIndex(({ params }) => params === undefined);
      const together = this.#waiting.splice(0, script === -1 ? this.#waiting.length : Math.max(1, script));
      // What was asked while another message was under way may find that one to have been the end.
      if (this.#refusal('')) for (const { sql, reject } of together) reject(this.#refusal(sql));
      else await (script === 0 ? this.#sendScript(together) : this.#sendTogether(together));
    }
    this.#sending = undefined;
  }

  async #sendTogether(asked: readonly Asked[]): Promise<void> {
    const commit = this.#extent === 'single';
    const statements = asked.map(({ sql, params = [] }) => ({ sql, params }));
    const all = commit ? [...statements, ...this.#last.splice(0)] : statements;
    const { answers, failure } = await this.#exchange(all, commit);
    const atEnd = failure !== undefined && answers.length >= asked.length;
    for (const [at, { resolve, reject }] of asked.entries()) {
      const answer = answers[at];
      if (answer !== undefined && !atEnd) resolve(answer);
      else if (failure !== undefined && (atEnd || at === answers.length)) reject(errorOf(failure));
    }
    const others = asked.slice(answers.length + (failure === undefined ? 0 : 1));
    // Whoever waits for several must see what failed, though it was asked from deeper down: it is handed up before the others.
    if (others.length > 0) await nextTurn();
    for (const { sql, reject } of others) reject(notRun(sql));
  }

  async #sendScript(asked: readonly Asked[]): Promise<void> {
    for (const { sql, visit, resolve, reject } of asked)
      try {
        if (this.#opening !== undefined) {
          const { failure } = await this.#exchange([], false);
          if (failure !== undefined) throw errorOf(failure);
        }
        await (visit === undefined ? this.#connection.script(sql) : this.#connection.copyOut?.(sql, visit));
        resolve({ rows: [], affected: 0 });
      } catch (error) {
        reject(translate(error, { statement: sql }));
      }
  }

  async #exchange(statements: readonly Statement[], commit: boolean): Promise<Outcome> {
    const opening = this.#opening;
    this.#opening = undefined;
    const outcome = await this.#connection.send({ opening, statements, commit });
    const failed = outcome.failure !== undefined;
    this.#ended ||= commit && !failed;
    this.#failed ||= failed && (commit || (opening !== undefined && outcome.answers.length === 0));
    return outcome;
  }

  #refuse(sql: string): void {
    const refusal = this.#refusal(sql);
    if (refusal !== undefined) throw refusal;
    if (!transactionControl.test(sql)) return;
    const message = 'Only the transaction itself begins, commits and rolls back.';
    throw new DroverError('INTERNAL', message, { statement: sql });
  }

  /** Why no statement may be sent any more. */
  #refusal(statement: string): DroverError | undefined {
    if (!this.#state.open) return tooLate(statement);
    if (this.#failed) return notRun(statement);
    if (!this.#ended) return undefined;
    const message = 'A transaction of a single statement was asked for another one.';
    return new DroverError('INTERNAL', message, { statement });
  }
}

function errorOf({ error, sql }: NonNullable<Outcome['failure']>): DroverError {
  return translate(error, { statement: sql });
}

function aborted(): DroverError {
  return new DroverError(
    'TRANSACTION_ABORTED',
    'Nothing was saved: a statement of this transaction had failed before its end.',
  );
}

function tooLate(statement: string): DroverError {
  return new DroverError('INTERNAL', 'A statement arrived after the end of its transaction.', { statement });
}

function notRun(statement: string): DroverError {
  return new DroverError(
    'TRANSACTION_ABORTED',
    'A statement was not run, because one before it had failed.',
    { statement },
  );
}
