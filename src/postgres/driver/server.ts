/** A PostgreSQL server, reached through a pool of connections. */
import { AsyncLocalStorage } from 'node:async_hooks';
import pg from 'pg';
import { DroverError } from '../../errors.ts';
import { copyOut, type VisitRow } from './copy-out.ts';
import type { Connection, Outcome } from './connection.ts';
import type { Connections, Database, Extent, Tx } from './database.ts';
import { KeptStatements } from './kept-statements.ts';
import { isStale, sendBatch, sendScript } from './message.ts';
import type { Opening } from './opening.ts';
import type { Statement } from './question.ts';
import { type Nesting, refuseNesting, runTransaction } from './transaction.ts';

export interface ServerTarget {
  /** postgres://user:password@host:port/database?… as libpq understands it. */
  readonly url: string;
  readonly poolSize?: number;
  /** Shown in pg_stat_activity, so that a person sees who holds a lock. */
  readonly applicationName?: string;
}

/** Opens a pool and proves that the server answers; DATABASE_UNREACHABLE otherwise. */
export async function openServer(target: ServerTarget): Promise<Database> {
  const pool = createPool(target);
  // The pool replaces a connection that dies while it is idle. Without a listener the process would end.
  pool.on('error', () => undefined);
  // A connection may end in the moment in which it is made, before whoever asked for it listens.
  pool.on('connect', (client) => client.on('error', () => undefined));
  try {
    const { version, keeps } = await askServer(pool);
    refuseOlder(target.url, version);
    return new Server(pool, target, keeps);
  } catch (error) {
    await pool.end();
    throw error instanceof DroverError ? error : unreachable(target.url, error);
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
function refuseOlder(url: string, { number, name }: Version): void {
  if (number >= oldest * 10_000) return;
  const { host, port } = describeUrl(url);
  const message =
    `The server at ${host}:${port} is ${name}, and Drover needs PostgreSQL ${oldest} or newer; nothing was read or written. ` +
    'Upgrade the server, or name another one.';
  throw new DroverError('DATABASE_UNSUPPORTED', message, { host, port, version: name });
}

/** One connection of the pool, which knows what it keeps prepared. */
class ServerClient extends pg.Client {
  readonly kept = new KeptStatements();
}

function createPool(target: ServerTarget): pg.Pool {
  try {
    return new pg.Pool({
      Client: ServerClient,
      connectionString: target.url,
      max: target.poolSize ?? 8,
      application_name: target.applicationName ?? 'drover',
      connectionTimeoutMillis: 10_000,
      types: { getTypeParser: () => (text: unknown) => text },
    });
  } catch (error) {
    throw unreachable(target.url, error);
  }
}

/** A pool of one connection, for questions about health only. */
function createProbe({ url, applicationName = 'drover' }: ServerTarget): pg.Pool {
  const probe = new pg.Pool({
    connectionString: url,
    max: 1,
    application_name: `${applicationName} health`,
    connectionTimeoutMillis: 1000,
    query_timeout: 1000,
  });
  probe.on('error', () => undefined);
  return probe;
}

/** The message names the server and never the password. */
function unreachable(url: string, cause: unknown): DroverError {
  const where = describeUrl(url);
  const reason = reasonOf(cause);
  const place = `${where.host}:${where.port}/${where.database}`;
  const message = `The database server at ${place} cannot be used: ${reason}.`;
  return new DroverError('DATABASE_UNREACHABLE', message, { ...where, reason }, { cause });
}

function describeUrl(text: string): { host: string; port: string; database: string } {
  const unknown = { host: 'unknown', port: '5432', database: 'unknown' };
  if (!URL.canParse(text)) return unknown;
  const url = new URL(text);
  const host = url.searchParams.get('host') ?? (url.hostname || 'localhost');
  const database = decodeURIComponent(url.pathname.slice(1)) || unknown.database;
  return { host, port: url.port || unknown.port, database };
}

/** Only reasons that are known to hold no secret. A driver may quote the connection string in its message. */
function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const known: Record<string, string> = {
    ECONNREFUSED: 'nothing listens there',
    ENOTFOUND: 'the host is not known',
    EAI_AGAIN: 'the host is not known',
    ETIMEDOUT: 'it does not answer',
    EHOSTUNREACH: 'there is no way to the host',
    ECONNRESET: 'the connection was cut',
    ENOENT: 'nothing listens there',
    '28P01': 'the password is wrong',
    '28000': 'the login was refused',
    '3D000': 'the database does not exist',
    '53300': 'it has no connection left',
    '57P03': 'it is starting or stopping',
  };
  return known[code] ?? (code ? `error ${code}` : 'no connection within 10 s, or no usable address');
}

class Server implements Database {
  readonly engine = 'server';
  readonly #pool: pg.Pool;
  readonly #target: ServerTarget;
  readonly #keeps: boolean;
  readonly #nesting: Nesting = new AsyncLocalStorage();
  #probe: pg.Pool | undefined;
  #closing: Promise<void> | undefined;

  constructor(pool: pg.Pool, target: ServerTarget, keeps: boolean) {
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

  connections(): Connections {
    const { totalCount, idleCount, waitingCount } = this.#pool;
    return { busy: totalCount - idleCount, idle: idleCount, waiting: waitingCount };
  }

  async ping(): Promise<void> {
    this.#probe ??= createProbe(this.#target);
    try {
      await this.#probe.query('SELECT 1');
    } catch (error) {
      throw unreachable(this.#target.url, error);
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
      throw unreachable(this.#target.url, error);
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

  async send(statements: readonly Statement[]): Promise<Outcome> {
    const outcome = await sendBatch(this.#client, statements, this.#keeps ? this.#client.kept : undefined);
    return isStale(outcome.error) ? this.#asStale(statements, outcome) : outcome;
  }

  /** Tables have another shape than the statements that are kept, so the connection goes. The next one prepares anew. */
  async #asStale(statements: readonly Statement[], { answers, error }: Outcome): Promise<Outcome> {
    await this.abandon();
    const statement = statements[answers.length]?.sql ?? '';
    const message = 'Tables were changed while this connection was open; try again.';
    return { answers, error: new DroverError('RETRYABLE', message, { statement }, { cause: error }) };
  }

  script(sql: string): Promise<Outcome> {
    return sendScript(this.#client, sql);
  }

  copyOut(sql: string, visit: VisitRow): Promise<void> {
    return copyOut(this.#client, sql, visit);
  }

  abandon(): Promise<void> {
    this.abandoned = true;
    return Promise.resolve();
  }
}
