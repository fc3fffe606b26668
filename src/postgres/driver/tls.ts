/**
 * How a connection is encrypted, by the rules of libpq: each `sslmode` is a list of ways that are tried in their order. Where nothing is
 * said the mode is `prefer`; on this machine itself, where nobody listens in between, it is `allow`, which costs no round trip.
 */
import { existsSync, readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { DroverError } from '../../errors.ts';
import { ofUser, type LibpqSettings } from './libpq-files.ts';

/** Plain, or encrypted with what is checked. */
export type Way = false | ConnectionOptions;

const modes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
type Mode = (typeof modes)[number];

/** The ways to try, at least one. @throws USAGE_INVALID where a setting or a file cannot be used */
export function waysOf(settings: LibpqSettings, host: string): readonly [Way, ...Way[]] {
  if (host.startsWith('/')) return [false];
  const mode = modeOf(settings, host);
  switch (mode) {
    case 'disable':
      return [false];
    case 'allow':
      return [false, encrypted(settings, mode)];
    case 'prefer':
      return [encrypted(settings, mode), false];
    case 'require':
    case 'verify-ca':
    case 'verify-full':
      return [encrypted(settings, mode)];
  }
}

function modeOf(settings: LibpqSettings, host: string): Mode {
  const said = settings.get('sslmode');
  if (said === undefined) return isHere(host) ? 'allow' : 'prefer';
  const mode = modes.find((each) => each === said);
  if (mode !== undefined) return mode;
  throw wrong(`sslmode is none of ${modes.join(', ')}`);
}

function isHere(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

function encrypted(settings: LibpqSettings, mode: Mode): ConnectionOptions {
  const host = settings.get('host');
  // Who is called by an address is known by a name.
  const named = host !== undefined && settings.has('hostaddr') ? { servername: host } : {};
  return { ...checks(settings, mode), ...certificate(settings), ...versions(settings), ...named };
}

/** With a root certificate `require` means `verify-ca`, as in libpq. Without one, the authorities that Node.js knows are asked. */
function checks(settings: LibpqSettings, mode: Mode): ConnectionOptions {
  const said = settings.get('sslrootcert');
  const root =
    said ?? (existsSync(ofUser('.postgresql/root.crt')) ? ofUser('.postgresql/root.crt') : undefined);
  const verifies = mode.startsWith('verify') || (mode === 'require' && root !== undefined);
  if (!verifies) return { rejectUnauthorized: false };
  if (root === 'system' && mode !== 'verify-full')
    throw wrong('sslrootcert=system needs sslmode=verify-full');
  const ca = root === undefined || root === 'system' ? {} : { ca: readCertificate('sslrootcert', root) };
  return mode === 'verify-full' ? ca : { ...ca, checkServerIdentity: () => undefined };
}

/** What the server may ask this client for. */
function certificate(settings: LibpqSettings): ConnectionOptions {
  const usual = [ofUser('.postgresql/postgresql.crt'), ofUser('.postgresql/postgresql.key')] as const;
  const both = usual.every((file) => existsSync(file));
  const cert = settings.get('sslcert') ?? (both ? usual[0] : undefined);
  const key = settings.get('sslkey') ?? (both ? usual[1] : undefined);
  if (cert === undefined && key === undefined) return {};
  if (cert === undefined || key === undefined) throw wrong('sslcert and sslkey belong together; name both');
  const passphrase = settings.get('sslpassword');
  return {
    cert: readCertificate('sslcert', cert),
    key: readCertificate('sslkey', key),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
}

function versions(settings: LibpqSettings): ConnectionOptions {
  return { ...version(settings, 'min'), ...version(settings, 'max') };
}

const known = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;

function version(settings: LibpqSettings, end: 'min' | 'max'): ConnectionOptions {
  const name = `ssl_${end}_protocol_version`;
  const said = settings.get(name);
  if (said === undefined) return {};
  const found = known.find((each) => each === said);
  if (found === undefined) throw wrong(`${name} is none of ${known.join(', ')}`);
  return { [`${end}Version`]: found };
}

function readCertificate(name: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw wrong(`${name} names ${file}, which cannot be read`, cause);
  }
}

function wrong(reason: string, cause?: unknown): DroverError {
  const message = `The connection to the database cannot be made: ${reason}.`;
  return new DroverError('USAGE_INVALID', message, { reason }, { cause });
}
