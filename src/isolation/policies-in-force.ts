/**
 * Which policies are in force for a role and a command, and what they amount to: any of the permissive ones, and every restrictive one.
 * USING says which rows are seen, WITH CHECK which may be written; USING stands in for a WITH CHECK that is not there.
 */
import { everybody } from '../engine/isolation/facts.ts';
import type { RelationFact, StoredPolicy } from '../engine/isolation/facts.ts';
import type { Meaning } from './conditions/condition.ts';
import { allOf, anyOf, everyRow, open } from './conditions/meaning.ts';
import { policyKey } from './conditions/policy-key.ts';
import type { Ground } from './ground.ts';
import { isExempt, mayUse } from './reach.ts';

export const commands = ['select', 'insert', 'update', 'delete'] as const;
export type RowCommand = (typeof commands)[number];

/** One condition of a policy as a command asks it. */
export interface Clause {
  readonly command: RowCommand;
  readonly clause: 'using' | 'check';
}

const clauses: readonly Clause[] = [
  { command: 'select', clause: 'using' },
  { command: 'insert', clause: 'check' },
  { command: 'update', clause: 'using' },
  { command: 'update', clause: 'check' },
  { command: 'delete', clause: 'using' },
];

/** What a policy is asked for. */
export function clausesOf({ command }: StoredPolicy): readonly Clause[] {
  return clauses.filter((each) => command === 'all' || each.command === command);
}

export function meaningOf(
  ground: Ground,
  of: { relation: RelationFact; policy: StoredPolicy; clause: 'using' | 'check' },
): Meaning {
  const read = ground.conditions.get(policyKey(of.relation, of.policy.name));
  const found = of.clause === 'check' ? (read?.check ?? read?.using) : read?.using;
  return found?.meaning ?? everyRow;
}

/** The same as it stands for a role: an operator's setting is open where no policy that the role is asked by says whose the row is. */
export function meaningFor(
  ground: Ground,
  of: { relation: RelationFact; policy: StoredPolicy; clause: 'using' | 'check'; role: string },
): Meaning {
  const meaning = meaningOf(ground, of);
  const isAlone =
    meaning.is === 'restricts' && meaning.by === 'operator' && !namesOwner(ground, of.relation, of.role);
  return isAlone ? open('no owner') : meaning;
}

/** What is not read may. */
function namesOwner(ground: Ground, relation: RelationFact, role: string): boolean {
  return relation.policies
    .filter((policy) => appliesTo(ground, policy, role))
    .some((policy) =>
      (['using', 'check'] as const).some((clause) => {
        const meaning = meaningOf(ground, { relation, policy, clause });
        return meaning.is === 'unread' || (meaning.is === 'restricts' && meaning.by === 'owner');
      }),
    );
}

/** Is the policy for this role? A role has the policies of those whose rights it has without SET ROLE. */
export function appliesTo({ roles }: Ground, { roles: named }: StoredPolicy, role: string): boolean {
  const held = roles.get(role)?.holds ?? [];
  return named.some((name) => name === everybody || held.includes(name));
}

/** The policies that a role is asked by. */
export function inForce(
  ground: Ground,
  relation: RelationFact,
  { role, command }: { role: string; command: RowCommand },
): StoredPolicy[] {
  return relation.policies.filter(
    (policy) => (policy.command === 'all' || policy.command === command) && appliesTo(ground, policy, role),
  );
}

/** Does the role use the table under its policies? */
export function isBound(
  ground: Ground,
  relation: RelationFact,
  { role, command }: { role: string; command: RowCommand },
): boolean {
  return (
    relation.secured &&
    mayUse(ground, role, { relation, privileges: [command] }) &&
    !isExempt(ground, role, relation)
  );
}

/** What every restrictive policy together leaves. */
export function floorOf(
  ground: Ground,
  relation: RelationFact,
  { role, command, clause }: Clause & { role: string },
): Meaning {
  const restrictive = inForce(ground, relation, { role, command }).filter(({ permissive }) => !permissive);
  return allOf(restrictive.map((policy) => meaningFor(ground, { relation, policy, clause, role })));
}

/** What the role sees, or may write, by all policies together. */
export function effective(ground: Ground, relation: RelationFact, asked: Clause & { role: string }): Meaning {
  const permissive = inForce(ground, relation, asked).filter(({ permissive: is }) => is);
  const rows = anyOf(permissive.map((policy) => meaningFor(ground, { relation, policy, ...asked })));
  return allOf([rows, floorOf(ground, relation, asked)]);
}
