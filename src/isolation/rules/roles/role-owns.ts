import { listed, objectOf, ownedTables, roleObject } from '../../ground.ts';
import { allPowerfulOf, rightsOf } from '../../reach.ts';
import type { IsolationRule } from '../../rule.ts';

/** The owner drops policies, switches them off and grants what it likes, whether they are forced or not. */
export const roleOwns: IsolationRule = {
  id: 'role-owns',
  summary:
    'an application role is, can become or has the rights of the owner of a tenant’s table, of its schema or of the database',
  severity: 'error',
  mend: 'role',
  explains: ['rls-not-forced', 'schema-writable'],
  find: (ground) => {
    const owned = ownedTables(ground);
    const schemas = new Set(owned.map(({ relation }) => relation.schema));
    return ground.applicationRoles.flatMap((name) => {
      // Who can become a superuser owns everything; that is said by role-exempt.
      if (allPowerfulOf(ground, name).length > 0) return [];
      const reached = new Set(rightsOf(ground, name));
      const tables = owned.filter(({ relation }) => reached.has(relation.owner));
      const own = ground.facts.schemas.filter(
        (schema) => schemas.has(schema.name) && reached.has(schema.owner),
      );
      const isOfDatabase = reached.has(ground.facts.databaseOwner);
      const things = [
        ...(tables.length > 0 ? [`${tables.length} tables of tenants`] : []),
        ...own.map((schema) => `the schema ${schema.name}`),
        ...(isOfDatabase ? ['the database'] : []),
      ];
      if (things.length === 0) return [];
      return [
        {
          at: roleObject(name),
          message: `${name} is, can become or has the rights of the owner of ${listed(things)}, and an owner takes policies away.`,
          reachedBy: [name],
          covers: [
            ...tables.map(({ relation }) => objectOf('table', relation)),
            ...own.map((schema) => objectOf('schema', { schema: '', name: schema.name })),
          ],
        },
      ];
    });
  },
};
