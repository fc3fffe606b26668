/** People of a tenant, and the roles they hold. Nobody changes a person, or grants a role, above their own. */
import { grantWithinOwn, keepAnAdmin, sysadminHasNoOldKeys, touchWithinOwn } from './role-rules.ts';
import { choice, fixed, flag, id, instant, line, readOnly, required, rowTimes, space } from './columns.ts';
import type { Resource, Values } from './declaration.ts';

const access = {
  read: { role: 'viewer', scope: 'users:read' },
  write: { role: 'admin', scope: 'users:write' },
} as const;

export const users: Resource = {
  path: 'users',
  noun: 'user',
  title: 'User',
  tag: 'users',
  table: 'users',
  owner: 'tenant',
  columns: {
    id: readOnly(id),
    email: required({ kind: 'text', max: 254, form: 'email' }, { about: 'In lower case' }),
    display_name: required(line()),
    is_active: { type: flag, update: true, about: 'May they sign in?' },
    ...rowTimes,
  },
  filters: {
    email: { column: 'email', test: 'equals' },
    active: { column: 'is_active', test: 'flag', default: 'true' },
  },
  retirement: {
    column: 'is_active',
    how: 'off',
    word: 'deactivated',
    summary: 'Deactivates the person; PATCH is_active brings them back',
  },
  access,
  unique: { users_email_key: 'email' },
  check: async (proposed) => {
    await touchWithinOwn(proposed);
    await keepAnAdmin(proposed, proposed.id);
  },
};

export const userRoles: Resource = {
  path: 'user-roles',
  noun: 'user role',
  title: 'UserRole',
  tag: 'users',
  table: 'user_roles',
  owner: 'tenant',
  columns: {
    id: readOnly(id),
    user_id: fixed(id, {
      names: {
        to: 'row',
        table: 'users',
        noun: 'user',
        gone: { column: 'is_active', when: 'false', word: 'deactivated' },
      },
    }),
    role: fixed(choice('sysadmin', 'admin', 'member', 'viewer')),
    scope: readOnly(choice('system', 'tenant', 'space'), { about: 'Follows from role and space_id' }),
    space_id: {
      type: id,
      nullable: true,
      create: 'optional',
      names: space,
      about: 'A role in this space only',
    },
    granted_by: readOnly(id, { nullable: true, filled: 'caller' }),
    expires_at: { type: instant, nullable: true, create: 'optional' },
    is_active: readOnly(flag),
    created_at: readOnly(instant),
  },
  filters: {
    user_id: { column: 'user_id', test: 'equals' },
    role: { column: 'role', test: 'equals' },
    space_id: { column: 'space_id', test: 'equals' },
    active: { column: 'is_active', test: 'flag', default: 'true' },
  },
  retirement: {
    column: 'is_active',
    how: 'off',
    word: 'withdrawn',
    summary: 'Withdraws the role; the grant stays as a record',
  },
  access,
  unique: { user_roles_live_key: 'role' },
  created: 'granted',
  derive: scopeOf,
  check: async (proposed) => {
    await grantWithinOwn(proposed);
    await sysadminHasNoOldKeys(proposed);
    await keepAnAdmin(proposed, String(proposed.after['user_id']));
  },
};

function scopeOf(change: Values, before: Values | undefined): Values {
  if (before !== undefined) return {};
  if (change['role'] === 'sysadmin') return { scope: 'system' };
  return { scope: (change['space_id'] ?? null) === null ? 'tenant' : 'space' };
}
