/** What an operator makes before anybody can sign in: a tenant, a person, a role. What is there already stays as it is. */
import { randomUUID } from 'node:crypto';
import type { Tx } from '../../postgres/driver/database.ts';
import { quoteTable } from '../../postgres/sql/identifiers.ts';

/** The id of the tenant with that slug. In the operator's transaction. */
export async function ensureTenant(
  tx: Tx,
  schema: string,
  { name, slug }: { readonly name: string; readonly slug: string },
): Promise<string> {
  const tenants = quoteTable({ schema, name: 'tenants' });
  await tx.run(`INSERT INTO ${tenants} (id, name, slug) VALUES ($1, $2, $3) ON CONFLICT (slug) DO NOTHING`, [
    randomUUID(),
    name,
    slug,
  ]);
  const { id } = await tx.one<{ id: string }>(`SELECT id FROM ${tenants} WHERE slug = $1`, [slug]);
  return id;
}

/** The id of the user with that address, made where there is none. In the tenant's transaction. */
export async function ensureUser(
  tx: Tx,
  schema: string,
  { tenantId, email }: { readonly tenantId: string; readonly email: string },
): Promise<string> {
  const users = quoteTable({ schema, name: 'users' });
  await tx.run(
    `INSERT INTO ${users} (tenant_id, id, email, display_name) VALUES ($1, $2, lower($3), $3)
     ON CONFLICT (tenant_id, email) DO NOTHING`,
    [tenantId, randomUUID(), email],
  );
  const { id } = await tx.one<{ id: string }>(
    `SELECT id FROM ${users} WHERE tenant_id = $1 AND email = lower($2)`,
    [tenantId, email],
  );
  return id;
}

/** Grants sysadmin where the user does not hold it. In the tenant's transaction. */
export async function ensureSysadmin(
  tx: Tx,
  schema: string,
  { tenantId, userId }: { readonly tenantId: string; readonly userId: string },
): Promise<void> {
  const roles = quoteTable({ schema, name: 'user_roles' });
  await tx.run(
    `INSERT INTO ${roles} (tenant_id, id, user_id, role, scope)
     SELECT $1::text::uuid, $2::text::uuid, $3::text::uuid, 'sysadmin', 'system'
     WHERE NOT EXISTS (
       SELECT FROM ${roles} r WHERE r.tenant_id = $1::text::uuid AND r.user_id = $3::text::uuid
         AND r.role = 'sysadmin' AND r.is_active AND coalesce(r.expires_at > now(), true))`,
    [tenantId, randomUUID(), userId],
  );
}
