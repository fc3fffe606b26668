import { policyKey } from '../../conditions/policy-key.ts';
import { listed, objectOf, ownedTables } from '../../ground.ts';
import type { IsolationRule } from '../../rule.ts';

/** The user of the database tells tenants apart only where each has one. */
export const currentUserShared: IsolationRule = {
  id: 'current-user-shared',
  summary: 'the owner is compared with current_user, and one role serves all tenants',
  severity: 'warning',
  mend: 'policy',
  find: (ground) =>
    ground.applicationRoles.length > 1
      ? []
      : ownedTables(ground).flatMap(({ relation }) =>
          relation.policies.flatMap(({ name }) => {
            const read = ground.conditions.get(policyKey(relation, name));
            if (read?.using?.ownerIsUser !== true && read?.check?.ownerIsUser !== true) return [];
            const message = `The owner is compared with the user of the database, and ${listed(ground.applicationRoles)} is the only one.`;
            return [{ at: objectOf('table', relation, name), message }];
          }),
        ),
};
