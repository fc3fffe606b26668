/** What a sysadmin sees and does of a tenant: its row, and who is its first admin. */
import { randomUUID } from 'node:crypto';
import type { Tx } from '../../postgres/driver/database.ts';
import { insertAuditRecord } from '../queries/audit-log.ts';
import { findRow } from '../queries/resource-rows.ts';
import { grantAdmin, insertOrWakeUser } from '../queries/tenant-admins.ts';
import { withTenant } from '../../postgres/scope/site.ts';
import type { Caller } from '../access/caller.ts';
import type { Platform } from '../open.ts';
import type { Values } from '../resources/declaration.ts';
import { tenants } from '../resources/tenants.ts';
import { users } from '../resources/users.ts';
import { notFound } from './read.ts';
import { represent } from './representation.ts';
import { repeated } from './unit.ts';

/** The caller's own organisation. */
export async function getOwnTenant(platform: Platform, { tenantId }: Caller): Promise<Values> {
  return withTenant(platform.site, { tenant: tenantId, readOnly: true }, (tx) =>
    readTenant(tx, platform, tenantId),
  );
}

async function readTenant(tx: Tx, { schema }: Platform, id: string): Promise<Values> {
  const columns = Object.keys(tenants.columns);
  const table = { schema, name: 'tenants', columns, tenant: { column: 'id', id } };
  const row = await tx.ask(findRow(table, { id }));
  if (row === undefined) throw notFound(tenants);
  return represent(tenants.columns, row);
}

/**
 * Makes a person admin of a tenant: the way into a new one, and back into one whose admins are gone. A person who is
 * there already becomes active and admin. @throws NOT_FOUND
 */
export function appointAdmin(
  platform: Platform,
  caller: Caller,
  admin: { readonly tenantId: string; readonly email: string; readonly displayName: string },
): Promise<Values> {
  const { schema, site } = platform;
  const tenantId = admin.tenantId.toLowerCase();
  const tenant = { schema, tenantId };
  const attempt = (): Promise<Values> =>
    withTenant(site, { tenant: tenantId }, async (tx) => {
      await readTenant(tx, platform, tenantId);
      const email = admin.email.toLowerCase();
      const user = { id: randomUUID(), email, displayName: admin.displayName };
      const row = await insertOrWakeUser(tx, tenant, user, Object.keys(users.columns));
      const userId = String(row['id']);
      await grantAdmin(tx, tenant, { id: randomUUID(), userId });
      const detail = { fields: ['email', 'role'] };
      const record = {
        tenantId,
        actor: caller.actor,
        action: 'tenant.admin_appointed',
        object: userId,
        detail,
      };
      await insertAuditRecord(tx, schema, record);
      return represent(users.columns, row);
    });
  return repeated(users, attempt);
}
