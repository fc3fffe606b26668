/** A tenant: is it there, its defaults, and what a sysadmin sees and does of it: its row, and who is its first admin. */
import { randomUUID } from 'node:crypto';
import type { Tx } from '../../postgres/driver/database.ts';
import { insertAuditRecord } from '../queries/audit-log.ts';
import { findRow } from '../queries/resource-rows.ts';
import {
  grantAdmin,
  insertOrWakeUser,
  findDefaults,
  lockDefaults,
  updateDefaults,
  isTenantThere,
} from '../queries/tenants.ts';
import { withTenant } from '../../postgres/scope/site.ts';
import type { Caller } from '../access/caller.ts';
import type { Platform } from '../open.ts';
import type { Values } from '../resources/declaration.ts';
import { tenants } from '../resources/tenants.ts';
import { users } from '../resources/users.ts';
import { notFound } from './read.ts';
import { represent, changesOf, normalise, requireMatch } from './representation.ts';
import { repeated } from './unit.ts';
import { defaults } from '../resources/defaults.ts';
import { chooseModels, holdModels } from './model-choice.ts';
import type { Choice } from './model-choice.ts';
import { asTenant } from '../../postgres/scope/tenant.ts';
import { platformScope } from '../scope.ts';

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

/** All null where the tenant never chose any. */
export async function getDefaults(platform: Platform, caller: Caller): Promise<Values> {
  const { schema, site } = platform;
  const { tenantId } = caller;
  const row = await withTenant(site, { tenant: tenantId, readOnly: true }, (tx) =>
    findDefaults(tx, { schema, tenantId }),
  );
  return represent(defaults.columns, row ?? {});
}

/** @throws PRECONDITION_FAILED, REFERENCE_INVALID, MODEL_RETIRED, MODEL_DISABLED, SECURITY_BELOW_DEMAND */
export function updateDefaultsOf(
  platform: Platform,
  caller: Caller,
  { ifMatch, values }: { readonly ifMatch: string | undefined; readonly values: Values },
): Promise<Values> {
  const tenant = { schema: platform.schema, tenantId: caller.tenantId };
  const wanted = normalise(defaults.columns, values);
  const attempt = (): Promise<Values> =>
    withTenant(platform.site, { tenant: caller.tenantId }, async (tx) => {
      await holdModels({ tx, platform, caller }, choicesOf(wanted));
      const { row: found, made } = await lockDefaults(tx, tenant);
      const before = represent(defaults.columns, found);
      // A row that was made just now was seen as nothing at all.
      requireMatch(ifMatch, made ? represent(defaults.columns, {}) : before, defaults.noun);
      const changed = changesOf(before, wanted);
      if (Object.keys(changed).length === 0) return before;
      await chooseModels({ tx, platform, caller }, { choices: choicesOf(changed), spaceId: undefined });
      const row = await updateDefaults(tx, tenant, changed);
      const { actor, tenantId } = caller;
      const detail = { fields: Object.keys(changed).toSorted() };
      const record = { tenantId, actor, action: 'defaults.updated', object: tenantId, detail };
      await insertAuditRecord(tx, platform.schema, record);
      return represent(defaults.columns, row);
    });
  return repeated(defaults, attempt);
}

function choicesOf(changed: Values): Choice[] {
  return Object.entries(defaults.columns).flatMap(([field, { names }]) => {
    const id = changed[field];
    if (names?.to !== 'model' || typeof id !== 'string') return [];
    return [{ field, kind: names.kind, id, fresh: true, named: undefined }];
  });
}

/* Is there a tenant? Asked as that tenant, which sees its own row and no other. */

export function hasTenant({ database, schema }: Platform, tenantId: string): Promise<boolean> {
  return asTenant(database, platformScope, tenantId, (tx) => isTenantThere(tx, { schema, tenantId }));
}
