/**
 * Several tenants in one transaction. Each tenant's work runs as if it were alone, on a `Tx` of its own; a statement waits until
 * everybody waits for one, and the same statement of several tenants is then sent once (wave-sql.ts). Work that takes another path
 * for some tenants comes together again, because the statement that was met first is sent first.
 *
 * A statement that cannot be joined is sent for one tenant after the other, so a wave is never wrong, only slower.
 */
import { DroverError } from '../../errors.ts';
import type { BatchQuery, Tx } from '../driver/database.ts';
import { type Answers, atMostOne, exactlyOne, inOrder, type Question } from '../driver/question.ts';
import { encodeParameter } from '../sql/values.ts';
import { changesRows, formOf, waveStatement } from './wave-sql.ts';
import type { WaveForm } from './wave-sql.ts';

/** How the work of one tenant ended. */
export type MemberEnd<T> =
  | { readonly value: T; readonly wrote: boolean }
  | { readonly error: unknown; readonly wrote: boolean };

/**
 * Runs the work of every member and returns how each ended, in order.
 * @throws what the database refused: then the transaction is lost for everybody
 */
export async function inWave<M, T>(
  tx: Tx,
  members: readonly M[],
  work: (tx: Tx, member: M) => Promise<T>,
): Promise<MemberEnd<T>[]> {
  const wave = new Wave(tx, members.length);
  const ends = await Promise.all(
    members.map(async (member): Promise<MemberEnd<T>> => {
      const own = new MemberTx(wave);
      try {
        return { value: await work(own, member), wrote: own.wrote };
      } catch (error) {
        return { error, wrote: own.wrote };
      } finally {
        wave.leave();
      }
    }),
  );
  if (wave.broken !== undefined) throw wave.broken;
  return ends;
}

/** What a member has come to. @throws its error */
export function valueOf<T>(end: MemberEnd<T>): T {
  if ('error' in end) throw end.error;
  return end.value;
}

/** An error that concerns one tenant alone. @throws what concerns no single tenant: the database is gone, or a mistake of ours */
export function ownError(error: unknown): DroverError {
  if (!(error instanceof DroverError) || error.code === 'DATABASE_UNREACHABLE') throw error;
  return error;
}

interface Result {
  readonly rows: object[];
  readonly affected: number;
}

interface Request {
  readonly name: string;
  readonly sql: string;
  readonly params: readonly (string | null)[];
  readonly kind: 'many' | 'run' | 'script' | 'once';
  readonly work?: (tx: Tx) => Promise<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

class Wave {
  /** The error of the database that ended the transaction. */
  broken: DroverError | undefined;
  readonly #tx: Tx;
  #live: number;
  #waiting: Request[] = [];
  readonly #firstMet = new Map<string, number>();

  constructor(tx: Tx, members: number) {
    this.#tx = tx;
    this.#live = members;
  }

  ask(request: Omit<Request, 'resolve' | 'reject'>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (!this.#firstMet.has(request.name)) this.#firstMet.set(request.name, this.#firstMet.size);
      this.#waiting.push({ ...request, resolve, reject });
      this.#sendWhenAllWait();
    });
  }

  leave(): void {
    this.#live -= 1;
    this.#sendWhenAllWait();
  }

  #sendWhenAllWait(): void {
    if (this.#live === 0 || this.#waiting.length < this.#live) return;
    const order = (request: Request): number => this.#firstMet.get(request.name) ?? 0;
    const first = this.#waiting.reduce((a, b) => (order(b) < order(a) ? b : a));
    const group = this.#waiting.filter((request) => request.name === first.name);
    this.#waiting = this.#waiting.filter((request) => request.name !== first.name);
    void this.#send(group);
  }

  async #send(group: readonly Request[]): Promise<void> {
    try {
      if (this.broken !== undefined) throw this.broken;
      const results = await sendGroup(this.#tx, group);
      for (const [at, request] of group.entries()) request.resolve(results[at]);
    } catch (error) {
      this.broken ??= error instanceof DroverError ? error : unexpected(error);
      for (const request of group) request.reject(error);
    }
  }
}

function unexpected(cause: unknown): DroverError {
  return new DroverError('INTERNAL', 'The work of a wave failed unexpectedly.', {}, { cause });
}

