/**
 * Who may have which keys made. A key has the role of its person, so an admin who could make a key for a sysadmin would
 * be one; and a key that may only make keys must not make itself a better one.
 */
import { DroverError } from '../../errors.ts';
import type { Tx } from '../../postgres/driver/database.ts';
import { findPerson } from '../queries/people.ts';
import { atLeast, type Caller, covers, highestRole } from '../access/caller.ts';
import type { Platform } from '../open.ts';
import type { Proposed } from './declaration.ts';

interface Unit {
  readonly tx: Tx;
  readonly platform: Platform;
  readonly caller: Caller;
}

/** Of a change to a key. @throws FORBIDDEN */
export async function keyWithinOwn(proposed: Proposed): Promise<void> {
  await personWithinOwn(proposed, String(proposed.after['user_id']));
}

/** Of a new key. @throws FORBIDDEN, REFERENCE_INVALID */
export async function newKeyWithinOwn(
  unit: Unit,
  { userId, scopes }: { readonly userId: string; readonly scopes: readonly string[] },
): Promise<void> {
  const active = await personWithinOwn(unit, userId);
  if (!active) {
    throw new DroverError('REFERENCE_INVALID', 'There is no active user with this user_id.', {
      field: 'user_id',
    });
  }
  if (!covers(unit.caller.scopes, scopes)) {
    throw new DroverError(
      'FORBIDDEN',
      'Your own key does not have all of these scopes, so it cannot give them.',
    );
  }
}

/** Is there such a person, and active? */
async function personWithinOwn({ tx, platform, caller }: Unit, userId: string): Promise<boolean> {
  const person = await findPerson(tx, platform.schema, { tenantId: caller.tenantId, user: userId });
  const role = highestRole(person?.roles ?? []);
  if (role !== undefined && !atLeast(caller.role, role)) {
    throw new DroverError('FORBIDDEN', `This person is ${role}, which is above your role ${caller.role}.`);
  }
  return person?.is_active === true;
}
