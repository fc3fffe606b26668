import { everybody } from '../../../engine/isolation/facts.ts';
import type { IsolationObject } from '../../../engine/isolation/report.ts';
import { listed } from '../../ground.ts';
import { rowPrivileges } from '../../reach.ts';
import type { IsolationRule } from '../../rule.ts';

/** The next table is open from its first moment, and nobody has to grant anything for that. */
export const defaultPrivilegesOpen: IsolationRule = {
  id: 'default-privileges-open',
  summary: 'future tables are granted to an application role or PUBLIC, and nothing secures them',
  severity: 'warning',
  mend: 'grant',
  needs: ['defaultPrivileges'],
  find: ({ facts, applicationRoles, roles }) =>
    facts.securesNewTables
      ? []
      : facts.defaultPrivileges.flatMap(({ schema, of, grants }) => {
          const open = grants.filter(
            ({ grantee, privilege }) =>
              rowPrivileges.includes(privilege) &&
              (grantee === everybody ||
                applicationRoles.some((role) => roles.get(role)?.holds.includes(grantee))),
          );
          const to = [...new Set(open.map(({ grantee }) => (grantee === everybody ? 'PUBLIC' : grantee)))];
          const at: IsolationObject =
            schema === undefined
              ? { kind: 'database', schema: '', name: facts.database, part: of }
              : { kind: 'schema', schema: '', name: schema, part: of };
          const message = `Tables that ${of} makes are granted to ${listed(to)} at once, without row-level security.`;
          return to.length === 0 ? [] : [{ at, message, reachedBy: to }];
        }),
};
