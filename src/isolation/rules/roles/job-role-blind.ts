import { listed, objectOf, ownedTables } from '../../ground.ts';
import { inForce, isBound } from '../../policies-in-force.ts';
import { otherRoles } from '../../reach.ts';
import type { IsolationRule } from '../../rule.ts';

/** A job whose statements succeed and change nothing. */
export const jobRoleBlind: IsolationRule = {
  id: 'job-role-blind',
  summary: 'a login that is no application’s may change a tenant’s table, and no policy gives it a row',
  severity: 'warning',
  mend: 'policy',
  find: (ground) =>
    ownedTables(ground).flatMap(({ relation }) =>
      otherRoles(ground)
        .filter((role) => ground.roles.get(role)?.login === true)
        .flatMap((role) => {
          const blind = (['update', 'delete'] as const).filter(
            (command) =>
              isBound(ground, relation, { role, command }) &&
              !inForce(ground, relation, { role, command }).some(({ permissive }) => permissive),
          );
          const words = listed(blind.map((command) => command.toUpperCase()));
          const message = `${role} has the right to ${words}, and no policy is for it: its statements succeed with 0 rows.`;
          return blind.length === 0
            ? []
            : [{ at: objectOf('table', relation, role), message, reachedBy: [role] }];
        }),
    ),
};
