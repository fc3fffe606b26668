/**
 * Who may have which keys made. A key has the role of its person, so an admin who could make a key for a sysadmin would
 * be one; and a key that may only make keys must not make itself a better one, nor one that lasts longer than itself. A key of
 * somebody else outlives the caller's own role, so it ends with that, too; the caller's own loses the role when the caller does.
 */
import { DroverError } from '../../errors.ts';
import { findPerson } from '../queries/people.ts';
import { atLeast, type Caller, covers, highestRole } from '../access/caller.ts';
import type { Proposed, WriteContext } from './declaration.ts';

/** Of a change to a key. @throws FORBIDDEN */
export async function keyWithinOwn(proposed: Proposed): Promise<void> {
  const { caller, before, after } = proposed;
  const userId = String(after['user_id']);
  await personWithinOwn(proposed, userId);
  const [was, is] = [before?.['expires_at'], after['expires_at']].map(momentOf);
  if (lasts(is) > lasts(was)) refuseLonger(...ownEnd(caller, userId), is);
}

/** Of a new key. @throws FORBIDDEN, REFERENCE_INVALID */
export async function newKeyWithinOwn(unit: WriteContext, asked: NewKey): Promise<void> {
  const active = await personWithinOwn(unit, asked.userId);
  if (!active) {
    throw new DroverError('REFERENCE_INVALID', 'There is no active user with this user_id.', {
      field: 'user_id',
    });
  }
  keyNoBetter(unit.caller, asked);
}

interface NewKey {
  readonly userId: string;
  readonly scopes: readonly string[];
  readonly expiresAt?: string | null;
}

/** The caller's own key may do all of it, and lasts as long; so does the caller's role, for somebody else. @throws FORBIDDEN */
export function keyNoBetter(caller: Caller, { userId, scopes, expiresAt = null }: NewKey): void {
  refuseLonger(...ownEnd(caller, userId), momentOf(expiresAt));
  if (!covers(caller.scopes, scopes)) {
    throw new DroverError(
      'FORBIDDEN',
      'Your own key does not have all of these scopes, so it cannot give them.',
    );
  }
}

/** null: for good. */
type Moment = Date | null;

export function momentOf(value: unknown): Moment {
  return typeof value === 'string' ? new Date(value) : null;
}

function lasts(until: Moment | undefined): number {
  return until?.getTime() ?? Infinity;
}

/** What ends first of what lets the caller make keys for that person. */
function ownEnd(caller: Caller, userId: string): ['key' | 'role', Moment] {
  const ofAnother = userId.toLowerCase() !== caller.userId.toLowerCase();
  return ofAnother ? firstEnd(caller) : ['key', caller.keyExpiresAt];
}

/** What ends first of what lets the caller act. */
export function firstEnd({ keyExpiresAt, roleExpiresAt }: Caller): ['key' | 'role', Moment] {
  return lasts(roleExpiresAt) < lasts(keyExpiresAt) ? ['role', roleExpiresAt] : ['key', keyExpiresAt];
}

/** Nobody passes on for longer what they have for a while. @throws FORBIDDEN */
export function refuseLonger(what: 'key' | 'role', own: Moment, asked: Moment | undefined): void {
  if (lasts(asked) <= lasts(own)) return;
  const end = own?.toISOString();
  const message = `Your own ${what} ends at ${end}, so it cannot give one that lasts longer: give expires_at, at most ${end}.`;
  throw new DroverError('FORBIDDEN', message, { field: 'expires_at' });
}

/** Is there such a person, and active? */
async function personWithinOwn({ tx, platform, caller }: WriteContext, userId: string): Promise<boolean> {
  const person = await findPerson(tx, platform.schema, { tenantId: caller.tenantId, user: userId });
  const role = highestRole((person?.roles ?? []).map((held) => held.role));
  if (role !== undefined && !atLeast(caller.role, role)) {
    throw new DroverError('FORBIDDEN', `This person is ${role}, which is above your role ${caller.role}.`);
  }
  return person?.is_active === true;
}
