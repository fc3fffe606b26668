/** A PostgreSQL server, reached through a pool of connections. */
import { AsyncLocalStorage } from 'node:async_hooks';
import pg from 'pg';
import { DroverError } from '../errors.ts';
import type { Connections, Database, Tx } from './database.ts';
import { type Connection, type Nesting, refuseNesting, runTransaction } from './transaction.ts';
import { decoderOf } from './values.ts';

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
  // A connection that dies while idle is replaced by the pool at the next use; without a listener the process ends.
  pool.on('error', () => undefined);
  // One that is ended the moment it is there reports it before whoever asked for it can listen.
  pool.on('connect', (client) => client.on('error', () => undefined));
  try {
    const client = await pool.connect();
    client.release();
  } catch (error) {
    await pool.end();
    throw unreachable(target.url, error);
  }
  return new Server(pool, target);
}

function createPool(target: ServerTarget): pg.Pool {
  try {
    return new pg.Pool({
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

/** One connection that is there for questions about health only. */
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

/** Names the server, never the password. */
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

/** Only reasons that are known to hold no secret; a driver may quote the connection string in its message. */
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
  readonly #nesting: Nesting = new AsyncLocalStorage();
  #probe: pg.Pool | undefined;
  #closing: Promise<void> | undefined;

  constructor(pool: pg.Pool, target: ServerTarget) {
    this.#pool = pool;
    this.#target = target;
  }

  async transaction<T>(opening: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    refuseNesting(this.#nesting);
    const client = await this.#connect();
    const lost = watchForLoss(client);
    const connection = new ServerConnection(client);
    try {
      return await runTransaction(connection, this.#nesting, opening, work);
    } finally {
      lost.stop();
      // A connection that may still be in its transaction is ended, not given to the next caller.
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

  async #connect(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw unreachable(this.#target.url, error);
    }
  }
}

/** The statement under way reports the loss; this listener only keeps the process from ending. */
function watchForLoss(client: pg.PoolClient): { happened(): boolean; stop(): void } {
  let happened = false;
  const listener = (): void => {
    happened = true;
  };
  client.on('error', listener);
  return { happened: () => happened, stop: () => client.off('error', listener) };
}

class ServerConnection implements Connection {
  readonly #client: pg.PoolClient;
  abandoned = false;

  constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  async query(
    sql: string,
    params: readonly (string | null)[],
  ): Promise<{ rows: object[]; affected: number }> {
    const result = await this.#client.query<unknown[]>({
      text: sql,
      values: [...params],
      rowMode: 'array',
      // Without it pg sends a query that has no parameters as a script, and several statements would pass.
      queryMode: 'extended',
    } as pg.QueryArrayConfig);
    return { rows: toRows(result), affected: result.rowCount ?? 0 };
  }

  async script(sql: string): Promise<string> {
    const results: pg.QueryResult | pg.QueryResult[] = await this.#client.query(sql);
    return (Array.isArray(results) ? results.at(-1) : results)?.command ?? '';
  }

  abandon(): void {
    this.abandoned = true;
  }
}

function toRows(result: pg.QueryArrayResult<unknown[]>): object[] {
  const columns = result.fields.map((field) => ({ name: field.name, decode: decoderOf(field.dataTypeID) }));
  return result.rows.map((values) =>
    Object.fromEntries(columns.map(({ name, decode }, i) => [name, read(values[i], decode)])),
  );
}

function read(value: unknown, decode: (text: string) => unknown): unknown {
  return typeof value === 'string' ? decode(value) : null;
}
