/**
 * Who reaches what: rights by access list and by role, exemption from policies, and from both the severity of what lies open.
 *
 * A role has a right where an entry of the access list names PUBLIC, the role, or one whose rights it has. Policies do not bind a
 * superuser, a role with BYPASSRLS, and of a table that does not force them whoever has the rights of its owner.
 */
import { everybody } from '../engine/isolation/facts.ts';
import type { AclEntry, FunctionFact, RelationFact, RoleFact } from '../engine/isolation/facts.ts';
import type { Severity } from '../engine/finding.ts';
import type { BareGround } from './ground.ts';

/** With these a role can write the server's files or run programs there, and so be anybody. */
const serverRoles = new Set(['pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program']);

/** A role that no policy binds, whatever the table. */
export function isAllPowerful(role: RoleFact): boolean {
  return role.superuser || role.bypassRls || serverRoles.has(role.name);
}

/**
 * Roles that no policy binds, of those that the role is or can become; and of those whose rights it has, the server's own: BYPASSRLS is
 * not inherited.
 */
export function allPowerfulOf(ground: Pick<BareGround, 'roles'>, name: string): string[] {
  const become = new Set(ground.roles.get(name)?.becomes);
  return rightsOf(ground, name).filter((other) => {
    const fact = ground.roles.get(other);
    return fact !== undefined && (serverRoles.has(other) || (become.has(other) && isAllPowerful(fact)));
  });
}

/** Roles whose rights the role has or can get: from PostgreSQL 16 on it may have those of one that it cannot become. */
export function rightsOf({ roles }: Pick<BareGround, 'roles'>, name: string): string[] {
  const become = roles.get(name)?.becomes ?? [];
  return [...new Set(become.flatMap((other) => [other, ...(roles.get(other)?.holds ?? [])]))].toSorted();
}

/** Do the policies of the table leave the role alone? */
export function isExempt(ground: BareGround, role: string, { owner, forced }: RelationFact): boolean {
  const fact = ground.roles.get(role);
  if (fact === undefined) return false;
  return fact.superuser || fact.bypassRls || (!forced && holds(fact, owner));
}

function holds(role: RoleFact, other: string): boolean {
  return role.superuser || role.holds.includes(other);
}

/** What gives every right of a kind on every table. */
const dataRoles: Readonly<Record<string, string>> = {
  select: 'pg_read_all_data',
  insert: 'pg_write_all_data',
  update: 'pg_write_all_data',
  delete: 'pg_write_all_data',
};

function isGranted(role: RoleFact, grants: readonly AclEntry[], privilege: string): boolean {
  return (
    role.superuser ||
    grants.some(
      (entry) =>
        entry.privilege === privilege && (entry.grantee === everybody || role.holds.includes(entry.grantee)),
    )
  );
}

/** May the role look up names in the schema? */
function mayUseSchema({ roles, facts }: BareGround, role: string, schema: string): boolean {
  const fact = roles.get(role);
  const found = facts.schemas.find(({ name }) => name === schema);
  if (fact === undefined || found === undefined) return false;
  const reads = Object.values(dataRoles).some((name) => fact.holds.includes(name));
  return reads || isGranted(fact, found.grants, 'usage');
}

/** Has the role one of the rights on the table or on a column of it, by whatever way, and may it name the table? */
export function mayUse(ground: BareGround, role: string, of: Used): boolean {
  const fact = ground.roles.get(role);
  if (fact === undefined || !mayUseSchema(ground, role, of.relation.schema)) return false;
  return of.privileges.some(
    (privilege) =>
      fact.holds.includes(dataRoles[privilege] ?? '') || isGranted(fact, of.relation.grants, privilege),
  );
}

export interface Used {
  readonly relation: RelationFact;
  readonly privileges: readonly string[];
}

export const rowPrivileges: readonly string[] = ['select', 'insert', 'update', 'delete'];

export function mayCall(ground: BareGround, role: string, { schema, grants }: FunctionFact): boolean {
  const fact = ground.roles.get(role);
  return fact !== undefined && mayUseSchema(ground, role, schema) && isGranted(fact, grants, 'execute');
}

/** May the role create objects in the schema? */
export function mayCreate({ roles, facts }: BareGround, role: string, schema: string): boolean {
  const fact = roles.get(role);
  const found = facts.schemas.find(({ name }) => name === schema);
  return fact !== undefined && found !== undefined && isGranted(fact, found.grants, 'create');
}

/** Who reaches something that lies open, and how bad that is. */
export interface Exposed {
  readonly severity: Severity;
  readonly reachedBy: readonly string[];
}

/** Undefined where nobody reaches it but those who may see all tenants. */
export function exposureTo(ground: BareGround, reaches: (role: string) => boolean): Exposed | undefined {
  // What a superuser reaches it reaches by being one; role-exempt says that.
  const isPlain = (role: string): boolean => ground.roles.get(role)?.superuser !== true;
  const application = ground.applicationRoles.filter((role) => isPlain(role) && reaches(role));
  if (application.length > 0) return { severity: 'error', reachedBy: application };
  const others = otherRoles(ground).filter(reaches);
  return others.length > 0 ? { severity: 'warning', reachedBy: others } : undefined;
}

/** The same of a table: who has one of the rights and is bound by its policies. Who owns the table opens it at will. */
export function exposureOf(ground: BareGround, used: Used): Exposed | undefined {
  const { owner } = used.relation;
  const found = exposureTo(
    ground,
    (role) =>
      mayUse(ground, role, used) &&
      (ground.applicationRoles.includes(role) ||
        !(isExempt(ground, role, used.relation) || isOwnerOf(ground, role, owner))),
  );
  return found?.severity !== 'error' && isPublic(ground, used)
    ? { severity: 'error', reachedBy: ['PUBLIC'] }
    : found;
}

function isOwnerOf({ roles }: BareGround, role: string, owner: string): boolean {
  const fact = roles.get(role);
  return fact !== undefined && holds(fact, owner);
}

/** Is the right everybody's, in a schema that is everybody's? */
function isPublic({ facts }: BareGround, { relation, privileges }: Used): boolean {
  const schema = facts.schemas.find(({ name }) => name === relation.schema);
  const opens = (grants: readonly AclEntry[] = [], wanted: readonly string[]): boolean =>
    grants.some(({ grantee, privilege }) => grantee === everybody && wanted.includes(privilege));
  return opens(schema?.grants, ['usage']) && opens(relation.grants, privileges);
}

/** Roles that nobody called an application's or trusted, and that policies bind. PostgreSQL's own are in use where somebody holds them. */
export function otherRoles(ground: Omit<BareGround, 'untrusted'>): string[] {
  return (
    [...ground.roles.values()]
      .filter((role) => !role.predefined && !isAllPowerful(role))
      // Whoever has the rights of a trusted role is trusted, unless it is the application.
      .filter((role) => !ground.trusted.some((name) => role.holds.includes(name)))
      .map(({ name }) => name)
      .filter((name) => !ground.applicationRoles.includes(name) && !ground.trusted.includes(name))
  );
}

/** Every role that the doctor judges: those of the application first. */
export function untrustedOf(ground: Omit<BareGround, 'untrusted'>): string[] {
  return [...ground.applicationRoles, ...otherRoles(ground)];
}

export function untrustedRoles({ untrusted }: Pick<BareGround, 'untrusted'>): readonly string[] {
  return untrusted;
}
