import type { IsolationRule } from '../../rule.ts';
import { partOf, shownColumns, shownRoles, writersOf } from './key-facts.ts';
import { coveredBy, isUnrelated, looseKeys } from './loose-keys.ts';

/** PostgreSQL checks a foreign key past every policy: a row may name another tenant's row, and learn that it exists. */
export const keyCrossesTenants: IsolationRule = {
  id: 'key-crosses-tenants',
  summary: 'a foreign key between two tenants’ tables that does not carry the tenant',
  severity: 'by reach',
  mend: 'key',
  explains: ['child-without-tenant-column'],
  find: (ground) =>
    looseKeys(ground).flatMap((between) => {
      const { child, parent, key } = between;
      const exposed = isUnrelated(ground, between) ? undefined : writersOf(ground, child, key.columns);
      if (exposed === undefined) return [];
      return [
        {
          at: partOf(child, key.name),
          message:
            `${shownColumns(key.columns)} names a row of ${parent.id} by ${shownColumns(key.referencedColumns)} without the tenant: ` +
            `${shownRoles(exposed)} write it, and no key keeps it from naming another tenant’s row.`,
          covers: coveredBy(between),
          ...exposed,
        },
      ];
    }),
};
