import { listed, roleObject } from '../../ground.ts';
import type { IsolationRule } from '../../rule.ts';

const watching = ['pg_monitor', 'pg_read_all_stats'];

/** Statistics and running statements hold values of all tenants. */
export const monitoringRole: IsolationRule = {
  id: 'monitoring-role',
  summary: 'an application role sees the statements and statistics of everybody',
  severity: 'warning',
  mend: 'role',
  find: ({ applicationRoles, roles }) =>
    applicationRoles.flatMap((name) => {
      const role = roles.get(name);
      const held = watching.filter((other) => role?.superuser === false && role.becomes.includes(other));
      const message = `${name} has ${listed(held)}: it sees the statements of other sessions, with the values in them.`;
      return held.length === 0 ? [] : [{ at: roleObject(name), message, reachedBy: [name] }];
    }),
};
