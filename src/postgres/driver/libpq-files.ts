/** The files in which libpq keeps connections: services (`~/.pg_service.conf`) and passwords (`~/.pgpass`). */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { DroverError } from '../../errors.ts';

/** PGHOST, PGPASSWORD, PGSERVICE and the like, as the process was given them. */
export type LibpqVariables = ReadonlyMap<string, string>;

/** By the names that libpq gives them: host, port, dbname, user, password, sslmode, … */
export type LibpqSettings = ReadonlyMap<string, string>;

/** A file of libpq in the folder of the user. */
export function ofUser(name: string): string {
  return join(homedir(), name);
}

/** What a service file says about the service. @throws USAGE_INVALID where no file has it */
export function readService(service: string, variables: LibpqVariables): [string, string][] {
  const system = variables.get('PGSYSCONFDIR');
  const files = [
    variables.get('PGSERVICEFILE') ?? ofUser('.pg_service.conf'),
    ...(system === undefined ? [] : [join(system, 'pg_service.conf')]),
  ];
  for (const file of files.filter((path) => existsSync(path))) {
    const found = sectionOf(readFileSync(file, 'utf8'), service);
    if (found !== undefined) return found;
  }
  const message = `The service ${service} is not in ${files.join(' or ')}.`;
  throw new DroverError('USAGE_INVALID', message, { service });
}

function sectionOf(text: string, service: string): [string, string][] | undefined {
  let section: string | undefined;
  let found: [string, string][] | undefined;
  for (const line of text.split(/\r?\n/).map((each) => each.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const head = /^\[(.*)\]$/.exec(line)?.[1];
    if (head !== undefined) section = head;
    if (section !== service) continue;
    found ??= [];
    const at = line.indexOf('=');
    if (head === undefined && at > 0) found.push([line.slice(0, at).trim(), line.slice(at + 1).trim()]);
  }
  return found;
}

/** The password of a password file for this address. @throws Error where others may read the file: libpq passes it over, too. */
export function readPassword(
  settings: LibpqSettings,
  { host, port }: { host: string; port: string },
): string | undefined {
  const file = settings.get('passfile') ?? ofUser('.pgpass');
  if (!existsSync(file)) return undefined;
  if (process.platform !== 'win32' && statSync(file).isFile() && (statSync(file).mode & 0o077) !== 0)
    throw new Error('the password file is open to others');
  const user = settings.get('user') ?? '';
  const wanted = [host, port, settings.get('dbname') ?? user, user];
  for (const line of readFileSync(file, 'utf8').split(/\r?\n/)) {
    if (line.startsWith('#')) continue;
    const fields = [...line.matchAll(/((?:\\.|[^\\:])*)(?::|$)/g)].map(([, field = '']) =>
      field.replaceAll(/\\(.)/g, '$1'),
    );
    const [password, fits] = [
      fields[4],
      wanted.every((value, at) => fields[at] === '*' || fields[at] === value),
    ];
    if (fits && password !== undefined && password !== '') return password;
  }
  return undefined;
}
