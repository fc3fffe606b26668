/**
 * Keys of programs. They are made in ../rows/api-keys.ts, because the secret is shown once. The hash of the secret is no column
 * of this resource. Nobody makes or changes a key of a person whose role is above their own.
 */
import { keyWithinOwn } from './key-rules.ts';
import { id, instant, line, readOnly, rowTimes } from './columns.ts';
import type { Resource } from './declaration.ts';

export const apiKeys: Resource = {
  path: 'api-keys',
  noun: 'key',
  title: 'ApiKey',
  tag: 'api-keys',
  table: 'api_keys',
  owner: 'tenant',
  columns: {
    id: readOnly(id),
    user_id: readOnly(id, { about: 'The key acts as this person and has their role' }),
    name: { type: line(), update: true },
    prefix: readOnly(line(), { about: 'The beginning of the secret, to recognise the key by' }),
    scopes: readOnly(
      { kind: 'scopes' },
      { about: 'What the key may do of what the person may; * is all of it' },
    ),
    expires_at: { type: instant, nullable: true, update: true },
    last_used_at: readOnly(instant, { nullable: true, about: 'To the minute' }),
    revoked_at: readOnly(instant, { nullable: true }),
    ...rowTimes,
  },
  filters: {
    user_id: { column: 'user_id', test: 'equals' },
    name: { column: 'name', test: 'equals' },
    revoked: { column: 'revoked_at', test: 'presence', default: 'false' },
  },
  retirement: {
    column: 'revoked_at',
    how: 'stamp',
    word: 'revoked',
    summary: 'Revokes the key, at once and for good; it stays in the records',
    final: true,
  },
  access: {
    read: { role: 'admin', scope: 'keys:read' },
    write: { role: 'admin', scope: 'keys:write' },
  },
  check: keyWithinOwn,
};
