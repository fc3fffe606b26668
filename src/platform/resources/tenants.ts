/** Organisations. Sysadmins make, name and suspend them; each tenant reads its own. */
import { DroverError } from '../../errors.ts';
import { choice, flag, id, line, readOnly, required, rowTimes } from './columns.ts';
import type { Proposed, Resource } from './declaration.ts';

export const tenants: Resource = {
  path: 'tenants',
  noun: 'tenant',
  title: 'Tenant',
  tag: 'tenants',
  table: 'tenants',
  owner: 'system',
  columns: {
    id: readOnly(id),
    name: required(line()),
    slug: required({ kind: 'text', min: 1, max: 63, form: 'slug' }),
    state: {
      type: choice('active', 'suspended'),
      update: true,
      about: 'Nobody of a suspended tenant gets in',
    },
    is_demo: readOnly(flag),
    ...rowTimes,
  },
  filters: {
    state: { column: 'state', test: 'equals' },
    slug: { column: 'slug', test: 'equals' },
    name: { column: 'name', test: 'equals' },
  },
  access: {
    read: { role: 'sysadmin', scope: 'tenants:read' },
    write: { role: 'sysadmin', scope: 'tenants:write' },
  },
  unique: { tenants_slug_key: 'slug' },
  check: keepOwnTenant,
};

/** A sysadmin who suspended their own tenant could not take that back. */
function keepOwnTenant({ id: tenant, caller, before, after }: Proposed): Promise<void> {
  const suspends = before?.['state'] === 'active' && after['state'] === 'suspended';
  if (!suspends || tenant !== caller.tenantId) return Promise.resolve();
  throw new DroverError(
    'LOCKOUT_REFUSED',
    'This is the organisation that you belong to: suspended, it would lock you out. A sysadmin of another organisation can do it.',
  );
}
