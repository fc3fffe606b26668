import { objectOf } from '../../ground.ts';
import type { IsolationRule } from '../../rule.ts';

/** Somebody wrote policies and nobody switched them on; on a tenant's table rls-off says so. */
export const policyInert: IsolationRule = {
  id: 'policy-inert',
  summary: 'policies on a table of everybody or of unknown ownership whose row-level security is off',
  severity: 'warning',
  mend: 'policy',
  find: ({ facts, relations }) =>
    facts.catalog.tables.flatMap(({ id }) => {
      const relation = relations.get(id);
      if (relation === undefined || relation.secured || relation.policies.length === 0) return [];
      if (facts.ownership.get(id)?.kind === 'tenant') return [];
      const message = `${relation.policies.length} policies mean nothing while row-level security is off.`;
      return [{ at: objectOf('table', relation), message }];
    }),
};
