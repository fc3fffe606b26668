/** How Drover's own schema separates tenants; the counterpart of `session` in a foreign database's configuration. */
import { roles } from '../isolation/policies.ts';
import type { TenantScope } from '../postgres/scope/tenant.ts';

export const platformScope: TenantScope = {
  role: roles.application,
  settings: { 'app.tenant_id': '$tenant' },
  fleet: { role: roles.fleet, settings: { 'app.tenant_ids': '$tenants' } },
  operatorRole: roles.operator,
  tenantKey: 'uuid',
};
