/** People of a tenant: are they active, which roles they hold, and which are in force. One query each. */
import type { Tx } from '../../postgres/driver/database.ts';
import { quoteTable } from '../../postgres/sql/identifiers.ts';
import { prepared } from '../../postgres/driver/question.ts';

export interface Person {
  readonly user_id: string;
  readonly email: string;
  readonly is_active: boolean;
  /** Of the tenant. */
  readonly state: string;
  readonly roles: readonly HeldRole[];
}

/** A role that is in force, and until when; null where the grant does not end. */
export interface HeldRole {
  readonly role: string;
  readonly until: string | null;
}

const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The user with that id or that e-mail address, in the tenant of the transaction. */
export function findPerson(
  tx: Tx,
  schema: string,
  { tenantId, user }: { readonly tenantId: string; readonly user: string },
): Promise<Person | undefined> {
  const table = (name: string): string => quoteTable({ schema, name });
  // Each by its own key: one condition for both would read all people of the tenant.
  const who = isUuid.test(user) ? 'u.id = $2::text::uuid' : 'u.email = lower($2)';
  return tx.maybeOne<Person>(
    prepared(`SELECT u.id AS user_id, u.email, u.is_active, t.state, ${rolesInForce(schema)} AS roles
     FROM ${table('users')} u JOIN ${table('tenants')} t ON t.id = u.tenant_id
     WHERE u.tenant_id = $1 AND ${who}`),
    [tenantId, user],
  );
}

/** Roles of the user `u` that are active and not expired; those in a space say nothing about the tenant. */
export function rolesInForce(schema: string): string {
  return `coalesce((
    SELECT jsonb_agg(jsonb_build_object('role', r.role, 'until', nullif(r.expires_at, 'infinity')))
    FROM ${quoteTable({ schema, name: 'user_roles' })} r
    WHERE r.tenant_id = u.tenant_id AND r.user_id = u.id AND r.is_active
      AND r.scope IN ('system', 'tenant') AND coalesce(r.expires_at > now(), true)), '[]')`;
}

interface UserOfTenant {
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
