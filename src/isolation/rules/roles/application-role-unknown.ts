import { ownedTables } from '../../ground.ts';
import type { IsolationRule } from '../../rule.ts';

/** Nobody said who the application is, and nothing of the database says it: then nothing can be judged by who reaches it. */
export const applicationRoleUnknown: IsolationRule = {
  id: 'application-role-unknown',
  summary: 'no application role is known, so nothing is judged for it',
  severity: 'error',
  mend: 'advice',
  find: (ground) =>
    ground.applicationRoles.length > 0 || ownedTables(ground).length === 0
      ? []
      : [
          {
            at: { kind: 'database', schema: '', name: ground.facts.database },
            message:
              `The login ${ground.facts.login} is exempt from policies, and no other login may touch a tenant’s table: ` +
              'say in isolation.roles who the application is.',
          },
        ],
};
