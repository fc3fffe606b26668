import { listed, objectOf, ownedTables } from '../../ground.ts';
import { exposureOf, rowPrivileges } from '../../reach.ts';
import type { IsolationRule } from '../../rule.ts';

/** `relrowsecurity` is false: no policy of the table means anything. */
export const rlsOff: IsolationRule = {
  id: 'rls-off',
  summary: 'a tenant’s table without row-level security',
  severity: 'by reach',
  mend: 'policy',
  explains: [],
  find: (ground) =>
    ownedTables(ground).flatMap(({ relation }) => {
      const exposed = relation.secured
        ? undefined
        : exposureOf(ground, { relation, privileges: rowPrivileges });
      if (exposed === undefined) return [];
      const policies =
        relation.policies.length === 0
          ? ''
          : `, so none of its ${relation.policies.length} policies is asked`;
      return [
        {
          at: objectOf('table', relation),
          message: `Row-level security is off${policies}; ${listed(exposed.reachedBy)} reaches the rows of every tenant.`,
          ...exposed,
        },
      ];
    }),
};
