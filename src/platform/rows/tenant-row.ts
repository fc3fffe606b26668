/** Is there a tenant? Asked as that tenant, which sees its own row and no other. */
import { isTenantThere } from '../queries/tenant-row.ts';
import { asTenant } from '../../postgres/scope/tenant.ts';
import type { Platform } from '../open.ts';
import { platformScope } from '../scope.ts';

export function hasTenant({ database, schema }: Platform, tenantId: string): Promise<boolean> {
  return asTenant(database, platformScope, tenantId, (tx) => isTenantThere(tx, { schema, tenantId }));
}
