/**
 * Permissive policies that let a bound role past its tenant, each with the one reason that a person would mend. A policy that is not
 * read is none of them.
 */
import type { StoredPolicy } from '../engine/isolation/facts.ts';
import type { Meaning } from './conditions/condition.ts';
import { listed, objectOf, ownedTables } from './ground.ts';
import type { Ground, OwnedTable } from './ground.ts';
import {
  appliesTo,
  clausesOf,
  effective,
  floorOf,
  inForce,
  isBound,
  meaningFor,
} from './policies-in-force.ts';
import type { Clause } from './policies-in-force.ts';
import { untrustedRoles } from './reach.ts';
import type { Sighting } from './rule.ts';

export type OpeningKind =
  | 'check-weaker-than-using'
  | 'command-escapes-select'
  | 'context-fails-open'
  | 'tenant-literal'
  | 'policies-or-open'
  | 'policy-always-true'
  | 'policy-ignores-tenant';

export interface OpenPolicy {
  readonly kind: OpeningKind;
  readonly owned: OwnedTable;
  readonly policy: StoredPolicy;
  readonly roles: readonly string[];
  readonly commands: readonly string[];
  /** Only what is written is open. */
  readonly checkAlone: boolean;
}

interface OpenUse extends Clause {
  readonly role: string;
  readonly meaning: Meaning;
}

/** At most one for each policy. */
export function openings(ground: Ground): OpenPolicy[] {
  return ownedTables(ground).flatMap((owned) =>
    owned.relation.policies
      .filter(({ permissive }) => permissive)
      .flatMap((policy) => {
        const uses = openUses(ground, owned, policy);
        const kind = kindOf(ground, { owned, policy, uses });
        if (kind === undefined) return [];
        const roles = [...new Set(uses.map(({ role }) => role))];
        const commands = [...new Set(uses.map(({ command }) => command))];
        const checkAlone = uses.every(({ clause }) => clause === 'check');
        return [{ kind, owned, policy, roles, commands, checkAlone }];
      }),
  );
}

/** The findings of the rule of that name. */
export function sightingsOf(
  ground: Ground,
  kind: OpeningKind,
  say: (opening: OpenPolicy) => string,
): Sighting[] {
  return openings(ground)
    .filter((opening) => opening.kind === kind)
    .map((opening) => ({
      at: objectOf('table', opening.owned.relation, opening.policy.name),
      message: say(opening),
      ...severityFor(ground, opening.roles),
      covers: [objectOf('table', opening.owned.relation, opening.owned.ownerColumn)],
    }));
}

/** An error where the application is among them. */
export function severityFor(
  { applicationRoles }: Ground,
  roles: readonly string[],
): { severity: 'error' | 'warning'; reachedBy: readonly string[] } {
  const application = roles.filter((role) => applicationRoles.includes(role));
  return application.length > 0
    ? { severity: 'error', reachedBy: application }
    : { severity: 'warning', reachedBy: roles };
}

export function whoAndWhat({ roles, commands }: Pick<OpenPolicy, 'roles' | 'commands'>): string {
  return `${listed(commands.map((command) => command.toUpperCase()))} by ${listed(roles)}`;
}

/** Roles that use the table under this policy with the command. */
export function rolesUnder(
  ground: Ground,
  { relation }: OwnedTable,
  policy: StoredPolicy,
): { role: string; clause: Clause }[] {
  return clausesOf(policy).flatMap((clause) =>
    untrustedRoles(ground)
      .filter(
        (role) =>
          appliesTo(ground, policy, role) && isBound(ground, relation, { role, command: clause.command }),
      )
      .map((role) => ({ role, clause })),
  );
}

function openUses(ground: Ground, owned: OwnedTable, policy: StoredPolicy): OpenUse[] {
  const { relation } = owned;
  return rolesUnder(ground, owned, policy).flatMap(({ role, clause }) => {
    const meaning = meaningFor(ground, { relation, policy, clause: clause.clause, role });
    if (meaning.is !== 'true' && meaning.is !== 'open') return [];
    const floor = floorOf(ground, relation, { ...clause, role });
    const isHeld = floor.is === 'restricts' || floor.is === 'false' || floor.is === 'unread';
    return isHeld ? [] : [{ ...clause, role, meaning }];
  });
}

function kindOf(
  ground: Ground,
  { owned, policy, uses }: { owned: OwnedTable; policy: StoredPolicy; uses: readonly OpenUse[] },
): OpeningKind | undefined {
  const [first] = uses;
  if (first === undefined) return undefined;
  const { relation } = owned;
  const using = meaningFor(ground, { relation, policy, clause: 'using', role: first.role });
  const isCheckAlone = policy.withCheck !== undefined && uses.every(({ clause }) => clause === 'check');
  if (isCheckAlone && policy.using !== undefined && using.is === 'restricts')
    return 'check-weaker-than-using';
  const why = uses.flatMap(({ meaning }) => (meaning.is === 'open' ? meaning.why : []));
  if (why.includes('without context')) return 'context-fails-open';
  if (why.includes('literal')) return 'tenant-literal';
  if (uses.some((use) => escapesSelect(ground, owned, use))) return 'command-escapes-select';
  if (uses.some((use) => hasOther(ground, { owned, policy, use }))) return 'policies-or-open';
  return why.length < uses.length ? 'policy-always-true' : 'policy-ignores-tenant';
}

/** What is seen is the tenant's, what is changed is not: an UPDATE that reads no column asks no policy for SELECT. */
function escapesSelect(
  ground: Ground,
  { relation }: OwnedTable,
  { role, command, clause }: OpenUse,
): boolean {
  if (clause !== 'using' || (command !== 'update' && command !== 'delete')) return false;
  return effective(ground, relation, { role, command: 'select', clause: 'using' }).is === 'restricts';
}

function hasOther(
  ground: Ground,
  { owned: { relation }, policy, use }: { owned: OwnedTable; policy: StoredPolicy; use: OpenUse },
): boolean {
  return inForce(ground, relation, use).some(
    (other) =>
      other !== policy &&
      other.permissive &&
      meaningFor(ground, { relation, policy: other, clause: use.clause, role: use.role }).is === 'restricts',
  );
}
