/**
 * What leads to a server, as libpq reads it: the URL, a service of a service file, and the PG* variables, the first that says something.
 * A URL that cannot be read is never shown: nobody knows where in it the password begins.
 */
import { DroverError } from '../../errors.ts';
import { readService, type LibpqSettings, type LibpqVariables } from './libpq-files.ts';

/** Names of libpq that mean something here. Others of a URL belong to other programs (`pgbouncer`, `schema`) and are passed over. */
export const settingNames: ReadonlySet<string> = new Set([
  'host',
  'hostaddr',
  'port',
  'dbname',
  'user',
  'password',
  'passfile',
  'service',
  'options',
  'application_name',
  'connect_timeout',
  'channel_binding',
  'ssl',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'sslpassword',
  'sslnegotiation',
  'ssl_min_protocol_version',
  'ssl_max_protocol_version',
  'target_session_attrs',
]);

/** What would be weaker than somebody asked for, if it were passed over. */
const refused: ReadonlyMap<string, string> = new Map([
  ['sslcrl', 'lists of revoked certificates'],
  ['sslcrldir', 'lists of revoked certificates'],
  ['requirepeer', 'the name of the peer'],
  ['require_auth', 'the ways of authentication'],
  ['sslcertmode', 'whether the server asks for a certificate'],
]);

/** Of other programs and of libpq, with the values that ask for nothing that Drover does not do. */
const harmless: ReadonlyMap<string, RegExp> = new Map([
  ['sslsni', /^[01]$/],
  ['sslcompression', /^[01]$/],
  ['sslaccept', /^accept_invalid_certs$/],
  ['gssencmode', /^(disable|prefer)$/],
]);

const variableNames: ReadonlyMap<string, string> = new Map([
  ['PGHOST', 'host'],
  ['PGHOSTADDR', 'hostaddr'],
  ['PGPORT', 'port'],
  ['PGDATABASE', 'dbname'],
  ['PGUSER', 'user'],
  ['PGPASSWORD', 'password'],
  ['PGPASSFILE', 'passfile'],
  ['PGSERVICE', 'service'],
  ['PGOPTIONS', 'options'],
  ['PGCONNECT_TIMEOUT', 'connect_timeout'],
  ['PGCHANNELBINDING', 'channel_binding'],
  ['PGSSLMODE', 'sslmode'],
  ['PGSSLROOTCERT', 'sslrootcert'],
  ['PGSSLCERT', 'sslcert'],
  ['PGSSLKEY', 'sslkey'],
  ['PGSSLNEGOTIATION', 'sslnegotiation'],
  ['PGSSLMINPROTOCOLVERSION', 'ssl_min_protocol_version'],
  ['PGSSLMAXPROTOCOLVERSION', 'ssl_max_protocol_version'],
  ['PGTARGETSESSIONATTRS', 'target_session_attrs'],
  ['PGREQUIREPEER', 'requirepeer'],
  ['PGREQUIREAUTH', 'require_auth'],
  ['PGGSSENCMODE', 'gssencmode'],
]);

/** Everything that is said about the server. @throws USAGE_INVALID, which quotes nothing of the URL but names */
export function readSettings(url: string, variables: LibpqVariables = new Map()): LibpqSettings {
  const own = readUrl(url);
  const ofVariables = [...variables].flatMap(([variable, value]) => {
    const name = variableNames.get(variable) ?? encryptionVariable(variable);
    return name === undefined || value === '' ? [] : [[name, value] as const];
  });
  const service = own.get('service') ?? variables.get('PGSERVICE');
  const ofService = service === undefined ? [] : readService(service, variables);
  return checked(new Map([...understood(ofVariables), ...understood(ofService), ...own]));
}

/** `PGSSLCRL` is `sslcrl`; one that is mistyped is refused like the name. */
function encryptionVariable(variable: string): string | undefined {
  return /^PG(SSL|CHANNEL)/.test(variable) ? variable.slice(2).toLowerCase() : undefined;
}

