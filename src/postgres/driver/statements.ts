/**
 * The statements of one transaction. A round trip costs more than a small statement, so they are few: the opening travels with the
 * first message, what is asked together is one message, and what was left for the end travels with COMMIT.
 *
 * No text is read to find out what a statement does. The database says what it did, and a statement that ended the transaction is an
 * error: what it saved stays saved, but nothing is reported as saved, and nobody goes on with the connection.
 */
import { DroverError, isConnectionLost } from '../../errors.ts';
import type { Connection } from './connection.ts';
import type { VisitCopied } from './copy-out.ts';
import { readBatches } from './cursors.ts';
import type { BatchQuery, Extent, Tx } from './database.ts';
import { translate } from './errors.ts';
import { type Opening, openingStatements } from './opening.ts';
import {
  affected,
  type Answer,
  type Answers,
  inOrder,
  many,
  maybeOne,
  one,
  prepared,
  type Query,
  type Question,
  type Row,
  type Statement,
  statementOf,
} from './question.ts';

interface Beginning {
  readonly opening: Opening;
  readonly extent: Extent;
  /** Closed by whoever runs the transaction. */
  readonly state: { readonly open: boolean };
}

/**
 * `new`: nothing was sent, and a transaction that asks nothing is none. `open`: it was begun. `over`: COMMIT was done. `failed`: it
 * was not begun, or COMMIT failed, so a statement would run outside it, as the login and for no tenant. `broken`: a statement ended it.
 */
type TransactionStage = 'new' | 'open' | 'over' | 'failed' | 'broken';

const commitStatement = statementOf(prepared('COMMIT'));

/** What the database reports for a statement that begins or ends a transaction. */
const controlTags: readonly string[] = [
  'BEGIN',
  'START TRANSACTION',
  'COMMIT',
  'ROLLBACK',
  'PREPARE TRANSACTION',
];

export class Statements implements Tx {
  readonly #connection: Connection;
  readonly #opening: readonly Statement[];
  readonly #extent: Extent;
  readonly #readOnly: boolean;
  readonly #state: { readonly open: boolean };
  #stage: TransactionStage = 'new';
  readonly copyOut: Tx['copyOut'];
  readonly #last: Statement[] = [];
  /** Resolves when no message is under way: a connection carries one at a time. */
  #sent: Promise<unknown> = Promise.resolve();

  constructor(connection: Connection, { opening, extent, state }: Beginning) {
    this.#connection = connection;
    this.#opening = openingStatements(opening);
    this.#extent = extent;
    this.#readOnly = opening.readOnly === true;
    this.#state = state;
    this.copyOut =
      connection.copyOut === undefined
        ? undefined
        : (sql, visit) => this.#queue(() => this.#sendCopy(sql, visit));
  }

