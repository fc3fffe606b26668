/** API keys: made once, shown once, stored as a hash, and taken back by revoking. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Tx } from '../postgres/database.ts';
import { type ApiKeyRow, insertApiKey } from '../postgres/queries/api-keys.ts';
import { asTenant } from '../postgres/tenant.ts';
import { encodeSecret, formatApiKey, hashOf, prefixOf } from './api-key-text.ts';
import type { Platform } from './open.ts';
import { platformScope } from './scope.ts';

export interface ApiKeyRequest {
  readonly tenantId: string;
  readonly userId: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly expiresAt?: string | undefined;
}

export interface CreatedApiKey {
  readonly row: ApiKeyRow;
  /** The whole key. It is nowhere else: who loses it makes another. */
  readonly text: string;
}

/** Makes a key in a transaction of its own. @throws STILL_REFERENCED where the tenant has no such user */
export function createApiKey(platform: Platform, request: ApiKeyRequest): Promise<CreatedApiKey> {
  return asTenant(platform.database, platformScope, request.tenantId, (tx) =>
    insertKey(tx, platform.schema, request),
  );
}

/** Makes a key in the tenant's transaction that is open. */
export async function insertKey(tx: Tx, schema: string, request: ApiKeyRequest): Promise<CreatedApiKey> {
  const { tenantId, userId, name, scopes } = request;
  const secret = encodeSecret(randomBytes(32));
  const row = await insertApiKey(tx, schema, {
    tenantId,
    id: randomUUID(),
    userId,
    name,
    scopes,
    prefix: prefixOf(secret),
    secretHash: hashOf(secret),
    expiresAt: request.expiresAt ?? null,
  });
  return { row, text: formatApiKey({ tenantId, secret }) };
}
