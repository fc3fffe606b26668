import { listed, objectOf, ownedTables } from '../../ground.ts';
import { rolesUnder, severityFor } from '../../openings.ts';
import { meaningOf } from '../../policies-in-force.ts';
import type { IsolationRule } from '../../rule.ts';

/** Rows without an owner are everybody's: who may write them writes into every tenant. */
export const globalRowWritable: IsolationRule = {
  id: 'global-row-writable',
  summary: 'a policy lets a role write rows that belong to nobody and that every tenant reads',
  severity: 'by reach',
  mend: 'policy',
  find: (ground) =>
    ownedTables(ground).flatMap((owned) => {
      const { relation, table, ownerColumn } = owned;
      if (table.columns.find(({ name }) => name === ownerColumn)?.notNull !== false) return [];
      return relation.policies
        .filter(({ permissive }) => permissive)
        .flatMap((policy) => {
          const uses = rolesUnder(ground, owned, policy).filter(({ clause: { command, clause } }) => {
            const meaning = meaningOf(ground, { relation, policy, clause });
            return command !== 'select' && meaning.is === 'restricts' && meaning.ownerless;
          });
          const roles = [...new Set(uses.map(({ role }) => role))];
          if (roles.length === 0) return [];
          const message = `${listed(roles)} may write rows whose ${ownerColumn ?? 'owner'} is empty, which belong to nobody.`;
          return [{ at: objectOf('table', relation, policy.name), message, ...severityFor(ground, roles) }];
        });
    }),
};
