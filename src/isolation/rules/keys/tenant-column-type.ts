import { findColumn } from '../../../engine/catalogue/catalog.ts';
import type { Column } from '../../../engine/catalogue/catalog.ts';
import type { IsolationRule } from '../../rule.ts';
import { partOf, tenantTables } from './key-facts.ts';

/** What names a tenant should be of the type of the tenant's key: else no key can tie it, or each comparison casts. */
export const tenantColumnType: IsolationRule = {
  id: 'tenant-column-type',
  summary: 'an owner column of another type than the key of the tenants’ table',
  severity: 'warning',
  mend: 'tenantize',
  explains: ['tenant-root-untied'],
  find: (ground) => {
    const { root } = ground.facts;
    const rootTable = root === undefined ? undefined : ground.tables.get(root.table);
    const key = root === undefined || rootTable === undefined ? undefined : findColumn(rootTable, root.key);
    if (root === undefined || key === undefined) return [];
    return tenantTables(ground).flatMap((owned) => {
      const column = findColumn(owned.table, owned.ownerColumn);
      if (column === undefined || !isOther(column, key)) return [];
      return [
        {
          at: partOf(owned, column.name),
          message: `${column.name} is ${column.type}, and ${key.name} of ${root.table} is ${key.type}.`,
        },
      ];
    });
  },
};

const integers = ['smallint', 'integer', 'bigint'];

/** A domain over the same type, and another length of text, compare alike. */
function isOther(a: Column, b: Column): boolean {
  if (a.kind !== b.kind) return true;
  if (a.kind === 'integer')
    return a.type !== b.type && integers.includes(a.type) && integers.includes(b.type);
  return (a.kind === 'other' || a.kind === 'enum') && a.type !== b.type;
}
