/**
 * PostgreSQL inside this process (PGlite), its data in a folder. It has one connection, so transactions wait for
 * each other here. What is committed survives the end of the process, not a loss of power: there is no fsync.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { DroverError } from '../errors.ts';
import type { Database, Tx } from './database.ts';
import { lockFolder } from './folder-lock.ts';
import { type Connection, type Nesting, refuseNesting, runTransaction } from './transaction.ts';
import { decoderOf } from './values.ts';

export interface EmbeddedTarget {
  /** The folder; it is made when it does not exist. Holds `postgres/`, `drover.lock` and `drover.pid`. */
  readonly dataDir: string;
}

/** Opens the folder, or refuses with EMBEDDED_IN_USE while another process has it open. */
export async function openEmbedded(target: EmbeddedTarget): Promise<Database> {
  mkdirSync(target.dataDir, { recursive: true });
  const folder = realpathSync(target.dataDir);
  const unlock = lockFolder(folder);
  try {
    const pglite = await PGlite.create({ dataDir: join(folder, 'postgres') });
    keepText(pglite);
    return new Embedded(pglite, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

class Embedded implements Database {
  readonly engine = 'embedded';
  readonly #pglite: PGlite;
  readonly #unlock: () => void;
  readonly #connection: EmbeddedConnection;
  readonly #nesting: Nesting = new AsyncLocalStorage();
  #last: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(pglite: PGlite, unlock: () => void) {
    this.#pglite = pglite;
    this.#unlock = unlock;
    this.#connection = new EmbeddedConnection(pglite);
  }

  async transaction<T>(opening: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    refuseNesting(this.#nesting);
    if (this.#closing) throw new DroverError('INTERNAL', 'The database is closed.');
    const result = this.#last.then(() => runTransaction(this.#connection, this.#nesting, opening, work));
    this.#last = result.catch(() => undefined);
    return result;
  }

  close(): Promise<void> {
    this.#closing ??= this.#last.then(() => this.#shutDown());
    return this.#closing;
  }

  async #shutDown(): Promise<void> {
    try {
      await this.#pglite.close();
    } finally {
      this.#unlock();
    }
  }
}

/** Takes PGlite's own conversions away: values.ts does them, for both engines. */
function keepText(pglite: PGlite): void {
  for (const handlers of [pglite.parsers, pglite.serializers]) {
    for (const type of Object.keys(handlers)) handlers[type] = String;
  }
}

class EmbeddedConnection implements Connection {
  readonly #pglite: PGlite;
  #abandoned = false;

  constructor(pglite: PGlite) {
    this.#pglite = pglite;
  }

  /** There is no other connection to take instead, so the folder has to be opened again. */
  abandon(): void {
    this.#abandoned = true;
  }

  async query(
    sql: string,
    params: readonly (string | null)[],
  ): Promise<{ rows: object[]; affected: number }> {
    const result = await this.#pglite.query<unknown[]>(sql, [...params], { rowMode: 'array' });
    const columns = result.fields.map(({ name, dataTypeID }) => ({ name, decode: decoderOf(dataTypeID) }));
    const rows = result.rows.map((values) =>
      Object.fromEntries(
        columns.map(({ name, decode }, i) => [
          name,
          typeof values[i] === 'string' ? decode(values[i]) : null,
        ]),
      ),
    );
    return { rows, affected: result.rowCount ?? 0 };
  }

  async script(sql: string): Promise<string> {
    if (this.#abandoned) throw new DroverError('INTERNAL', 'The embedded database failed; open it again.');
    const results = await this.#pglite.exec(sql);
    return results.at(-1)?.command ?? '';
  }
}
