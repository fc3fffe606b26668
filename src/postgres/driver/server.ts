/** A PostgreSQL server, reached through a pool of connections. */
import { AsyncLocalStorage } from 'node:async_hooks';
import pg from 'pg';
import { DroverError } from '../../errors.ts';
import { copyOut } from './copy-out.ts';
import type { VisitRow } from './copy-out.ts';
import { isStale, sendBatch } from './message.ts';
import type { Connections, Database, Extent, Tx } from './database.ts';
import { prepared } from './statement-names.ts';
import type { Connection, Message, Nesting, Outcome, Statement } from './transaction.ts';
import { refuseNesting, runTransaction } from './transaction.ts';

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
    return new Server(pool, target, await keepsStatements(pool));
  } catch (error) {
    await pool.end();
    throw unreachable(target.url, error);
  }
}

/**
 * May connections keep statements prepared? A pooler gives a connection to somebody else between two transactions, and tells a
 * process id of its own; then they may not.
 */
async function keepsStatements(pool: pg.Pool): Promise<boolean> {
  const client = await pool.connect();
  try {
    const { rows } = await client.query<{ pid: string }>('SELECT pg_backend_pid()::text AS pid');
    return 'processID' in client && rows[0]?.pid === String(client.processID);
  } finally {
    client.release();
  }
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
  readonly #keeps: boolean;
  readonly #nesting: Nesting = new AsyncLocalStorage();
  #probe: pg.Pool | undefined;
  #closing: Promise<void> | undefined;

  constructor(pool: pg.Pool, target: ServerTarget, keeps: boolean) {
    this.#pool = pool;
    this.#target = target;
    this.#keeps = keeps;
  }

  async transaction<T>(opening: string, work: (tx: Tx) => Promise<T>, extent: Extent = 'any'): Promise<T> {
    refuseNesting(this.#nesting);
    const client = await this.#connect();
    const lost = watchForLoss(client);
    const connection = new ServerConnection(client, this.#keeps);
    try {
      return await runTransaction(connection, { opening, extent, nesting: this.#nesting }, work);
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
  readonly #keeps: boolean;
  abandoned = false;

  constructor(client: pg.PoolClient, keeps: boolean) {
    this.#client = client;
    this.#keeps = keeps;
  }

  async send({ opening, statements, commit }: Message): Promise<Outcome> {
    const before = opening === undefined ? [] : statementsOf(opening);
    const all = [...before, ...statements, ...(commit ? [commitStatement] : [])];
    const { answers, error } = await sendBatch(this.#client, all, this.#keeps);
    const outcome = {
      answers: answers.slice(before.length, before.length + statements.length),
      end: commit ? answers[all.length - 1]?.tag : undefined,
    };
    if (error === undefined) return outcome;
    const { sql } = all[answers.length] ?? commitStatement;
    if (!isStale(error)) return { ...outcome, failure: { sql, error } };
    this.abandon();
    const message = 'Tables were changed while this connection was open; try again.';
    const stale = new DroverError('RETRYABLE', message, { statement: sql }, { cause: error });
    return { ...outcome, failure: { sql, error: stale } };
  }

  async script(sql: string): Promise<void> {
    await this.#client.query(sql);
  }

  copyOut(sql: string, visit: VisitRow): Promise<void> {
    return copyOut(this.#client, sql, visit);
  }

  abandon(): void {
    this.abandoned = true;
  }
}

const commitStatement: Statement = { sql: prepared('COMMIT'), params: [] };

/** What does not hold a tenant or another value. */
const keepable = /^\s*(BEGIN|SET LOCAL ROLE)\b/;

/** An opening as the statements it consists of: text in quotes, which doubles every quote in it, belongs to one of them. */
function statementsOf(opening: string): Statement[] {
  const texts = opening.match(/(?:'[^']*'|"[^"]*"|[^;'"])+/g) ?? [];
  return texts.map((text) => ({
    sql: keepable.test(text) ? prepared(text.trim()) : text.trim(),
    params: [],
  }));
}
