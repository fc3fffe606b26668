import type { RelationFact } from '../../../engine/isolation/facts.ts';
import { listed, objectOf } from '../../ground.ts';
import type { Ground } from '../../ground.ts';
import { ownedRelations } from '../../owned-relations.ts';
import { commands, effective, isBound } from '../../policies-in-force.ts';
import { exposureTo, isExempt, mayUse } from '../../reach.ts';
import type { IsolationRule } from '../../rule.ts';

/** Policies of a table are not asked where its partition or child is named. */
export const childTableReachable: IsolationRule = {
  id: 'child-table-reachable',
  summary: 'a partition or a child of a tenant’s table is granted by itself, without policies of its own',
  severity: 'by reach',
  mend: 'policy',
  find: (ground) =>
    [...ownedRelations(ground).values()]
      .filter(({ root }) => root !== undefined)
      .flatMap((relation) => {
        const exposed = exposureTo(ground, (role) => isOpen(ground, relation, role));
        if (exposed === undefined) return [];
        const message = `${listed(exposed.reachedBy)} may name it by itself, and policies of ${relation.root ?? ''} are not asked.`;
        return [{ at: objectOf('table', relation), message, ...exposed }];
      }),
};

function isOpen(ground: Ground, relation: RelationFact, role: string): boolean {
  const used = commands.filter((command) => mayUse(ground, role, { relation, privileges: [command] }));
  if (!relation.secured) return used.length > 0 && !isOwner(ground, relation, role);
  return used.some((command) => {
    const clause = command === 'insert' ? ('check' as const) : ('using' as const);
    const meaning = effective(ground, relation, { role, command, clause });
    return isBound(ground, relation, { role, command }) && (meaning.is === 'true' || meaning.is === 'open');
  });
}

function isOwner(ground: Ground, relation: RelationFact, role: string): boolean {
  return isExempt(ground, role, { ...relation, forced: false }) && !ground.applicationRoles.includes(role);
}
