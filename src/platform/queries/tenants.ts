/** Tenants: is one there, its defaults, its first admin, and the tenant of the operators. */
import type { Tx } from '../../postgres/driver/database.ts';
import type { Row } from '../../postgres/driver/question.ts';
import { quoteIdent, quoteTable } from '../../postgres/sql/identifiers.ts';
import type { OfTenant } from './model-choice.ts';
import { randomUUID } from 'node:crypto';

/** The person with that address, active; a person who is there keeps their name. */
export function insertOrWakeUser(
  tx: Tx,
  { schema, tenantId }: OfTenant,
  user: { readonly id: string; readonly email: string; readonly displayName: string },
  columns: readonly string[],
): Promise<Row> {
  const returned = columns.map((column) => `u.${quoteIdent(column)}`).join(', ');
  return tx.one(
    `INSERT INTO ${quoteTable({ schema, name: 'users' })} AS u (tenant_id, id, email, display_name)
     VALUES ($1, $2, $3, $4)
     ON CONFLICT (tenant_id, email) DO UPDATE SET is_active = true, updated_at = statement_timestamp()
     RETURNING ${returned}`,
    [tenantId, user.id, user.email, user.displayName],
  );
}

/** For good. A grant that is there and expires is withdrawn, because it would stand in the way. */
export async function grantAdmin(
  tx: Tx,
  { schema, tenantId }: OfTenant,
  grant: { readonly id: string; readonly userId: string },
): Promise<void> {
  const roles = quoteTable({ schema, name: 'user_roles' });
  await tx.run(
    `UPDATE ${roles} SET is_active = false
     WHERE tenant_id = $1 AND user_id = $2 AND role = 'admin' AND scope = 'tenant' AND is_active AND expires_at IS NOT NULL`,
    [tenantId, grant.userId],
  );
  await tx.run(
    `INSERT INTO ${roles} (tenant_id, id, user_id, role, scope) VALUES ($1, $2, $3, 'admin', 'tenant')
     ON CONFLICT DO NOTHING`,
    [tenantId, grant.id, grant.userId],
  );
}

const columns = 'completion_model_id, transcription_model_id, embedding_model_id, updated_at';

const defaults = (schema: string): string => quoteTable({ schema, name: 'tenant_defaults' });

/** undefined where the tenant never chose any. */
export function findDefaults(tx: Tx, { schema, tenantId }: OfTenant): Promise<Row | undefined> {
  return tx.maybeOne(`SELECT ${columns} FROM ${defaults(schema)} WHERE tenant_id = $1`, [tenantId]);
}

/** The row, made where it is missing, locked until the transaction ends. */
export async function lockDefaults(
  tx: Tx,
  { schema, tenantId }: OfTenant,
): Promise<{ readonly row: Row; readonly made: boolean }> {
  const added = await tx.run(
    `INSERT INTO ${defaults(schema)} (tenant_id) VALUES ($1) ON CONFLICT DO NOTHING`,
    [tenantId],
  );
  const row = await tx.one(`SELECT ${columns} FROM ${defaults(schema)} WHERE tenant_id = $1 FOR UPDATE`, [
    tenantId,
  ]);
  return { row, made: added === 1 };
}

export function updateDefaults(tx: Tx, { schema, tenantId }: OfTenant, values: Row): Promise<Row> {
  const sets = Object.keys(values).map((name, at) => `${quoteIdent(name)} = $${at + 2}`);
  return tx.one(
    `UPDATE ${defaults(schema)} SET ${[...sets, 'updated_at = statement_timestamp()'].join(', ')}
     WHERE tenant_id = $1 RETURNING ${columns}`,
    [tenantId, ...Object.values(values)],
  );
}

export async function isTenantThere(
  tx: Tx,
  { schema, tenantId }: { schema: string; tenantId: string },
): Promise<boolean> {
  const found = await tx.maybeOne(`SELECT 1 FROM ${quoteIdent(schema)}.tenants WHERE id = $1::text::uuid`, [
    tenantId,
  ]);
  return found !== undefined;
}

/* What an operator makes before anybody can sign in: a tenant, a person, a role. What is there already stays as it is. */

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
