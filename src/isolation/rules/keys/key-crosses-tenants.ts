import { listed, objectOf } from '../../ground.ts';
import { exposureOf } from '../../reach.ts';
import type { IsolationRule } from '../../rule.ts';
import { looseKeys } from './loose-keys.ts';

/** PostgreSQL checks a foreign key past every policy: a row may name another tenant's row, and learn that it exists. */
export const keyCrossesTenants: IsolationRule = {
  id: 'key-crosses-tenants',
  summary: 'a foreign key between two tenants’ tables that does not carry the tenant',
  severity: 'by reach',
  mend: 'key',
  find: (ground) =>
    looseKeys(ground).flatMap(({ child, parent, key }) => {
      const exposed = exposureOf(ground, { relation: child.relation, privileges: ['insert', 'update'] });
      if (exposed === undefined) return [];
      return [
        {
          at: objectOf('table', child.relation, key.name),
          message:
            `(${key.columns.join(', ')}) names a row of ${parent.id} by (${key.referencedColumns.join(', ')}) without the tenant: ` +
            `${listed(exposed.reachedBy)} can name another tenant’s row.`,
          ...exposed,
        },
      ];
    }),
};
