import { policyKey } from '../../conditions/policy-key.ts';
import { listed, ownedTables, roleObject } from '../../ground.ts';
import { appliesTo } from '../../policies-in-force.ts';
import type { IsolationRule } from '../../rule.ts';

/** Whoever sets one of the two sees the rows of half the tables; whoever sets both may set two tenants. */
export const contextManySettings: IsolationRule = {
  id: 'context-many-settings',
  summary: 'the policies of one role take the tenant from two settings',
  severity: 'warning',
  mend: 'policy',
  find: (ground) =>
    ground.applicationRoles.flatMap((role) => {
      const names = new Set(
        ownedTables(ground).flatMap(({ relation }) =>
          relation.policies
            .filter((policy) => appliesTo(ground, policy, role))
            .flatMap(({ name }) => {
              const read = ground.conditions.get(policyKey(relation, name));
              return [...(read?.using?.ownerSettings ?? []), ...(read?.check?.ownerSettings ?? [])];
            }),
        ),
      );
      if (names.size < 2) return [];
      const message = `The tenant of ${role} is taken from ${listed([...names].toSorted())}.`;
      return [{ at: roleObject(role), message, reachedBy: [role] }];
    }),
};
