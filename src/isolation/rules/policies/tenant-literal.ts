import { listed, objectOf, ownedTables } from '../../ground.ts';
import { openings, severityFor } from '../../openings.ts';
import type { IsolationRule } from '../../rule.ts';

/** A tenant that stands in the schema: everybody has its rows, or rows of everybody become its own. */
export const tenantLiteral: IsolationRule = {
  id: 'tenant-literal',
  summary: 'one tenant’s key as a constant in a policy, or as the default of an owner column',
  severity: 'by reach',
  mend: 'policy',
  find: (ground) => [
    ...openings(ground)
      .filter(({ kind }) => kind === 'tenant-literal')
      .map(({ owned, policy, roles }) => ({
        at: objectOf('table', owned.relation, policy.name),
        message: `The policy gives the rows of one tenant, which it names as a constant, to ${listed(roles)}, whoever asks.`,
        ...severityFor(ground, roles),
      })),
    ...ownedTables(ground).flatMap(({ relation, ownerColumn, isRoot }) => {
      const found = ground.facts.defaults.find(
        ({ table, column, expression }) =>
          table === relation.id && column === ownerColumn && isLiteral(expression),
      );
      if (found === undefined || isRoot) return [];
      const message = `A row without a tenant becomes that of one tenant: ${found.column} has a constant as its default.`;
      return [{ at: objectOf('table', relation, found.column), message, severity: 'warning' as const }];
    }),
  ],
};

/** As PostgreSQL prints a constant: `'…'::uuid`, `7`. */
function isLiteral(expression: string): boolean {
  return /^('(?:[^']|'')*'(::[\w ."]+)?|-?\d+)$/.test(expression) && !/^NULL\b/.test(expression);
}
