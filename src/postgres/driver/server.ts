/** A PostgreSQL server, reached through a pool of connections. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type pg from 'pg';
import { DroverError } from '../../errors.ts';
import { placeOf, readSettings } from './address.ts';
import type { ServerAddress } from './address.ts';
import { copyOut } from './copy-out.ts';
import type { VisitCopied } from './copy-out.ts';
import type { Connection, MessageOutcome } from './connection.ts';
import type { Connections, Database, Extent, RunAlone, Tx } from './database.ts';
import { isStale, sendBatch, sendScript } from './message.ts';
import type { Opening } from './opening.ts';
import type { Statement } from './question.ts';
import { waysOf } from './tls.ts';
import type { Way } from './tls.ts';
import { unreachable } from './unreachable.ts';
import { aloneOn, refuseNesting, runTransaction } from './transaction.ts';
import type { Nesting } from './transaction.ts';
import { ServerClient, createPool, hostOf, createProbe } from './server-pool.ts';
import type { ServerTarget, Opened } from './server-pool.ts';

/**
 * Opens a pool and proves that the server answers.
 * @throws DATABASE_UNREACHABLE, DATABASE_UNSUPPORTED, and USAGE_INVALID where a setting cannot be used
 */
export async function openServer(target: ServerTarget): Promise<Database> {
  const settings = readSettings(target.url, target.variables);
  const ways = waysOf(settings, hostOf(settings));
  const open = async (at: number): Promise<Database> => {
    const way = ways[at] ?? false;
    try {
      return await openPool({ ...target, settings, way });
    } catch (error) {
      if (at + 1 < ways.length && mayGoOn(way, error)) return open(at + 1);
      throw error;
    }
  };
  return open(0);
}

/** A server that has no encryption, or takes nothing without: another way may do. */
function mayGoOn(way: Way, error: unknown): boolean {
  const cause = error instanceof DroverError ? error.cause : undefined;
  const said = cause instanceof Error ? cause.message : '';
  return (way === false ? /encryption|SSL/ : /does not support SSL|pg_hba\.conf entry/).test(said);
}

async function openPool(opened: Opened): Promise<Database> {
  const pool = createPool(opened);
  // The pool replaces a connection that dies while it is idle. Without a listener the process would end.
  pool.on('error', () => undefined);
  // A connection may end in the moment in which it is made, before whoever asked for it listens.
  pool.on('connect', (client) => client.on('error', () => undefined));
  try {
    const { version, keeps } = await askServer(pool);
    refuseOlder(placeOf(opened.settings), version);
    return new Server(pool, opened, keeps);
  } catch (error) {
    await pool.end();
    throw unreachable(placeOf(opened.settings), error);
  }
}

interface Version {
  /** 150004 */
  readonly number: number;
  /** PostgreSQL 15.4, or the name that another product gives itself. */
  readonly name: string;
}

/**
 * What it is, and whether connections may keep statements prepared. Behind a pooler they may not, because it gives a connection to
 * somebody else between two transactions. A pooler tells a process id of its own.
 */
async function askServer(pool: pg.Pool): Promise<{ version: Version; keeps: boolean }> {
  const client = await pool.connect();
  try {
    const { rows } = await client.query<{ pid: string; number: string; text: string }>(
      `SELECT pg_backend_pid()::text AS pid, current_setting('server_version_num') AS number, version() AS text`,
    );
    const [{ pid, number, text } = { pid: '', number: '0', text: '' }] = rows;
    const name = /^\S+ \S+/.exec(text)?.[0] ?? text;
    const keeps = 'processID' in client && pid === String(client.processID);
    return { version: { number: Number(number), name }, keeps };
  } finally {
    client.release();
  }
}

const oldest = 15;

/** @throws DATABASE_UNSUPPORTED */
function refuseOlder({ host, port }: ServerAddress, { number, name }: Version): void {
  if (number >= oldest * 10_000) return;
  const message =
    `The server at ${host}:${port} is ${name}, and Drover needs PostgreSQL ${oldest} or newer; nothing was read or written. ` +
    'Upgrade the server, or name another one.';
  throw new DroverError('DATABASE_UNSUPPORTED', message, { host, port, version: name });
}

