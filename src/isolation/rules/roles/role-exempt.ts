import { listed, roleObject } from '../../ground.ts';
import { isAllPowerful } from '../../reach.ts';
import type { IsolationRule } from '../../rule.ts';

/** An application role that no policy binds, or that can become such a role. */
export const roleExempt: IsolationRule = {
  id: 'role-exempt',
  summary: 'an application role is, or can become, a role that no policy binds',
  severity: 'error',
  mend: 'role',
  explains: ['role-owns', 'replica-mode-settable', 'monitoring-role', 'schema-writable'],
  find: ({ applicationRoles, roles }) =>
    applicationRoles.flatMap((name) => {
      const powerful = (roles.get(name)?.becomes ?? []).filter((other) => {
        const fact = roles.get(other);
        return fact !== undefined && isAllPowerful(fact);
      });
      if (powerful.length === 0) return [];
      const others = powerful.filter((other) => other !== name);
      const how = powerful.includes(name)
        ? `${name} is a superuser or has BYPASSRLS`
        : `${name} can become ${listed(others.slice(0, 5))}, which no policy binds`;
      return [
        {
          at: roleObject(name),
          message: `${how}: row-level security does not hold for it. What a superuser reaches is not told table by table.`,
          reachedBy: [name],
        },
      ];
    }),
};
