/**
 * PGlite behind the few calls that Drover makes of it. PGlite speaks the protocol of a server, so a message means the same on both
 * engines. PGlite computes on the thread that opened it and blocks that thread for as long as a message takes. A command line does
 * not mind; a server gives it a thread of its own.
 */
import { Worker } from 'node:worker_threads';
import { PGlite, protocol } from '@electric-sql/pglite';
import { DroverError } from '../../errors.ts';
import type { Statement } from './question.ts';

export interface EngineAnswer {
  readonly columns: readonly { readonly name: string; readonly type: number }[];
  /** Values in text form. */
  readonly rows: readonly (readonly (string | null)[])[];
  readonly tag: string;
}

/** The answers of the statements that ran, and the error of the one behind them. */
export interface EngineOutcome {
  readonly answers: readonly EngineAnswer[];
  readonly error?: EngineError;
}

/** An error, with its own properties beside it: they are lost between threads, and SQLSTATE and constraint are among them. */
interface EngineError {
  readonly message: string;
  readonly stack: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface Engine {
  /** One message: where a statement fails, those behind it do not run. */
  send(statements: readonly Statement[]): Promise<EngineOutcome>;
  /** Several statements as one text. */
  script(sql: string): Promise<EngineOutcome>;
  close(): Promise<void>;
}

/** To clear the usual 128 MB takes half of the time in which a database is opened, and a command opens one. The system keeps the files. */
const startParams = [...PGlite.defaultStartParams, '-c', 'shared_buffers=32MB'];

/** On the calling thread. */
export async function openEngine(folder: string): Promise<Engine> {
  const pglite = await PGlite.create({ dataDir: folder, startParams });
  const ask = async (message: Uint8Array): Promise<EngineOutcome> => {
    const { messages } = await pglite.execProtocol(message, { throwOnError: false });
    return readOutcome(messages);
  };
  const { serialize } = protocol;
  return {
    send: (statements) => ask(joined([...statements.flatMap(written), serialize.sync()])),
    script: (sql) => ask(serialize.query(sql)),
    close: () => pglite.close(),
  };
}

function written({ sql, params }: Statement): Uint8Array[] {
  const { serialize } = protocol;
  return [
    serialize.parse({ name: '', text: sql, types: [] }),
    serialize.bind({ statement: '', values: [...params] }),
    serialize.describe({ type: 'P', name: '' }),
    serialize.execute({}),
  ];
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function readOutcome(messages: Awaited<ReturnType<PGlite['execProtocol']>>['messages']): EngineOutcome {
  const { RowDescriptionMessage, DataRowMessage, CommandCompleteMessage, DatabaseError } = protocol.messages;
  const answers: EngineAnswer[] = [];
  let columns: EngineAnswer['columns'] = [];
  let rows: (string | null)[][] = [];
  const complete = (tag: string): void => {
    answers.push({ columns, rows, tag });
    columns = [];
    rows = [];
  };
  for (const message of messages)
    if (message instanceof DataRowMessage) rows.push(message.fields);
    else if (message instanceof RowDescriptionMessage)
      columns = message.fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID }));
    else if (message instanceof CommandCompleteMessage) complete(message.text);
    else if (message instanceof DatabaseError) return { answers, error: packError(message) };
    else if (message.name === 'emptyQuery') complete('');
  return { answers };
}

export function packError(error: unknown): EngineError {
  if (!(error instanceof Error)) return { message: String(error), stack: '', fields: {} };
  const plain = Object.entries(error).filter(([, value]) => ['string', 'number'].includes(typeof value));
  return { message: error.message, stack: error.stack ?? '', fields: Object.fromEntries(plain) };
}

export function unpackError({ message, stack, fields }: EngineError): Error {
  const error = Object.assign(new Error(message), fields);
  error.stack = stack;
  return error;
}

export type EngineCall =
  | { readonly id: number; readonly call: 'open'; readonly folder: string }
  | { readonly id: number; readonly call: 'send'; readonly statements: readonly Statement[] }
  | { readonly id: number; readonly call: 'script'; readonly sql: string }
  | { readonly id: number; readonly call: 'close' };

export type EngineReply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: EngineError };

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

type WithoutId<Call> = Call extends EngineCall ? Omit<Call, 'id'> : never;

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

  send(statements: readonly Statement[]): Promise<EngineOutcome> {
    return this.ask({ call: 'send', statements });
  }

  script(sql: string): Promise<EngineOutcome> {
    return this.ask({ call: 'script', sql });
  }

  async close(): Promise<void> {
    try {
      await this.ask({ call: 'close' });
    } finally {
      await this.end();
    }
  }

  ask<T>(question: WithoutId<EngineCall>): Promise<T> {
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
    if ('error' in reply) waiting?.reject(unpackError(reply.error));
    else waiting?.resolve(reply.value);
  }

  #fail(cause: Error): void {
    this.#ended ??= cause;
    for (const waiting of this.#waiting.values()) waiting.reject(lostThread(cause));
    this.#waiting.clear();
  }
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
