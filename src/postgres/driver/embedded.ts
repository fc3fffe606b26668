/**
 * PostgreSQL inside this process (PGlite), its data in a folder. It has one connection, so transactions wait for
 * each other here. What is committed survives the end of the process, not a loss of power: there is no fsync.
 * The lock on the folder is the process's, whichever thread the engine runs on.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { DroverError } from '../../errors.ts';
import type { Database, Extent, Tx } from './database.ts';
import { type Engine, openEngine, openEngineThread } from './embedded-engine.ts';
import { lockFolder } from './folder-lock.ts';
import type { Answer, Connection, Message, Nesting, Outcome, Statement } from './transaction.ts';
import { refuseNesting, runTransaction } from './transaction.ts';
import { decoderOf, toRow } from '../sql/values.ts';

export interface EmbeddedTarget {
  /** The folder; it is made when it does not exist. Holds `postgres/`, `drover.lock` and `drover.pid`. */
  readonly dataDir: string;
  /** Compute on a thread of its own, so that a long statement does not hold up everything else: for a server. */
  readonly ownThread?: boolean;
}

/** Opens the folder, or refuses with EMBEDDED_IN_USE while another process has it open. */
export async function openEmbedded(target: EmbeddedTarget): Promise<Database> {
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

  async transaction<T>(opening: string, work: (tx: Tx) => Promise<T>, extent: Extent = 'any'): Promise<T> {
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
  #abandoned = false;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** There is no other connection to take instead, so the folder has to be opened again. */
  abandon(): void {
    this.#abandoned = true;
  }

  async send({ opening, statements, commit }: Message): Promise<Outcome> {
    const answers: Answer[] = [];
    let sql = opening ?? '';
    try {
      if (opening !== undefined) await this.script(opening);
      for (const statement of statements) {
        ({ sql } = statement);
        answers.push(await this.#query(statement));
      }
      sql = 'COMMIT';
      return { answers, end: commit ? await this.script(sql) : undefined };
    } catch (error) {
      return { answers, failure: { sql, error } };
    }
  }

  async #query({ sql, params }: Statement): Promise<Answer> {
    const result = await this.#engine.query(sql, params);
    const columns = result.columns.map(({ name, type }) => ({ name, decode: decoderOf(type) }));
    return { rows: result.rows.map((values) => toRow(columns, values)), affected: result.affected };
  }

  async script(sql: string): Promise<string> {
    if (this.#abandoned) throw new DroverError('INTERNAL', 'The embedded database failed; open it again.');
    return this.#engine.script(sql);
  }
}