/** What one source says, without what means nothing here. What would make the connection weaker if it were passed over is refused. */
function understood(said: readonly (readonly [string, string])[]): (readonly [string, string])[] {
  for (const [name, value] of said) {
    const what = refused.get(name);
    if (what !== undefined) throw invalid(`${name} is not supported: Drover does not check ${what}`);
    const form = harmless.get(name);
    if (form !== undefined && !form.test(value))
      throw invalid(`${name} asks for what Drover does not do; sslmode=verify-full asks who the server is`);
    if (/^(ssl|channel)/i.test(name) && form === undefined && !settingNames.has(name))
      throw invalid(`it has no parameter ${name}; those of encryption are ${encryptionNames.join(', ')}`);
  }
  const known = said.filter(([name]) => settingNames.has(name) && name !== 'ssl');
  const ssl = said.findLast(([name]) => name === 'ssl')?.[1];
  if (ssl === undefined) return known;
  if (ssl !== 'true') throw invalid('ssl can only be true, which is sslmode=require');
  const mode = known.findLast(([name]) => name === 'sslmode')?.[1];
  if (mode !== undefined && !/^(require|verify-)/.test(mode))
    throw invalid('ssl=true contradicts its sslmode; leave one of them out');
  return mode === undefined ? [...known, ['sslmode', 'require']] : known;
}

const encryptionNames = [...settingNames].filter((name) => /^(ssl|channel)/.test(name));

/** What has one of a few forms has it, or is named. */
const forms: ReadonlyMap<string, RegExp> = new Map([
  ['port', /^\d{1,5}$/],
  ['connect_timeout', /^\d{1,6}$/],
  ['channel_binding', /^(disable|prefer|require)$/],
  ['sslnegotiation', /^(postgres|direct)$/],
  ['target_session_attrs', /^(any|read-write|read-only|primary|standby|prefer-standby)$/],
]);

function checked(settings: LibpqSettings): LibpqSettings {
  for (const [name, form] of forms) {
    const value = settings.get(name);
    if (value !== undefined && !form.test(value))
      throw invalid(`${name} does not have a value that it can have`);
  }
  return settings;
}

/** What the URL alone says; what is empty says nothing. @throws USAGE_INVALID */
export function readUrl(text: string): LibpqSettings {
  const url = parse(text);
  const parameters = [...url.searchParams];
  const unread = parameters.find(([name]) => !/^[\w.-]+$/.test(name));
  // An @ behind a host that nobody signs in at is one that stood in a password.
  const path = url.pathname.slice(1);
  const astray = /[@/]/.test(path) || (url.username === '' && url.search.includes('@'));
  if (url.hash !== '' || astray || unread !== undefined) throw unreadable();
  const host = decode(url.hostname).replace(/^\[(.+)\]$/, '$1');
  if (host.includes(',')) throw invalid('it names several hosts, and Drover connects to one');
  const named: (readonly [string, string])[] = [
    ['host', host === emptyHost ? '' : host],
    ['port', url.port],
    ['user', decode(url.username)],
    ['password', decode(url.password)],
    ['dbname', decode(path)],
    ...understood(parameters),
  ];
  return new Map(named.filter(([, value]) => value !== ''));
}

/** Why a URL cannot be read, in words that quote nothing of it. */
export function problemOfUrl(text: string): string | undefined {
  try {
    readUrl(text);
    return undefined;
  } catch (error) {
    if (error instanceof DroverError) return error.message;
    throw error;
  }
}

/** URLs of the web need a host; those of libpq do not. */
const emptyHost = 'nowhere.invalid';

function parse(text: string): URL {
  const whole = text.replace(/^(postgres(?:ql)?:\/\/[^/@]*)@(?=[/?]|$)/, `$1@${emptyHost}`);
  if (!/^postgres(ql)?:\/\//.test(whole)) throw unreadable();
  if (/^postgres(?:ql)?:\/\/[^/]*,/.test(whole))
    throw invalid('it names several hosts, and Drover connects to one');
  if (!URL.canParse(whole)) throw unreadable();
  return new URL(whole);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw unreadable();
  }
}

function unreadable(): DroverError {
  return invalid(
    'it is not of the form postgres://user@host:5432/database. In a password write @ as %40, # as %23, / as %2F, ? as %3F and % as %25, ' +
      'or leave it out and set PGPASSWORD',
  );
}

function invalid(reason: string): DroverError {
  return new DroverError('USAGE_INVALID', `The address of the database cannot be used: ${reason}.`, {
    reason,
  });
}

/** Where a message says that the server is. */
export interface ServerAddress {
  readonly host: string;
  readonly port: string;
  readonly database: string;
}

/** Host, port and database, and nothing secret. */
export function placeOf(settings: LibpqSettings): ServerAddress {
  const user = settings.get('user');
  return {
    host: settings.get('host') ?? settings.get('hostaddr') ?? 'localhost',
    port: settings.get('port') ?? '5432',
    database: settings.get('dbname') ?? user ?? 'unknown',
  };
}
