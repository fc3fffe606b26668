/** Rows of api_keys; every statement runs in the transaction of one tenant. */
import type { Tx } from '../../postgres/driver/database.ts';
import { quoteTable } from '../../postgres/sql/identifiers.ts';
import { prepared } from '../../postgres/driver/question.ts';
import { type Person, rolesInForce } from './people.ts';

export interface ApiKeyRow {
  readonly id: string;
  readonly user_id: string;
  readonly name: string;
  readonly prefix: string;
  readonly scopes: readonly string[];
  readonly expires_at: Date | null;
  readonly last_used_at: Date | null;
  readonly revoked_at: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

interface NewApiKey {
  readonly tenantId: string;
  readonly id: string;
  readonly userId: string;
  readonly name: string;
  readonly prefix: string;
  readonly secretHash: string;
  readonly scopes: readonly string[];
  readonly expiresAt: string | null;
}

const columns =
  'id, user_id, name, prefix, scopes, expires_at, last_used_at, revoked_at, created_at, updated_at';

const keys = (schema: string): string => quoteTable({ schema, name: 'api_keys' });

export function insertApiKey(tx: Tx, schema: string, key: NewApiKey): Promise<ApiKeyRow> {
  return tx.one<ApiKeyRow>(
    `INSERT INTO ${keys(schema)} (tenant_id, id, user_id, name, prefix, secret_hash, scopes, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING ${columns}`,
    [key.tenantId, key.id, key.userId, key.name, key.prefix, key.secretHash, key.scopes, key.expiresAt],
  );
}

/** Who calls with a key: the key itself, its user, the tenant's state and the roles in force, in one query. */
interface KeyHolder extends Person {
  readonly key_id: string;
  readonly key_name: string;
  readonly key_expires_at: Date | null;
  readonly secret_hash: string;
  readonly scopes: readonly string[];
  /** Neither revoked nor expired. */
  readonly valid: boolean;
  /** Its last use was written more than a minute ago. */
  readonly unused: boolean;
}

/** Two keys may begin alike, so several rows are possible; the secret tells them apart. */
export function findKeyHolders(
  tx: Tx,
  schema: string,
  { tenantId, prefix }: { readonly tenantId: string; readonly prefix: string },
): Promise<KeyHolder[]> {
  const table = (name: string): string => quoteTable({ schema, name });
  return tx.many<KeyHolder>(
    prepared(`SELECT k.id AS key_id, k.name AS key_name, k.expires_at AS key_expires_at, k.secret_hash, k.scopes,
            k.revoked_at IS NULL AND coalesce(k.expires_at > now(), true) AS valid,
            coalesce(k.last_used_at < now() - interval '1 minute', true) AS unused,
            u.id AS user_id, u.email, u.is_active, t.state, ${rolesInForce(schema)} AS roles
     FROM ${table('api_keys')} k
     JOIN ${table('users')} u ON u.tenant_id = k.tenant_id AND u.id = k.user_id
     JOIN ${table('tenants')} t ON t.id = k.tenant_id
     WHERE k.tenant_id = $1 AND k.prefix = $2`),
    [tenantId, prefix],
  );
}

/** Notes the use of a key, at most once a minute. */
export async function touchApiKey(
  tx: Tx,
  schema: string,
  key: { readonly tenantId: string; readonly id: string },
): Promise<void> {
  await tx.run(
    `UPDATE ${keys(schema)} SET last_used_at = now()
     WHERE tenant_id = $1 AND id = $2 AND coalesce(last_used_at < now() - interval '1 minute', true)`,
    [key.tenantId, key.id],
  );
}

/** The keys of the tenant of the transaction, with the address of their person; the newest first. */
export function listApiKeys(
  tx: Tx,
  schema: string,
  tenantId: string,
): Promise<(ApiKeyRow & { email: string })[]> {
  const names = columns.split(', ').map((name) => `k.${name}`);
  return tx.many(
    `SELECT ${names.join(', ')}, u.email FROM ${keys(schema)} k
     JOIN ${quoteTable({ schema, name: 'users' })} u ON u.tenant_id = k.tenant_id AND u.id = k.user_id
     WHERE k.tenant_id = $1 ORDER BY k.created_at DESC, k.id`,
    [tenantId],
  );
}

/** Revokes a key, for good; one that is revoked already keeps its time. */
export async function revokeApiKey(
  tx: Tx,
  schema: string,
  key: { readonly tenantId: string; readonly id: string },
): Promise<void> {
  await tx.run(
    `UPDATE ${keys(schema)} SET revoked_at = now(), updated_at = now()
     WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL`,
    [key.tenantId, key.id],
  );
}
