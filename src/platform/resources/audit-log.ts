/** Who did what in a tenant, the newest first. It is only ever added to. */
import { id, instant, line, object, prose, readOnly } from './columns.ts';
import type { Resource } from './declaration.ts';

export const auditLog: Resource = {
  path: 'audit-log',
  noun: 'audit record',
  title: 'AuditRecord',
  tag: 'audit',
  table: 'audit_log',
  owner: 'tenant',
  columns: {
    id: readOnly(id),
    at: readOnly(instant),
    actor: readOnly(line(1000), { about: 'The person, and the key where a key acted' }),
    action: readOnly(line(), { about: 'assistant.created, migration.applied …' }),
    object: readOnly(prose(1000), { nullable: true, about: 'The id of what it was done to' }),
    detail: readOnly(object(1_048_576)),
  },
  order: { column: 'at', descending: true },
  filters: {
    actor: { column: 'actor', test: 'equals' },
    action: { column: 'action', test: 'equals' },
    object: { column: 'object', test: 'equals' },
    from: { column: 'at', test: 'from' },
    before: { column: 'at', test: 'before' },
  },
  access: { read: { role: 'admin', scope: 'audit:read' } },
};
