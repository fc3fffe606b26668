import { everybody } from '../../../engine/isolation/facts.ts';
import { listed } from '../../ground.ts';
import type { IsolationRule } from '../../rule.ts';

/** Large objects take no policies: who may read one may read it in every tenant. */
export const largeObjectsShared: IsolationRule = {
  id: 'large-objects-shared',
  summary: 'large objects, which take no policies, are an application role’s or everybody’s',
  severity: 'warning',
  mend: 'advice',
  needs: ['largeObjects'],
  find: ({ facts, applicationRoles, roles }) => {
    const open = facts.largeObjects.filter(
      ({ grantee }) =>
        grantee === everybody || applicationRoles.some((role) => roles.get(role)?.holds.includes(grantee)),
    );
    const to = [...new Set(open.map(({ grantee }) => (grantee === everybody ? 'PUBLIC' : grantee)))];
    const message = `Large objects take no policies, and ${listed(to)} has rights on some: in every tenant on the same ones.`;
    return to.length === 0
      ? []
      : [{ at: { kind: 'database', schema: '', name: facts.database }, message, reachedBy: to }];
  },
};
