import { isLedger } from '../../../engine/catalogue/ledgers.ts';
import { listed, objectOf } from '../../ground.ts';
import { mayUse, rowPrivileges } from '../../reach.ts';
import type { IsolationRule } from '../../rule.ts';

/** Of a table that nothing ties to a tenant and that nobody called everybody's, no rule can say anything. */
export const ownershipUnknown: IsolationRule = {
  id: 'ownership-unknown',
  summary: 'a table that an application role may use and that nothing ties to a tenant',
  severity: 'warning',
  mend: 'advice',
  find: (ground) =>
    ground.facts.catalog.tables.flatMap((table) => {
      const { id } = table;
      const relation = ground.relations.get(id);
      if (relation === undefined || isLedger(table) || ground.facts.ownership.get(id)?.kind !== 'unknown')
        return [];
      // Whose the rows of a child are says its table.
      if (ground.facts.ownership.get(relation.root ?? '')?.kind === 'tenant') return [];
      const users = ground.applicationRoles.filter((role) =>
        mayUse(ground, role, { relation, privileges: rowPrivileges }),
      );
      if (users.length === 0) return [];
      return [
        {
          at: objectOf('table', relation),
          message: `Nothing ties the rows to a tenant, nobody declared them everybody’s, and ${listed(users)} may use them.`,
          reachedBy: users,
        },
      ];
    }),
};