async function sendGroup(tx: Tx, group: readonly Request[]): Promise<unknown[]> {
  const [first] = group;
  if (first === undefined) return [];
  if (first.work !== undefined) return shared(group, await first.work(tx));
  const form = formOf(first.sql);
  const same = group.every((request) => request.params.every((value, at) => value === first.params[at]));
  if (group.length > 1 && same && (form === 'lateral' || !changesRows(first.sql)))
    return shared(group, await sendAlone(tx, first));
  if (group.length > 1 && !same && form !== 'none') return sendTogether(tx, group, form);
  const results: Result[] = [];
  for (const request of group) results.push(await sendAlone(tx, request));
  return results;
}

function shared<T>(group: readonly Request[], result: T): T[] {
  return group.map(() => result);
}

async function sendAlone(tx: Tx, { kind, sql, params }: Request): Promise<Result> {
  if (kind === 'many') return { rows: await tx.many(sql, params), affected: 0 };
  if (kind === 'run') return { rows: [], affected: await tx.run(sql, params) };
  await tx.script(sql);
  return { rows: [], affected: 0 };
}

async function sendTogether(
  tx: Tx,
  group: readonly Request[],
  form: Exclude<WaveForm, 'none'>,
): Promise<Result[]> {
  const statement = waveStatement(
    group[0]?.sql ?? '',
    form,
    group.map((request) => request.params),
  );
  // A statement that gives no row back (an INSERT from the wave itself) did the same for every tenant.
  if (group[0]?.kind === 'run' && !/\bdrover_n\b/.test(group[0].sql)) {
    const affected = await tx.run(statement.sql, statement.params);
    return group.map(() => ({ rows: [], affected: affected / group.length }));
  }
  const rows = await tx.many<{ drover_n: number; drover_o?: number }>(statement.sql, statement.params);
  const results = group.map(() => ({ rows: [] as object[], affected: 0 }));
  if (form === 'lateral')
    rows.sort((a, b) => a.drover_n - b.drover_n || (a.drover_o ?? 0) - (b.drover_o ?? 0));
  for (const { drover_n: number, drover_o: _order, ...row } of rows) {
    const result = results[number - 1];
    if (result === undefined) continue;
    result.rows.push(row);
    result.affected += 1;
  }
  return results;
}

/** The transaction as one tenant's work sees it. */
class MemberTx implements Tx {
  /** Has a statement that changes rows been sent? Then this work cannot simply be left out of the transaction. */
  wrote = false;
  readonly #wave: Wave;

  constructor(wave: Wave) {
    this.#wave = wave;
  }

  async many<R extends object>(sql: string, params: readonly unknown[] = []): Promise<R[]> {
    return (await this.#ask('many', sql, params)).rows as R[];
  }

  async one<R extends object>(sql: string, params: readonly unknown[] = []): Promise<R> {
    return exactlyOne(await this.many<R>(sql, params), sql);
  }

  async maybeOne<R extends object>(sql: string, params: readonly unknown[] = []): Promise<R | undefined> {
    return atMostOne(await this.many<R>(sql, params), sql);
  }

  async run(sql: string, params: readonly unknown[] = []): Promise<number> {
    return (await this.#ask('run', sql, params)).affected;
  }

  async script(sql: string): Promise<void> {
    await this.#ask('script', sql, []);
  }

  /** The end is everybody's, so it is sent in its place. */
  async last(sql: string, params: readonly unknown[] = []): Promise<void> {
    await this.#ask('run', sql, params);
  }

  /** All rows at once: a wave is small enough, and cursors of several tenants would not be one statement. */
  async batches<R extends object>(query: BatchQuery, visit: (rows: R[]) => Promise<number>): Promise<void> {
    const rows = await this.many<R>(typeof query.sql === 'string' ? query.sql : '', query.params ?? []);
    if (rows.length > 0) await visit(rows);
  }

  /** Sent once for all members that ask the same. */
  async ask<T>(question: Question<T>): Promise<T> {
    this.wrote = true;
    return this.once(`ask ${JSON.stringify(question.statements)}`, (tx) => tx.ask(question));
  }

  async together<const Q extends readonly Question<unknown>[]>(questions: Q): Promise<Answers<Q>> {
    return this.ask(inOrder(questions));
  }

  async once<T>(name: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    return (await this.#wave.ask({ name: `once ${name}`, sql: '', params: [], kind: 'once', work })) as T;
  }

  async #ask(kind: 'many' | 'run' | 'script', sql: string, params: readonly unknown[]): Promise<Result> {
    if (changesRows(sql)) this.wrote = true;
    const encoded = params.map(encodeParameter);
    return (await this.#wave.ask({ name: `${kind} ${sql}`, sql, params: encoded, kind })) as Result;
  }
}
