/**
 * Who calls, from a credential. Whatever is wrong with a credential, the answer is the same, so that trying keys teaches
 * nothing. The tenant comes from the credential only.
 */
import { DroverError } from '../../errors.ts';
import { findKeyHolders, touchApiKey } from '../queries/api-keys.ts';
import { findPerson, type HeldRole, type Person } from '../queries/people.ts';
import { asTenant, type TenantScope } from '../../postgres/scope/tenant.ts';
import { hashesMatch, hashOf, parseApiKey, prefixOf } from './api-key-text.ts';
import { type Caller, highestRole } from './caller.ts';
import type { Platform } from '../open.ts';
import { platformScope } from '../scope.ts';

/**
 * The caller of an API key.
 * @throws UNAUTHENTICATED for a key that is unknown, expired, revoked or of an inactive user; TENANT_SUSPENDED; FORBIDDEN
 * where its user holds no role
 */
export async function authenticateKey(platform: Platform, text: string): Promise<Caller> {
  const parts = parseApiKey(text);
  if (parts === undefined) throw unauthenticated();
  const { tenantId, secret } = parts;
  const hash = hashOf(secret);
  const found = await asTenant(platform.database, asking, tenantId, (tx) =>
    findKeyHolders(tx, platform.schema, { tenantId, prefix: prefixOf(secret) }),
  );
  const holder = found.find((each) => hashesMatch(each.secret_hash, hash));
  if (holder === undefined || !holder.valid) throw unauthenticated();
  const caller = callerOf(tenantId, holder);
  if (holder.unused) await noteUse(platform, { tenantId, id: holder.key_id });
  return {
    ...caller,
    scopes: holder.scopes,
    actor: `${holder.email} (key ${holder.key_name})`,
    credential: `key ${holder.key_id}`,
    keyExpiresAt: holder.key_expires_at,
  };
}

/** One question in one round trip: each request asks it, so that what is revoked or expired ends at once. */
const asking: TenantScope = { ...platformScope, readOnly: true, extent: 'single' };

function noteUse({ database, schema }: Platform, key: { tenantId: string; id: string }): Promise<void> {
  return asTenant(database, platformScope, key.tenantId, (tx) => touchApiKey(tx, schema, key));
}

/** What a verified token says. */
export interface TokenSubject {
  readonly tenantId: string;
  /** An e-mail address, or the id of a user. */
  readonly user: string;
}

/** @throws UNAUTHENTICATED where the token is not to be believed, IDENTITY_UNAVAILABLE where that cannot be found out */
export type VerifyToken = (token: string) => Promise<TokenSubject>;

/**
 * The caller of a token of the identity provider. The token says who calls. Drover's own roles say what the caller may do.
 * @throws UNAUTHENTICATED, TENANT_SUSPENDED, FORBIDDEN as for a key; IDENTITY_UNAVAILABLE
 */
export async function authenticateToken(
  platform: Platform,
  verify: VerifyToken,
  token: string,
): Promise<Caller> {
  const { tenantId, user } = await verify(token);
  const person = await asTenant(platform.database, asking, tenantId, (tx) =>
    findPerson(tx, platform.schema, { tenantId, user }),
  );
  if (person === undefined) throw unauthenticated();
  return callerOf(tenantId, person);
}

/** The person behind a credential, where they may come in at all. */
function callerOf(tenantId: string, person: Person): Caller {
  if (!person.is_active) throw unauthenticated();
  if (person.state !== 'active') {
    throw new DroverError('TENANT_SUSPENDED', 'This organisation is suspended; ask the operator of Drover.');
  }
  const role = highestRole(person.roles.map((held) => held.role));
  if (role === undefined) {
    throw new DroverError(
      'FORBIDDEN',
      'You hold no role in this organisation; ask one of its admins for one.',
    );
  }
  return {
    tenantId,
    userId: person.user_id,
    role,
    scopes: ['*'],
    actor: person.email,
    credential: `person ${person.user_id}`,
    keyExpiresAt: null,
    roleExpiresAt: lastEnd(person.roles.filter((held) => held.role === role)),
  };
}

/** Of several grants of a role; null where one of them does not end. */
function lastEnd(grants: readonly HeldRole[]): Date | null {
  const ends = grants.flatMap(({ until }) => (until === null ? [] : [Date.parse(until)]));
  return ends.length < grants.length ? null : new Date(Math.max(...ends));
}

/** One answer for everything that is wrong with a credential. */
export function unauthenticated(): DroverError {
  return new DroverError(
    'UNAUTHENTICATED',
    'This needs a valid credential: send `Authorization: Bearer …` with an API key or a token.',
  );
}
