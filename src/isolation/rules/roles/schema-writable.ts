import { listed, ownedTables } from '../../ground.ts';
import type { Ground } from '../../ground.ts';
import { mayCreate } from '../../reach.ts';
import type { IsolationRule } from '../../rule.ts';

/** Who may create a function or a table where others look names up first decides what their statements mean. */
export const schemaWritable: IsolationRule = {
  id: 'schema-writable',
  summary:
    'an application role may create objects in a schema of tenants’ tables, or in one on a search path',
  severity: 'warning',
  mend: 'grant',
  find: (ground) => {
    const wanted = new Set([
      ...ownedTables(ground).map(({ relation }) => relation.schema),
      ...onPath(ground),
    ]);
    return ground.facts.schemas
      .filter(({ name }) => wanted.has(name))
      .flatMap(({ name }) => {
        const roles = ground.applicationRoles.filter(
          (role) => mayCreate(ground, role, name) && ground.roles.get(role)?.superuser !== true,
        );
        const message = `${listed(roles)} may create objects in ${name}: a function or table there is found before the one that is meant.`;
        const at = { kind: 'schema' as const, schema: '', name };
        return roles.length === 0 ? [] : [{ at, message, reachedBy: roles }];
      });
  },
};

/** Schemas that sessions look names up in: where nobody says otherwise public. */
function onPath({ facts, applicationRoles, roles }: Ground): string[] {
  const settings = [
    ...facts.sessionDefaults,
    ...applicationRoles.flatMap((role) => roles.get(role)?.defaults ?? []),
  ];
  const paths = settings.flatMap((setting) =>
    setting.startsWith('search_path=') ? setting.slice(12).split(',') : [],
  );
  return paths.length === 0 ? ['public'] : paths.map((name) => name.trim().replaceAll('"', ''));
}
