/**
 * API keys: made once, shown once, stored as a hash, and taken back by revoking. Whoever has the database makes the first key of an
 * installation, and helps where a tenant has locked itself out; that leaves a record in the tenant's audit log, in the name of the
 * operator.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Tx } from '../../postgres/driver/database.ts';
import { type ApiKeyRow, insertApiKey, listApiKeys, revokeApiKey } from '../queries/api-keys.ts';
import { asTenant, asOperator } from '../../postgres/scope/tenant.ts';
import { encodeSecret, formatApiKey, hashOf, prefixOf } from './api-key-text.ts';
import type { Platform } from '../open.ts';
import { platformScope } from '../scope.ts';
import { DroverError } from '../../errors.ts';
import { insertAuditRecord } from '../queries/audit-log.ts';
import { ensureSysadmin, ensureTenant, ensureUser } from '../queries/tenants.ts';
import { findPerson } from '../queries/people.ts';
import { listTenants, type TenantName } from '../../postgres/scope/tenants.ts';

export interface ApiKeyRequest {
  readonly tenantId: string;
  readonly userId: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly expiresAt?: string | null;
}

export interface CreatedApiKey<Row = ApiKeyRow> {
  readonly row: Row;
  /** The whole key. It is nowhere else: who loses it makes another. */
  readonly text: string;
}

/** Without a caller, for whoever has the database. @throws STILL_REFERENCED where the tenant has no such user */
export function createApiKey(platform: Platform, request: ApiKeyRequest): Promise<CreatedApiKey> {
  return asTenant(platform.database, platformScope, request.tenantId, (tx) =>
    insertKey(tx, platform.schema, request),
  );
}

/** In the tenant's transaction that is open. */
export async function insertKey(tx: Tx, schema: string, request: ApiKeyRequest): Promise<CreatedApiKey> {
  const { tenantId, userId, name, scopes, expiresAt = null } = request;
  const secret = newSecret();
  const row = await insertApiKey(tx, schema, {
    tenantId,
    id: randomUUID(),
    userId,
    name,
    scopes: [...new Set(scopes)],
    prefix: prefixOf(secret),
    secretHash: hashOf(secret),
    expiresAt,
  });
  return { row, text: formatApiKey({ tenantId, secret }) };
}

/** A key is named by its first characters on the command line, where what begins with a hyphen is an option. */
function newSecret(): string {
  const secret = encodeSecret(randomBytes(32));
  return secret.startsWith('-') ? newSecret() : secret;
}

interface OperatorKey {
  readonly email: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly expiresAt?: string | null;
  readonly actor: string;
}

/** A key for somebody who is there. @throws NOT_FOUND */
export function createKeyFor(
  platform: Platform,
  tenantId: string,
  asked: OperatorKey,
): Promise<CreatedApiKey> {
  const { schema } = platform;
  return asTenant(platform.database, platformScope, tenantId, async (tx) => {
    const person = await findPerson(tx, schema, { tenantId, user: asked.email });
    if (person?.is_active !== true) {
      throw new DroverError('NOT_FOUND', `The tenant has no active user ${asked.email}.`);
    }
    const made = await insertKey(tx, schema, { ...asked, tenantId, userId: person.user_id });
    await record(tx, schema, { tenantId, id: made.row.id, actor: asked.actor, action: 'key.created' });
    return made;
  });
}

/** A key for a sysadmin: the tenant Operations, the person and the role are made where they are missing. */
export async function createSysadminKey(platform: Platform, asked: OperatorKey): Promise<CreatedApiKey> {
  const { schema, database } = platform;
  const tenantId = await asOperator(database, platformScope, (tx) =>
    ensureTenant(tx, schema, { name: 'Operations', slug: 'operations' }),
  );
  await asTenant(database, platformScope, tenantId, async (tx) => {
    const userId = await ensureUser(tx, schema, { tenantId, email: asked.email });
    await ensureSysadmin(tx, schema, { tenantId, userId });
    await record(tx, schema, { tenantId, id: userId, actor: asked.actor, action: 'user_role.granted' });
  });
  return createKeyFor(platform, tenantId, asked);
}

export interface ListedKey extends ApiKeyRow {
  readonly tenant: TenantName;
  readonly email: string;
}

/** The keys of the tenants, one tenant's transaction after the other. */
export async function listKeys(platform: Platform, tenants: readonly TenantName[]): Promise<ListedKey[]> {
  const found: ListedKey[] = [];
  for (const tenant of tenants) {
    const rows = await asTenant(platform.database, platformScope, tenant.key, (tx) =>
      listApiKeys(tx, platform.schema, tenant.key),
    );
    found.push(...rows.map((row) => ({ ...row, tenant })));
  }
  return found;
}

/** Revokes the key with that id, or that begins so. @throws NOT_FOUND, and USAGE_INVALID where several begin so */
export async function revokeKey(platform: Platform, text: string, actor: string): Promise<ListedKey> {
  const all = await listKeys(platform, await listTenants(platform.site));
  const [key, ...others] = all.filter(({ id, prefix }) => id === text || prefix === text);
  if (key === undefined)
    throw new DroverError('NOT_FOUND', `There is no key ${text}; \`drover keys list\` lists them.`);
  if (others.length > 0)
    throw new DroverError(
      'USAGE_INVALID',
      `Several keys begin with ${text}; name one by its id, as \`drover keys list --json\` shows it.`,
    );
  const about = { tenantId: key.tenant.key, id: key.id };
  await asTenant(platform.database, platformScope, about.tenantId, async (tx) => {
    await revokeApiKey(tx, platform.schema, about);
    await record(tx, platform.schema, { ...about, actor, action: 'key.revoked' });
  });
  return key;
}

function record(
  tx: Parameters<typeof insertAuditRecord>[0],
  schema: string,
  {
    tenantId,
    id,
    actor,
    action,
  }: { readonly tenantId: string; readonly id: string; readonly actor: string; readonly action: string },
): Promise<void> {
  return insertAuditRecord(tx, schema, {
    tenantId,
    actor,
    action,
    object: id,
    detail: { by: 'command line' },
  });
}
