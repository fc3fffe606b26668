/** API keys: made once, shown once, stored as a hash, and taken back by revoking. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Tx } from '../../postgres/driver/database.ts';
import { type ApiKeyRow, insertApiKey } from '../queries/api-keys.ts';
import { asTenant } from '../../postgres/scope/tenant.ts';
import { encodeSecret, formatApiKey, hashOf, prefixOf } from './api-key-text.ts';
import type { Platform } from '../open.ts';
import { platformScope } from '../scope.ts';

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