class Server implements Database {
  readonly engine = 'server';
  readonly #pool: pg.Pool;
  readonly #target: Opened;
  readonly #keeps: boolean;
  readonly #nesting: Nesting = new AsyncLocalStorage();
  #probe: pg.Pool | undefined;
  #closing: Promise<void> | undefined;

  constructor(pool: pg.Pool, target: Opened, keeps: boolean) {
    this.#pool = pool;
    this.#target = target;
    this.#keeps = keeps;
  }

  async transaction<T>(opening: Opening, work: (tx: Tx) => Promise<T>, extent: Extent = 'any'): Promise<T> {
    refuseNesting(this.#nesting);
    const client = await this.#connect();
    const lost = watchForLoss(client);
    const connection = new ServerConnection(client, this.#keeps);
    try {
      return await runTransaction(connection, { opening, extent, nesting: this.#nesting }, work);
    } finally {
      lost.stop();
      // The next caller must not get a connection that may still be in a transaction.
      client.release(connection.abandoned || lost.happened());
    }
  }

  async alone<T>(work: (run: RunAlone) => Promise<T>): Promise<T> {
    refuseNesting(this.#nesting);
    const client = await this.#connect();
    const lost = watchForLoss(client);
    try {
      return await work(aloneOn(new ServerConnection(client, false)));
    } finally {
      lost.stop();
      client.release(true);
    }
  }

  connections(): Connections {
    const { totalCount, idleCount, waitingCount } = this.#pool;
    return { busy: totalCount - idleCount, idle: idleCount, waiting: waitingCount };
  }

  async ping(): Promise<void> {
    this.#probe ??= createProbe(this.#target);
    try {
      await this.#probe.query('SELECT 1');
    } catch (error) {
      throw unreachable(placeOf(this.#target.settings), error);
    }
  }

  close(): Promise<void> {
    this.#closing ??= Promise.all([this.#pool.end(), this.#probe?.end()]).then(() => undefined);
    return this.#closing;
  }

  async #connect(): Promise<pg.PoolClient & ServerClient> {
    try {
      const client = await this.#pool.connect();
      if (client instanceof ServerClient) return client;
    } catch (error) {
      throw unreachable(placeOf(this.#target.settings), error);
    }
    throw new DroverError('INTERNAL', 'The pool gave a connection of another kind.');
  }
}

/** The statement under way reports the loss. This listener only keeps the process from ending. */
function watchForLoss(client: pg.PoolClient): { happened(): boolean; stop(): void } {
  let happened = false;
  const listener = (): void => {
    happened = true;
  };
  client.on('error', listener);
  return { happened: () => happened, stop: () => client.off('error', listener) };
}

class ServerConnection implements Connection {
  readonly #client: ServerClient;
  readonly #keeps: boolean;
  abandoned = false;

  constructor(client: ServerClient, keeps: boolean) {
    this.#client = client;
    this.#keeps = keeps;
  }

  async send(statements: readonly Statement[]): Promise<MessageOutcome> {
    const outcome = await sendBatch(this.#client, statements, this.#keeps ? this.#client.kept : undefined);
    return isStale(outcome.error) ? this.#asStale(statements, outcome) : outcome;
  }

  /** Tables have another shape than the statements that are kept, so the connection goes. The next one prepares anew. */
  async #asStale(
    statements: readonly Statement[],
    { answers, error }: MessageOutcome,
  ): Promise<MessageOutcome> {
    await this.abandon();
    const statement = statements[answers.length]?.sql ?? '';
    const message = 'Tables were changed while this connection was open; try again.';
    return { answers, error: new DroverError('RETRYABLE', message, { statement }, { cause: error }) };
  }

  script(sql: string): Promise<MessageOutcome> {
    return sendScript(this.#client, sql);
  }

  copyOut(sql: string, visit: VisitCopied): Promise<void> {
    return copyOut(this.#client, sql, visit);
  }

  abandon(): Promise<void> {
    this.abandoned = true;
    return Promise.resolve();
  }
}