  /** Resolves when no statement is under way, whether or not it succeeded. */
  async settle(): Promise<void> {
    let sent: Promise<unknown>;
    do {
      sent = this.#sent;
      await sent;
    } while (sent !== this.#sent);
  }

  async commit(): Promise<void> {
    if (this.#stage === 'broken') throw endedEarly();
    if (this.#stage === 'failed') throw aborted();
    if (this.#stage === 'over' || (this.#stage === 'new' && this.#last.length === 0)) return;
    await this.#exchange([], true);
  }

  async rollBack(): Promise<void> {
    if (this.#stage !== 'open' && this.#stage !== 'failed') return;
    const { error } = await this.#connection.script('ROLLBACK');
    if (error !== undefined) await this.#connection.abandon();
  }

  many<R extends object = Row>(query: Query, params?: readonly unknown[]): Promise<R[]> {
    return this.#answer(() => many<R>(query, params));
  }

  one<R extends object = Row>(query: Query, params?: readonly unknown[]): Promise<R> {
    return this.#answer(() => one<R>(query, params));
  }

  maybeOne<R extends object = Row>(query: Query, params?: readonly unknown[]): Promise<R | undefined> {
    return this.#answer(() => maybeOne<R>(query, params));
  }

  run(query: Query, params?: readonly unknown[]): Promise<number> {
    return this.#answer(() => affected(query, params));
  }

  ask<T>(question: Question<T>): Promise<T> {
    return this.#answer(() => question);
  }

  together<const Q extends readonly Question<unknown>[]>(questions: Q): Promise<Answers<Q>> {
    return this.#answer(() => inOrder(questions));
  }

  script(sql: string): Promise<void> {
    return this.#queue(() => this.#sendScript(sql));
  }

  async last(query: Query, params?: readonly unknown[]): Promise<void> {
    const statement = statementOf(query, params);
    this.#refuseLate(statement);
    this.#last.push(statement);
  }

  batches<R extends object>(query: BatchQuery, visit: (rows: R[]) => Promise<number>): Promise<void> {
    return readBatches<R>(this, [query], visit);
  }

  async #answer<T>(make: () => Question<T>): Promise<T> {
    const { statements, read } = make();
    return read(await this.#queue(() => this.#send(statements)));
  }

  /** After what was asked before it. */
  #queue<T>(send: () => Promise<T>): Promise<T> {
    const result = this.#sent.then(send);
    this.#sent = result.catch(() => undefined);
    return result;
  }

  async #send(asked: readonly Statement[]): Promise<readonly Answer[]> {
    const [first] = asked;
    if (first === undefined) return [];
    this.#refuseLate(first);
    return this.#exchange(asked, this.#extent === 'single');
  }

  async #sendScript(sql: string): Promise<void> {
    const statement = statementOf(sql);
    this.#refuseLate(statement);
    if (this.#stage === 'new') await this.#exchange([], false);
    const { answers, error } = await this.#connection.script(sql);
    await this.#requireStillOpen(
      answers.map(() => statement),
      answers,
    );
    if (error !== undefined) throw translate(error, { statement: sql });
  }

  async #sendCopy(sql: string, visit: VisitCopied): Promise<void> {
    this.#refuseLate(statementOf(sql));
    if (this.#stage === 'new') await this.#exchange([], false);
    try {
      await this.#connection.copyOut?.(sql, visit);
    } catch (error) {
      throw translate(error, { statement: sql });
    }
  }

  /** One message: the opening where it was not sent yet, what is asked, and at the end what was left for the end and COMMIT. */
  async #exchange(asked: readonly Statement[], commit: boolean): Promise<readonly Answer[]> {
    const opening = this.#stage === 'new' ? this.#opening : [];
    const own = commit ? [...asked, ...this.#last.splice(0)] : asked;
    const message = [...opening, ...own, ...(commit ? [commitStatement] : [])];
    this.#stage = 'open';
    const sentAt = performance.now();
    const { answers, error } = await this.#connection.send(message);
    const ownAnswers = answers.slice(opening.length, opening.length + own.length);
    await this.#requireStillOpen(own, ownAnswers);
    if (error !== undefined) {
      if (commit || answers.length < opening.length) this.#stage = 'failed';
      const translated = translate(error, { statement: message[answers.length]?.sql ?? '', sentAt });
      throw commit && !this.#readOnly && isConnectionLost(translated) ? unanswered(translated) : translated;
    }
    if (commit) this.#end(answers.at(-1));
    return ownAnswers.slice(0, asked.length);
  }

  /** COMMIT of a transaction in which a statement failed is a ROLLBACK that reports success: the tag tells. */
  #end(answer: Answer | undefined): void {
    this.#stage = 'over';
    if (answer?.tag !== 'COMMIT') throw aborted();
  }

  async #requireStillOpen(statements: readonly Statement[], answers: readonly Answer[]): Promise<void> {
    const breaker = statements.find((statement, at) => controls(statement, answers[at]));
    if (breaker === undefined) return;
    this.#stage = 'broken';
    await this.#connection.abandon();
    throw endedEarly(breaker);
  }

  /** @throws where no statement may be sent any more */
  #refuseLate({ sql }: Statement): void {
    if (!this.#state.open) throw tooLate(sql);
    if (this.#stage === 'broken') throw endedEarly();
    if (this.#stage === 'failed') throw notRun(sql);
    if (this.#stage === 'over') throw afterTheOnlyOne(sql);
  }
}

function controls({ backToSavepoint = false }: Statement, answer: Answer | undefined): boolean {
  return answer !== undefined && controlTags.includes(answer.tag) && !backToSavepoint;
}

/** Whoever loses the connection while it waits for a COMMIT does not know what became of it, and is told so: `data.committing`. */
function unanswered(lost: DroverError): DroverError {
  const message =
    'The connection to the database was lost while a transaction was committed: it was, or it was rolled back.';
  return new DroverError(lost.code, message, { committing: true }, { cause: lost });
}

function endedEarly(breaker?: Statement): DroverError {
  const message =
    'A statement began or ended a transaction. Only the transaction itself begins, commits and rolls back.';
  return new DroverError('INTERNAL', message, breaker === undefined ? {} : { statement: breaker.sql });
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

function afterTheOnlyOne(statement: string): DroverError {
  const message = 'A transaction of a single statement was asked for another one.';
  return new DroverError('INTERNAL', message, { statement });
}
