import { listed, roleObject } from '../../ground.ts';
import { rightsOf } from '../../reach.ts';
import type { IsolationRule } from '../../rule.ts';

export const watching = ['pg_monitor', 'pg_read_all_stats'];

/** Statistics and running statements hold values of all tenants. */
export const monitoringRole: IsolationRule = {
  id: 'monitoring-role',
  summary: 'an application role sees the statements and statistics of everybody',
  severity: 'warning',
  mend: 'role',
  find: (ground) =>
    ground.applicationRoles.flatMap((name) => {
      const isPlain = ground.roles.get(name)?.superuser === false;
      const rights = isPlain ? rightsOf(ground, name) : [];
      const held = watching.filter((other) => rights.includes(other));
      const message = `${name} has ${listed(held)}: it sees the statements of other sessions, with the values in them.`;
      return held.length === 0 ? [] : [{ at: roleObject(name), message, reachedBy: [name] }];
    }),
};
