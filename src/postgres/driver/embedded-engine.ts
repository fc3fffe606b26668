/**
 * PGlite behind the few calls that we make of it. It computes on the thread that it was opened on and blocks it for as
 * long as a statement takes: a command line does not mind, a server gives it a thread of its own.
 */
import { Worker } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { DroverError } from '../../errors.ts';

interface EngineAnswer {
  readonly columns: readonly { readonly name: string; readonly type: number }[];
  /** Values in text form. */
  readonly rows: readonly (readonly unknown[])[];
  readonly affected: number;
}

export interface Engine {
  query(sql: string, params: readonly (string | null)[]): Promise<EngineAnswer>;
  /** Several statements; resolves to the last command tag. */
  script(sql: string): Promise<string>;
  close(): Promise<void>;
}

/** On the calling thread. */
export async function openEngine(folder: string): Promise<Engine> {
  const pglite = await PGlite.create({ dataDir: folder });
  keepText(pglite);
  return {
    async query(sql, params) {
      const result = await pglite.query<unknown[]>(sql, [...params], { rowMode: 'array' });
      const columns = result.fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID }));
      return { columns, rows: result.rows, affected: result.rowCount ?? 0 };
    },
    async script(sql) {
      return (await pglite.exec(sql)).at(-1)?.command ?? '';
    },
    close: () => pglite.close(),
  };
}

/** Takes PGlite's own conversions away: values.ts does them, for both engines. */
function keepText(pglite: PGlite): void {
  for (const handlers of [pglite.parsers, pglite.serializers]) {
    for (const type of Object.keys(handlers)) handlers[type] = String;
  }
}

export type EngineCall =
  | { readonly id: number; readonly call: 'open'; readonly folder: string }
  | {
      readonly id: number;
      readonly call: 'query';
      readonly sql: string;
      readonly params: readonly (string | null)[];
    }
  | { readonly id: number; readonly call: 'script'; readonly sql: string }
  | { readonly id: number; readonly call: 'close' };

export type EngineReply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: EngineError };

/** An error loses its own properties between threads, and SQLSTATE and constraint are among them. */
export interface EngineError {
  readonly message: string;
  readonly stack: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** On a thread of its own. Calls are answered in the order in which they were made. */
export async function openEngineThread(folder: string): Promise<Engine> {
  const thread = new EngineThread();
  try {
    await thread.ask({ call: 'open', folder });
    return thread;
  } catch (error) {
    await thread.end();
    throw error;
  }
}

type Question<Call> = Call extends EngineCall ? Omit<Call, 'id'> : never;

class EngineThread implements Engine {
  readonly #worker = new Worker(workerFile());
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #asked = 0;
  #ended: Error | undefined;

  constructor() {
    this.#worker.on('message', (reply: EngineReply) => this.#settle(reply));
    this.#worker.on('error', (error: Error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('its thread has ended')));
  }

  query(sql: string, params: readonly (string | null)[]): Promise<EngineAnswer> {
    return this.ask({ call: 'query', sql, params });
  }

  script(sql: string): Promise<string> {
    return this.ask({ call: 'script', sql });
  }

  async close(): Promise<void> {
    try {
      await this.ask({ call: 'close' });
    } finally {
      await this.end();
    }
  }

  ask<T>(question: Question<EngineCall>): Promise<T> {
    if (this.#ended !== undefined) return Promise.reject(lostThread(this.#ended));
    const id = (this.#asked += 1);
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: (value) => resolve(value as T), reject });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      this.#worker.postMessage({ id, ...question });
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #settle(reply: EngineReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ('error' in reply) waiting?.reject(revive(reply.error));
    else waiting?.resolve(reply.value);
  }

  #fail(cause: Error): void {
    this.#ended ??= cause;
    for (const waiting of this.#waiting.values()) waiting.reject(lostThread(cause));
    this.#waiting.clear();
  }
}

function revive({ message, stack, fields }: EngineError): Error {
  const error = Object.assign(new Error(message), fields);
  error.stack = stack;
  return error;
}

function lostThread(cause: Error): DroverError {
  return new DroverError(
    'DATABASE_UNREACHABLE',
    'The embedded database has stopped; start Drover again.',
    {},
    { cause },
  );
}

/** Beside this file: TypeScript in a checkout, JavaScript in a build. */
function workerFile(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`embedded-thread.${extension}`, import.meta.url);
}
