/**
 * Who may change whom. Ranks are compared: nobody grants, withdraws or changes what is above their own role, so an admin
 * cannot become sysadmin by granting the role, nor by giving a sysadmin's person another e-mail address and signing in.
 * A tenant always keeps somebody who can administer it.
 */
import { DroverError } from '../../errors.ts';
import { countLiveKeys, listAdmins, listRolesOf, lockAdmins } from '../queries/user-roles.ts';
import { atLeast, highestRole, type Role } from '../access/caller.ts';
import type { Proposed } from './declaration.ts';
import { firstEnd, momentOf, refuseLonger } from './key-rules.ts';

/** Of users. @throws FORBIDDEN, LOCKOUT_REFUSED */
export async function touchWithinOwn({ tx, platform, caller, id, before, after }: Proposed): Promise<void> {
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
export function grantWithinOwn({ caller, before, after }: Proposed): Promise<void> {
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
export async function sysadminHasNoOldKeys({ tx, platform, caller, before, after }: Proposed): Promise<void> {
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
export async function keepAnAdmin(proposed: Proposed, userId: string): Promise<void> {
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
