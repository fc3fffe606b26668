/** Model providers: who serves a tenant's models. Credentials are kept elsewhere; here is only whether there are any. */
import { flag, id, line, optional, readOnly, required, rowTimes } from './columns.ts';
import type { Resource } from './declaration.ts';

export const modelProviders: Resource = {
  path: 'model-providers',
  noun: 'model provider',
  title: 'ModelProvider',
  tag: 'models',
  table: 'model_providers',
  owner: 'tenant',
  columns: {
    id: readOnly(id),
    name: required(line()),
    is_active: optional(flag),
    has_credentials: optional(flag, {
      about: 'Are there usable credentials? They themselves are neither stored here nor returned',
    }),
    region: optional(line(100), { nullable: true }),
    ...rowTimes,
  },
  filters: {
    name: { column: 'name', test: 'equals' },
    active: { column: 'is_active', test: 'flag', default: 'true' },
  },
  retirement: {
    column: 'is_active',
    how: 'off',
    word: 'deactivated',
    summary: 'Deactivates the provider; PATCH is_active brings it back',
  },
  access: {
    read: { role: 'viewer', scope: 'providers:read' },
    write: { role: 'admin', scope: 'providers:write' },
  },
  unique: { model_providers_name_key: 'name' },
};
