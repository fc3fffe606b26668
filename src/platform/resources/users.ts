/** People of a tenant, and the roles they hold. Nobody changes a person, or grants a role, above their own. */
import { choice, fixed, flag, id, instant, line, readOnly, required, rowTimes, space } from './columns.ts';
import type { Resource, Values, Proposed } from './declaration.ts';
import { DroverError } from '../../errors.ts';
import { countLiveKeys, listAdmins, listRolesOf, lockAdmins } from '../queries/people.ts';
import { atLeast, highestRole } from '../access/caller.ts';
import type { Role } from '../access/caller.ts';
import { firstEnd, momentOf, refuseLonger } from './key-rules.ts';

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

/*
 * Who may change whom. Ranks are compared: nobody grants, withdraws or changes what is above their own role, so an admin
 * cannot become sysadmin by granting the role, nor by giving a sysadmin's person another e-mail address and signing in.
 * A tenant always keeps somebody who can administer it.
 */

/** Of users. @throws FORBIDDEN, LOCKOUT_REFUSED */
async function touchWithinOwn({ tx, platform, caller, id, before, after }: Proposed): Promise<void> {
  if (before === undefined) return;
  const held = await listRolesOf(tx, { schema: platform.schema, tenantId: caller.tenantId, userId: id });
  const highest = highestRole(held);
  if (highest !== undefined && !atLeast(caller.role, highest)) {
    throw new DroverError('FORBIDDEN', `This person is ${highest}, which is above your role ${caller.role}.`);
  }
  if (id === caller.userId && before['is_active'] === true && after['is_active'] === false) {
    throw new DroverError('LOCKOUT_REFUSED', 'You cannot deactivate yourself; another admin can.');
  }
}

/** Of roles. @throws FORBIDDEN, LOCKOUT_REFUSED */
function grantWithinOwn({ caller, before, after }: Proposed): Promise<void> {
  const role = after['role'] as Role;
  if (!atLeast(caller.role, role)) {
    throw new DroverError('FORBIDDEN', `Your role is ${caller.role}; you cannot grant or withdraw ${role}.`);
  }
  if (before === undefined && atLeast(role, caller.role))
    refuseLonger(...firstEnd(caller), momentOf(after['expires_at']));
  if (role === 'sysadmin' && before?.['is_active'] === true && before['user_id'] === caller.userId) {
    throw new DroverError('LOCKOUT_REFUSED', 'You cannot withdraw your own role of sysadmin; another can.');
  }
  if (role === 'sysadmin' && (after['space_id'] ?? null) !== null) {
    throw new DroverError(
      'REFERENCE_INVALID',
      'A sysadmin works across tenants, so the role is held in no space.',
      {
        field: 'space_id',
      },
    );
  }
  return Promise.resolve();
}

/**
 * A key has the role that its person has now. An admin may know a key that was made for a member, and that key must not become
 * a sysadmin's key. @throws REFERENCE_INVALID
 */
async function sysadminHasNoOldKeys({ tx, platform, caller, before, after }: Proposed): Promise<void> {
  if (before !== undefined || after['role'] !== 'sysadmin') return;
  const userId = String(after['user_id']);
  const keys = await countLiveKeys(tx, { schema: platform.schema, tenantId: caller.tenantId, userId });
  if (keys === 0) return;
  throw new DroverError(
    'REFERENCE_INVALID',
    `This person has ${keys} API keys, which others may hold, and each would become a sysadmin's: revoke them first.`,
    { field: 'user_id', keys },
  );
}

/** @throws LOCKOUT_REFUSED where the change takes the last admin away */
async function keepAnAdmin(proposed: Proposed, userId: string): Promise<void> {
  const { tx, platform, caller, before, after } = proposed;
  if (before?.['is_active'] !== true || after['is_active'] !== false) return;
  const ofRole = before['role'] !== undefined;
  if (ofRole && (before['role'] !== 'admin' || before['scope'] !== 'tenant')) return;
  const tenant = { schema: platform.schema, tenantId: caller.tenantId };
  await lockAdmins(tx, tenant);
  const admins = await listAdmins(tx, tenant);
  if (!admins.includes(userId) || admins.some((admin) => admin !== userId)) return;
  throw new DroverError(
    'LOCKOUT_REFUSED',
    'This is the last admin of the organisation for good; make somebody else admin first.',
  );
}
