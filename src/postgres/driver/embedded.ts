/**
 * PostgreSQL inside this process (PGlite), with its data in a folder. The engine has one connection, so transactions wait for each
 * other here. What is committed survives the end of the process and not a loss of power: there is no fsync. The process holds
 * the lock on the folder, whichever thread the engine runs on.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DroverError } from '../../errors.ts';
import { decoderOf, toRow } from '../sql/values.ts';
import type { Connection, MessageOutcome } from './connection.ts';
import type { Database, Extent, RunAlone, Tx } from './database.ts';
import { openEngine, openEngineThread, unpackError } from './embedded-engine.ts';
import type { Engine, EngineAnswer, EngineOutcome } from './embedded-engine.ts';
import { affectedBy } from './message.ts';
import type { Opening } from './opening.ts';
import type { Answer, Statement } from './question.ts';
import { aloneOn, refuseNesting, runTransaction } from './transaction.ts';
import type { Nesting } from './transaction.ts';
import { hostname } from 'node:os';

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
    const begin = { opening, extent, nesting: this.#nesting };
    return this.#inTurn(() => runTransaction(this.#connection, begin, work));
  }

  async alone<T>(work: (run: RunAlone) => Promise<T>): Promise<T> {
    refuseNesting(this.#nesting);
    return this.#inTurn(async () => {
      try {
        return await work(aloneOn(this.#connection));
      } finally {
        await this.#connection.abandon();
      }
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closing) throw new DroverError('INTERNAL', 'The database is closed.');
    const result = this.#last.then(work);
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

/*
 * One process for each database folder. PGlite does not lock its folder, and two processes in one folder lose rows silently.
 *
 * The operating system holds the lock and lets go of it when the process ends, however it ends. The lock is an exclusive transaction
 * in a SQLite file, the only such lock that Node.js offers without native code. A lock therefore cannot be left behind, and nobody
 * can take another process with the same number for its holder. It also holds between containers that share a volume. The file
 * `drover.pid` beside it only says who the holder is.
 *
 * Never open `drover.lock` in any other way in this process: closing any handle of a file gives up all POSIX locks that the process
 * has on it.
 */

/** SQLITE_BUSY */
const busy = 5;

/** Takes the folder for this process and returns how to let go of it. @throws EMBEDDED_IN_USE */
export function lockFolder(folder: string): () => void {
  const { DatabaseSync } = loadSqlite();
  const lock = new DatabaseSync(join(folder, 'drover.lock'));
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    throw isBusy(error) ? inUse(folder) : error;
  }
  const pidFile = join(folder, 'drover.pid');
  writeFileSync(pidFile, JSON.stringify({ pid: process.pid, host: hostname() }));
  return () => {
    rmSync(pidFile, { force: true });
    lock.close();
  };
}

/** Older Node.js says at the first use that SQLite may change. Whoever reads that can do nothing about it. */
function loadSqlite() {
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = () => undefined;
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === busy;
}

function inUse(folder: string): DroverError {
  const holder = readHolder(folder);
  const who = holder ? `process ${holder.pid} on ${holder.host}` : 'another process';
  const message =
    `The database folder ${folder} is open in ${who}, and only one process may use it at a time. ` +
    'Wait until it has finished or stop it, or choose another folder with --data; ' +
    'for several processes at once use a PostgreSQL server with --database.';
  return new DroverError('EMBEDDED_IN_USE', message, { folder, ...holder });
}

function readHolder(folder: string): { pid: number; host: string } | undefined {
  try {
    const { pid, host } = JSON.parse(readFileSync(join(folder, 'drover.pid'), 'utf8')) as Record<
      string,
      unknown
    >;
    return { pid: Number(pid), host: String(host) };
  } catch {
    // The holder may be writing it at this moment.
    return undefined;
  }
}
