import { listed, objectOf, ownedTables } from '../../ground.ts';
import { isExempt } from '../../reach.ts';
import type { IsolationRule } from '../../rule.ts';

/** A policy that nobody is ever asked by looks like protection. */
export const policyForExemptRole: IsolationRule = {
  id: 'policy-for-exempt-role',
  summary: 'a policy only for roles that no policy binds',
  severity: 'info',
  mend: 'policy',
  find: (ground) =>
    ownedTables(ground).flatMap(({ relation }) =>
      relation.policies
        // Of an application's role role-exempt says it.
        .filter(({ roles }) => !roles.some((role) => ground.applicationRoles.includes(role)))
        .filter(({ roles }) => roles.every((role) => isExempt(ground, role, relation)))
        .map(({ name, roles }) => ({
          at: objectOf('table', relation, name),
          message: `No policy binds ${listed(roles)}, so nobody is asked by this one.`,
        })),
    ),
};
