/** Who calls, and what they may: a role that a person holds, and scopes that narrow what a key may do with it. */

/** `sysadmin` is held in the whole system (scope `system` of user_roles), the others in a tenant. */
export type Role = 'sysadmin' | 'admin' | 'member' | 'viewer';

/** What an access scope is about. */
const scopeSubjects = [
  'tenants',
  'users',
  'providers',
  'models',
  'spaces',
  'assistants',
  'apps',
  'services',
  'templates',
  'workspaces',
  'secrets',
  'keys',
  'audit',
  'migrations',
  'runs',
  'rekeys',
  'assessments',
] as const;

/** What a route needs: `models:read`. */
export type AccessScope = `${(typeof scopeSubjects)[number]}:${'read' | 'write'}`;

export interface Caller {
  readonly tenantId: string;
  readonly userId: string;
  readonly role: Role;
  readonly scopes: readonly string[];
  /** For records: the e-mail address of the user, and the name of the key where a key acted. */
  readonly actor: string;
  /** What the caller showed, whatever its secret and name: the id of the key, or the person that a token names. */
  readonly credential: string;
  /** When the key ends with which the caller came; null where it does not, and for a token. */
  readonly keyExpiresAt: Date | null;
  /** When the last grant of the caller's role ends; null where one does not. */
  readonly roleExpiresAt: Date | null;
}

const ranks: Readonly<Record<Role, number>> = { viewer: 1, member: 2, admin: 3, sysadmin: 4 };

/** Is the role at least the other one? */
export function atLeast(role: Role, minimum: Role): boolean {
  return ranks[role] >= ranks[minimum];
}

/** The highest of several roles; words that are no role count for nothing. */
export function highestRole(words: readonly string[]): Role | undefined {
  const held = words.filter((word): word is Role => word in ranks);
  return held.sort((a, b) => ranks[b] - ranks[a])[0];
}

/** Do the scopes allow it? `*` allows all, and who may write may read. */
export function allows(scopes: readonly string[], needed: AccessScope): boolean {
  const [subject] = needed.split(':');
  return scopes.some((scope) => scope === '*' || scope === needed || scope === `${subject}:write`);
}

/** Do the scopes allow all that the others do? */
export function covers(scopes: readonly string[], others: readonly string[]): boolean {
  return others.every((other) => scopes.includes('*') || (isAccessScope(other) && allows(scopes, other)));
}

function isAccessScope(text: string): text is AccessScope {
  return text !== '*';
}

/** Every word that may stand in the scopes of a key. */
export const grantableScopes: readonly string[] = [
  '*',
  ...scopeSubjects.flatMap((subject) => [`${subject}:read`, `${subject}:write`]),
];
