import { roleObject } from '../../ground.ts';
import type { IsolationRule } from '../../rule.ts';

/** In replica mode triggers do not fire and foreign keys are not checked. */
export const replicaModeSettable: IsolationRule = {
  id: 'replica-mode-settable',
  summary:
    'an application role may set session_replication_role, which switches triggers and foreign keys off',
  severity: 'error',
  mend: 'role',
  find: ({ applicationRoles, roles }) =>
    applicationRoles
      .filter((name) =>
        (roles.get(name)?.becomes ?? []).some((other) => {
          const role = roles.get(other);
          return role?.setsReplicaMode === true && !role.superuser;
        }),
      )
      .map((name) => ({
        at: roleObject(name),
        message: `${name} may set session_replication_role: in replica mode no trigger fires and no foreign key is checked.`,
        reachedBy: [name],
      })),
};
