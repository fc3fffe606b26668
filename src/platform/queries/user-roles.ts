/** Roles that people of one tenant hold. */
import type { Tx } from '../../postgres/driver/database.ts';
import { quoteTable } from '../../postgres/sql/identifiers.ts';

export interface UserOfTenant {
  readonly schema: string;
  readonly tenantId: string;
  readonly userId: string;
}

/** The roles of a person that are active, wherever they hold; those that have expired count, too. */
export async function listRolesOf(tx: Tx, { schema, tenantId, userId }: UserOfTenant): Promise<string[]> {
  const rows = await tx.many<{ role: string }>(
    `SELECT role FROM ${quoteTable({ schema, name: 'user_roles' })} WHERE tenant_id = $1 AND user_id = $2 AND is_active`,
    [tenantId, userId],
  );
  return rows.map(({ role }) => role);
}

/**
 * How many keys act as the person. Locks the person first: a key that is being made holds them, so it is counted, too.
 */
export async function countLiveKeys(tx: Tx, { schema, tenantId, userId }: UserOfTenant): Promise<number> {
  await tx.many(
    `SELECT id FROM ${quoteTable({ schema, name: 'users' })} WHERE tenant_id = $1 AND id = $2 FOR UPDATE`,
    [tenantId, userId],
  );
  const { keys } = await tx.one<{ keys: number }>(
    `SELECT count(*)::int AS keys FROM ${quoteTable({ schema, name: 'api_keys' })}
     WHERE tenant_id = $1 AND user_id = $2 AND revoked_at IS NULL AND coalesce(expires_at > now(), true)`,
    [tenantId, userId],
  );
  return keys;
}

/**
 * Lets one transaction at a time take an admin away from a tenant: all grants of the role are locked, by id. The
 * count is asked for in a later statement, which sees what the transaction before did.
 */
export async function lockAdmins(tx: Tx, { schema, tenantId }: Omit<UserOfTenant, 'userId'>): Promise<void> {
  await tx.many(
    `SELECT id FROM ${quoteTable({ schema, name: 'user_roles' })}
     WHERE tenant_id = $1 AND role = 'admin' AND scope = 'tenant' AND is_active ORDER BY id FOR UPDATE`,
    [tenantId],
  );
}

/** Who is admin of the tenant for good: active people whose grant does not expire. */
export async function listAdmins(
  tx: Tx,
  { schema, tenantId }: Omit<UserOfTenant, 'userId'>,
): Promise<string[]> {
  const rows = await tx.many<{ user_id: string }>(
    `SELECT r.user_id FROM ${quoteTable({ schema, name: 'user_roles' })} r
     JOIN ${quoteTable({ schema, name: 'users' })} u ON u.tenant_id = r.tenant_id AND u.id = r.user_id
     WHERE r.tenant_id = $1 AND r.role = 'admin' AND r.scope = 'tenant' AND r.is_active AND r.expires_at IS NULL AND u.is_active`,
    [tenantId],
  );
  return rows.map(({ user_id }) => user_id);
}
