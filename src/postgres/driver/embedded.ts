/**
 * PostgreSQL inside this process (PGlite), with its data in a folder. The engine has one connection, so transactions wait for each
 * other here. What is committed survives the end of the process and not a loss of power: there is no fsync. The process holds
 * the lock on the folder, whichever thread the engine runs on.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { existsSync, mkdirSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { DroverError } from '../../errors.ts';
import { decoderOf, toRow } from '../sql/values.ts';
import type { Connection, MessageOutcome } from './connection.ts';
import type { Database, Extent, Tx } from './database.ts';
import type { Engine, EngineAnswer, EngineOutcome } from './embedded-engine.ts';
import { openEngine, openEngineThread, unpackError } from './embedded-engine.ts';
import { lockFolder } from './folder-lock.ts';
import { affectedBy } from './message.ts';
import type { Opening } from './opening.ts';
import type { Answer, Statement } from './question.ts';
import { type Nesting, refuseNesting, runTransaction } from './transaction.ts';

export interface EmbeddedTarget {
  /** The folder, which is made when it does not exist. It holds `postgres/`, `drover.lock` and `drover.pid`. */
  readonly dataDir: string;
  /** Compute on a thread of its own, so that a long statement does not hold up everything else. A server needs that. */
  readonly ownThread?: boolean;
}

/**
 * Opens the folder, which is made where it is not there.
 * @throws NO_DATABASE where it holds something else, EMBEDDED_IN_USE while another process has it open
 */
export async function openEmbedded(target: EmbeddedTarget): Promise<Database> {
  refuseOthersFolder(target.dataDir);
  mkdirSync(target.dataDir, { recursive: true });
  const folder = realpathSync(target.dataDir);
  const unlock = lockFolder(folder);
  try {
    const open = target.ownThread === true ? openEngineThread : openEngine;
    return new Embedded(await open(join(folder, 'postgres')), unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

/** A folder of somebody else's files is left as it is. What begins with `drover` is ours: the lock, and the key of secrets. */
function refuseOthersFolder(dataDir: string): void {
  const found = existsSync(dataDir) ? readdirSync(dataDir) : [];
  const others = found.filter((name) => !/^drover[.-]|^lost\+found$/.test(name));
  if (
    others.length === 0 ||
    found.includes('drover.lock') ||
    existsSync(join(dataDir, 'postgres', 'PG_VERSION'))
  )
    return;
  const [first = '', ...rest] = others.toSorted();
  const more = rest.length === 0 ? '' : ` and ${rest.length} more`;
  const message =
    `The folder ${dataDir} holds ${first}${more} and no database of Drover; nothing was written. ` +
    'Name a folder that is empty or not there yet.';
  throw new DroverError('NO_DATABASE', message, { dataDir });
}

class Embedded implements Database {
  readonly engine = 'embedded';
  readonly #engine: Engine;
  readonly #unlock: () => void;
  readonly #connection: EmbeddedConnection;
  readonly #nesting: Nesting = new AsyncLocalStorage();
  #last: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(engine: Engine, unlock: () => void) {
    this.#engine = engine;
    this.#unlock = unlock;
    this.#connection = new EmbeddedConnection(engine);
  }

  async transaction<T>(opening: Opening, work: (tx: Tx) => Promise<T>, extent: Extent = 'any'): Promise<T> {
    refuseNesting(this.#nesting);
    if (this.#closing) throw new DroverError('INTERNAL', 'The database is closed.');
    const begin = { opening, extent, nesting: this.#nesting };
    const result = this.#last.then(() => runTransaction(this.#connection, begin, work));
    this.#last = result.catch(() => undefined);
    return result;
  }

  close(): Promise<void> {
    this.#closing ??= this.#last.then(() => this.#shutDown());
    return this.#closing;
  }

  async #shutDown(): Promise<void> {
    try {
      await this.#engine.close();
    } finally {
      this.#unlock();
    }
  }
}

class EmbeddedConnection implements Connection {
  readonly #engine: Engine;
  #failed = false;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  send(statements: readonly Statement[]): Promise<MessageOutcome> {
    return this.#ask(() => this.#engine.send(statements));
  }

  script(sql: string): Promise<MessageOutcome> {
    return this.#ask(() => this.#engine.script(sql));
  }

  /** There is no second connection, so this one forgets everything. Where that fails, the folder has to be opened again. */
  async abandon(): Promise<void> {
    const rolledBack = await this.script('ROLLBACK');
    const emptied = rolledBack.error === undefined ? await this.script('DISCARD ALL') : rolledBack;
    this.#failed ||= emptied.error !== undefined;
  }

  async #ask(call: () => Promise<EngineOutcome>): Promise<MessageOutcome> {
    try {
      if (this.#failed) throw new DroverError('INTERNAL', 'The embedded database failed; open it again.');
      return outcomeOf(await call());
    } catch (error) {
      return { answers: [], error };
    }
  }
}

function outcomeOf({ answers, error }: EngineOutcome): MessageOutcome {
  const read: Answer[] = [];
  try {
    for (const answer of answers) read.push(answerOf(answer));
  } catch (unreadable) {
    return { answers: read, error: unreadable };
  }
  return error === undefined ? { answers: read } : { answers: read, error: unpackError(error) };
}

function answerOf({ columns, rows, tag }: EngineAnswer): Answer {
  const decoded = columns.map(({ name, type }) => ({ name, decode: decoderOf(type) }));
  return { rows: rows.map((values) => toRow(decoded, values)), affected: affectedBy(tag), tag };
}
