/** The connections of a server: how they are opened, and what each knows. */
import { userInfo } from 'node:os';
import pg from 'pg';
import { given } from '../../engine/given.ts';
import { readPassword } from './libpq-files.ts';
import type { LibpqSettings, LibpqVariables } from './libpq-files.ts';
import { KeptStatements } from './kept-statements.ts';
import type { Way } from './tls.ts';

export interface ServerTarget {
  /** postgres://user:password@host:port/database?… as libpq understands it. */
  readonly url: string;
  /** PGPASSWORD and the like, where the environment of the process counts. */
  readonly variables?: LibpqVariables;
  readonly poolSize?: number;
  /** Shown in pg_stat_activity, so that a person sees who holds a lock. */
  readonly applicationName?: string;
}

export interface Opened extends ServerTarget {
  readonly settings: LibpqSettings;
  readonly way: Way;
}

interface ClientConfig extends pg.ClientConfig {
  readonly requiresBinding?: boolean;
}

/** One connection of the pool, which knows what it keeps prepared. */
export class ServerClient extends pg.Client {
  readonly kept = new KeptStatements();

  /** What pg asks of the server, some of it by itself from the environment of the process. */
  declare readonly connectionParameters: { options?: string | undefined };

  constructor(config: ClientConfig = {}) {
    super(config);
    this.connectionParameters.options = config.options;
    // pg leaves a connection open that it gave up by itself, and waits for the server to end it: that takes a minute.
    this.connection.on('error', () => void this.connection.stream.destroy());
    if (config.requiresBinding === true) requireBinding(this.connection);
  }
}

/** Only a server that proves on this very channel that it knows the password is told anything. */
function requireBinding(connection: pg.Connection): void {
  const refuse = (): void => void connection.stream.destroy(new Error('no channel binding'));
  let bound = false;
  connection.on('authenticationCleartextPassword', refuse);
  connection.on('authenticationMD5Password', refuse);
  connection.on('authenticationSASL', ({ mechanisms }: { mechanisms: readonly string[] }) => {
    if (!mechanisms.includes('SCRAM-SHA-256-PLUS')) refuse();
  });
  connection.on('authenticationSASLFinal', () => (bound = true));
  connection.on('authenticationOk', () => (bound ? undefined : refuse()));
}

export function createPool({ settings, way, ...target }: Opened): pg.Pool {
  return new pg.Pool({
    Client: ServerClient,
    ...configOf(settings, way),
    max: target.poolSize ?? 8,
    application_name: target.applicationName ?? settings.get('application_name') ?? 'drover',
    types: { getTypeParser: () => (text: unknown) => text },
  });
}

function configOf(settings: LibpqSettings, way: Way): ClientConfig {
  const { host, port } = { host: hostOf(settings), port: settings.get('port') ?? '5432' };
  // Named in any case: what is missing pg would take from the environment of the process.
  const user = settings.get('user') ?? systemUser();
  const database = settings.get('dbname') ?? user;
  const binding = settings.get('channel_binding');
  const directly = settings.get('sslnegotiation') === 'direct' && way !== false;
  // A function, so that pg neither shows it nor looks for one by itself.
  const password = (): string => {
    const found = settings.get('password') ?? readPassword(settings, { host, port });
    if (found !== undefined) return found;
    throw new Error('no password was given');
  };
  return {
    host,
    port: Number(port),
    password,
    ssl: way,
    connectionTimeoutMillis: 1000 * Number(settings.get('connect_timeout') ?? 10),
    enableChannelBinding: way !== false && binding !== 'disable',
    requiresBinding: binding === 'require',
    ...given({ user, database, options: settings.get('options') }),
    sslnegotiation: directly ? 'direct' : 'postgres',
  };
}

/** As libpq does; undefined where the system has no name for whoever runs this. */
function systemUser(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

export function hostOf(settings: LibpqSettings): string {
  return settings.get('hostaddr') ?? settings.get('host') ?? 'localhost';
}

/** A pool of one connection, for questions about health only. */
export function createProbe({ settings, way, applicationName = 'drover' }: Opened): pg.Pool {
  const probe = new pg.Pool({
    Client: ServerClient,
    ...configOf(settings, way),
    max: 1,
    application_name: `${applicationName} health`,
    connectionTimeoutMillis: 1000,
    query_timeout: 1000,
  });
  probe.on('error', () => undefined);
  return probe;
}
