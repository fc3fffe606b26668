/** Why a server cannot be used, in a sentence with the way out. It names host, port and database, and never the password. */
import { DroverError } from '../../errors.ts';
import type { ServerAddress } from './address.ts';

/** DATABASE_UNREACHABLE with the reason, or the error that already says it. */
export function unreachable(place: ServerAddress, cause: unknown): DroverError {
  if (cause instanceof DroverError) return cause;
  const reason = reasonOf(cause);
  const where = `${place.host}:${place.port}/${place.database}`;
  const message = `The database server at ${where} cannot be used: ${reason}.`;
  return new DroverError('DATABASE_UNREACHABLE', message, { ...place, reason }, { cause });
}

const password = 'set PGPASSWORD, or write it into ~/.pgpass, which nobody else may read';
const login = 'name another one in the URL (postgres://user@…) or in PGUSER';
const unusableFile =
  'a file of sslcert, sslkey or sslrootcert is not what it should be, or sslpassword is wrong';
const authority = 'name the certificate of its authority with sslrootcert=FILE, as its provider gives it';

/** By the code of the system, of OpenSSL, or of PostgreSQL. */
const byCode: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'nothing listens there'],
  ['ENOTFOUND', 'the host is not known'],
  ['EAI_AGAIN', 'the host is not known'],
  ['ETIMEDOUT', 'it does not answer'],
  ['EHOSTUNREACH', 'there is no way to the host'],
  ['ENETUNREACH', 'there is no way to the host'],
  [
    'ECONNRESET',
    'the connection was cut; where it takes only encrypted connections, sslmode=require makes one',
  ],
  ['ENOENT', 'nothing listens there'],
  ['EACCES', 'its socket or a file of certificates may not be read'],
  ['28P01', `the password is wrong; ${password}`],
  ['3D000', 'the database does not exist'],
  ['53300', 'it has no connection left; close others, or set DROVER_POOL_SIZE lower'],
  ['57P03', 'it is starting or stopping'],
  ['SELF_SIGNED_CERT_IN_CHAIN', `nobody that is trusted here vouches for its certificate; ${authority}`],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', `its certificate vouches for itself; ${authority}`],
  [
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    `nobody that is trusted here vouches for its certificate; ${authority}`,
  ],
  [
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    `nobody that is trusted here vouches for its certificate; ${authority}`,
  ],
  ['UNABLE_TO_GET_ISSUER_CERT', `nobody that is trusted here vouches for its certificate; ${authority}`],
  [
    'CERT_SIGNATURE_FAILURE',
    `its certificate was made by somebody else than sslrootcert names; ${authority}`,
  ],
  ['CERT_HAS_EXPIRED', 'its certificate has expired; the server needs a new one'],
  ['CERT_NOT_YET_VALID', 'its certificate is not valid yet; look at the clocks of both machines'],
  [
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'its certificate is for another name than this host; name the host as in the certificate, or use sslmode=verify-ca',
  ],
]);

/** Where no code says it: of what pg itself finds, and of refusals that share a code. */
const byText: readonly (readonly [RegExp, string])[] = [
  [
    /no password was given|client password must be/,
    `it asks for a password, and none was given; ${password}`,
  ],
  [
    /no pg_hba\.conf entry.*no encryption/,
    'it takes this login only by an encrypted connection; add sslmode=require to the URL',
  ],
  [
    /no pg_hba\.conf entry.*SSL encryption/,
    'it takes this login from no such address by an encrypted connection (pg_hba.conf)',
  ],
  [
    /valid client certificate|certificate required|certificate authentication failed/,
    'it asks for a certificate of this client; add sslcert=FILE and sslkey=FILE to the URL',
  ],
  [
    /does not support SSL/,
    'it has no encryption; sslmode=disable connects without, where the way is trusted',
  ],
  [
    /password file is open to others/,
    'it asks for a password, and its file is passed over because others may read it; `chmod 600 ~/.pgpass`, or the file of PGPASSFILE',
  ],
  [
    /establishing an SSL connection/,
    'it did not understand the request for encryption, and may not be PostgreSQL',
  ],
  [
    /unsupported startup parameter/,
    'a pooler in between takes no `options`; leave them out of the URL and of PGOPTIONS, or name the server itself',
  ],
  [/no more connections allowed|max_client_conn/, 'the pooler in between has no connection left'],
  [/bad decrypt|no start line|key values mismatch/, unusableFile],
  [
    /alert (?:unknown ca|bad certificate|certificate unknown|decrypt error)/,
    'it does not accept the certificate of this client (sslcert)',
  ],
  [
    /channel binding/i,
    'it does not prove itself by channel binding; use channel_binding=prefer with sslmode=verify-full',
  ],
  [/timeout/, 'it does not answer'],
];

/** Only reasons that are known to hold no secret. A driver may quote the connection string in its message. */
function reasonOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : '';
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const found = byCode.get(code) ?? byText.find(([pattern]) => pattern.test(text))?.[1];
  if (found !== undefined) return found;
  if (code.startsWith('ERR_OSSL')) return unusableFile;
  // What a server or a pooler itself says when it refuses; it does not know the password.
  const said = cause instanceof Error && 'severity' in cause ? `: ${text.replace(/\.$/, '')}` : '';
  if (code === '28000') return `the login was refused${said}; ${login}`;
  return code === '' ? 'no connection within 10 s, or no usable address' : `error ${code}${said}`;
}
