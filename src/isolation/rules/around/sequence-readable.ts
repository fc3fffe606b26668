import { listed, objectOf } from '../../ground.ts';
import { ownedRelations } from '../../owned-relations.ts';
import { mayUse } from '../../reach.ts';
import type { IsolationRule } from '../../rule.ts';

/** How many rows all tenants made is nobody's business; USAGE is enough to make rows and hides the last value. */
export const sequenceReadable: IsolationRule = {
  id: 'sequence-readable',
  summary: 'an application role reads the counter of a tenant’s table',
  severity: 'info',
  mend: 'grant',
  find: (ground) =>
    ground.facts.relations
      .filter(({ kind, serves }) => kind === 'sequence' && ownedRelations(ground).has(serves?.table ?? ''))
      .flatMap((relation) => {
        const roles = ground.applicationRoles.filter((role) =>
          mayUse(ground, role, { relation, privileges: ['select'] }),
        );
        const message = `${listed(roles)} reads last_value, which counts the rows of all tenants; USAGE is enough.`;
        return roles.length === 0 ? [] : [{ at: objectOf('sequence', relation), message, reachedBy: roles }];
      }),
};
