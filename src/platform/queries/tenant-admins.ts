/** The first admin of a tenant. */
import type { Tx } from '../../postgres/driver/database.ts';
import type { Row } from '../../postgres/driver/question.ts';
import { quoteIdent, quoteTable } from '../../postgres/sql/identifiers.ts';
import type { OfTenant } from './model-choice.ts';

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
