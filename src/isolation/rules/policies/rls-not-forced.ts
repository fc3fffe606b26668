import { listed, objectOf, ownedTables } from '../../ground.ts';
import { severityFor } from '../../openings.ts';
import { rightsOf, untrustedRoles } from '../../reach.ts';
import type { IsolationRule } from '../../rule.ts';

/** Without FORCE nobody who has the rights of the owner, or can become it, is bound. */
export const rlsNotForced: IsolationRule = {
  id: 'rls-not-forced',
  summary: 'policies do not bind the owner, and an untrusted role is it, can become it or has its rights',
  severity: 'by reach',
  mend: 'policy',
  find: (ground) =>
    ownedTables(ground).flatMap(({ relation }) => {
      if (!relation.secured || relation.forced) return [];
      const roles = untrustedRoles(ground).filter((name) => {
        const role = ground.roles.get(name);
        const isUsed = role?.login === true || ground.applicationRoles.includes(name);
        return isUsed && rightsOf(ground, name).includes(relation.owner);
      });
      if (roles.length === 0) return [];
      return [
        {
          at: objectOf('table', relation),
          message: `Not forced: no policy binds the owner ${relation.owner}, and ${listed(roles)} is it, can become it or has its rights.`,
          ...severityFor(ground, roles),
        },
      ];
    }),
};
