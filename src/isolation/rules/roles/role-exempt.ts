import { listed, roleObject } from '../../ground.ts';
import { allPowerfulOf } from '../../reach.ts';
import type { IsolationRule } from '../../rule.ts';

/** An application role that no policy binds, or that can become such a role. */
export const roleExempt: IsolationRule = {
  id: 'role-exempt',
  summary: 'an application role is, or can become, a role that no policy binds',
  severity: 'error',
  mend: 'role',
  explains: ['role-owns', 'replica-mode-settable', 'monitoring-role', 'schema-writable'],
  find: (ground) =>
    ground.applicationRoles.flatMap((name) => {
      const powerful = allPowerfulOf(ground, name);
      if (powerful.length === 0) return [];
      const others = powerful.filter((other) => other !== name);
      const how = powerful.includes(name)
        ? `${name} is a superuser or has BYPASSRLS`
        : `${name} can become or has the rights of ${listed(others.slice(0, 5))}, which no policy binds`;
      return [
        {
          at: roleObject(name),
          message: `${how}: row-level security does not hold for it. What a superuser reaches is not told table by table.`,
          reachedBy: [name],
        },
      ];
    }),
};
