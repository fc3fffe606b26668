import { listed, objectOf, ownedTables } from '../../ground.ts';
import { commands, inForce, isBound, meaningOf } from '../../policies-in-force.ts';
import type { RowCommand } from '../../policies-in-force.ts';
import type { RelationFact } from '../../../engine/isolation/facts.ts';
import type { Ground } from '../../ground.ts';
import type { IsolationRule } from '../../rule.ts';

/** The right is there and no policy gives a row: statements succeed and do nothing. */
export const commandWithoutPolicy: IsolationRule = {
  id: 'command-without-policy',
  summary: 'an application role has a right on a table and no policy gives it a row',
  severity: 'warning',
  mend: 'policy',
  find: (ground) =>
    ownedTables(ground).flatMap(({ relation }) =>
      ground.applicationRoles.flatMap((role) => {
        const empty = commands.filter(
          (command) =>
            isBound(ground, relation, { role, command }) && isEmpty(ground, relation, { role, command }),
        );
        if (empty.length === 0) return [];
        const words = listed(empty.map((command) => command.toUpperCase()));
        const message = `${role} has the right to ${words}, and no permissive policy gives it a row.`;
        return [{ at: objectOf('table', relation, role), message, reachedBy: [role] }];
      }),
    ),
};

function isEmpty(
  ground: Ground,
  relation: RelationFact,
  asked: { role: string; command: RowCommand },
): boolean {
  const clause = asked.command === 'insert' ? 'check' : 'using';
  return inForce(ground, relation, asked)
    .filter(({ permissive }) => permissive)
    .every((policy) => meaningOf(ground, { relation, policy, clause }).is === 'false');
}
