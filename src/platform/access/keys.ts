/** API keys: made once, shown once, stored as a hash, and taken back by revoking. */
import { randomBytes, randomUUID } from 'node:crypto';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../../postgres/driver/database.ts';
import { type ApiKeyRow, insertApiKey } from '../queries/api-keys.ts';
import { asTenant } from '../../postgres/scope/tenant.ts';
import { encodeSecret, formatApiKey, hashOf, prefixOf } from './api-key-text.ts';
import type { Caller } from './caller.ts';
import { newKeyWithinOwn } from './key-rules.ts';
import type { Platform } from '../open.ts';
import { apiKeys } from '../resources/api-keys.ts';
import type { Values } from '../resources/declaration.ts';
import { recordChange } from '../rows/audit.ts';
import { represent } from '../rows/representation.ts';
import { writing } from '../rows/unit.ts';
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

/** For a caller, in the caller's tenant. @throws FORBIDDEN, REFERENCE_INVALID, REQUEST_INVALID */
export function makeKey(
  { platform, caller }: { readonly platform: Platform; readonly caller: Caller },
  request: Omit<ApiKeyRequest, 'tenantId'>,
): Promise<CreatedApiKey<Values>> {
  refusePast(request.expiresAt ?? null);
  const asked = { platform, caller, resource: apiKeys };
  return writing(asked, async (tx) => {
    await newKeyWithinOwn({ tx, platform, caller }, request);
    const made = await insertKey(tx, platform.schema, { ...request, tenantId: caller.tenantId });
    const row = represent(apiKeys.columns, { ...made.row });
    const proposed = {
      tx,
      ...asked,
      action: 'create',
      id: made.row.id,
      before: undefined,
      after: row,
    } as const;
    await recordChange(proposed, asked, ['name', 'scopes', 'user_id', 'expires_at']);
    return { row, text: made.text };
  });
}

function refusePast(expiresAt: string | null): void {
  if (expiresAt === null || Date.parse(expiresAt) > Date.now()) return;
  const errors = [{ in: 'body', pointer: '/expires_at', message: 'is in the past' }];
  throw new DroverError('REQUEST_INVALID', 'The key would have expired already: expires_at is in the past.', {
    errors,
  });
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
