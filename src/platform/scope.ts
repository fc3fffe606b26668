/** How Drover's own schema separates tenants; the counterpart of `session` in a foreign database's configuration. */
import { roles } from '../isolation/policies.ts';
import { sharedRows } from '../engine/tenant.ts';
import type { TenantScope } from '../postgres/scope/tenant.ts';

export const platformScope: TenantScope = {
  role: roles.application,
  settings: { 'app.tenant_id': '$tenant' },
  fleet: { role: roles.fleet, settings: { 'app.tenant_ids': '$tenants' } },
  operatorRole: roles.operator,
  rekeyRole: roles.rekey,
  // The operator alone may write what everybody reads. The records of that are under the key of this unit.
  shared: { role: roles.operator, settings: { 'app.tenant_id': sharedRows } },
  tenantKey: 'uuid',
};
