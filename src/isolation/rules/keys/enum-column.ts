import { ownedTables } from '../../ground.ts';
import type { IsolationRule } from '../../rule.ts';
import { partOf } from './key-facts.ts';
import { leakyIndexes } from './leaky-parts.ts';

/** An enum is one list for all tenants, cannot lose a label, and its equality is not leakproof. */
export const enumColumn: IsolationRule = {
  id: 'enum-column',
  summary: 'a column of a tenant’s table that is an enum',
  severity: 'info',
  mend: 'tenantize',
  explains: ['index-not-leakproof'],
  find: (ground) => {
    const indexes = leakyIndexes(ground);
    return ownedTables(ground).flatMap((owned) => {
      const enums = owned.table.columns
        .filter(({ kind }) => kind === 'enum' || kind === 'enum[]')
        .map(({ name }) => name);
      return enums.map((name) => ({
        at: partOf(owned, name),
        message: `${name} is an enum: one list of values for all tenants, from which none can be taken away.`,
        covers: indexes
          .filter(
            ({ owned: { id }, parts }) =>
              id === owned.id && parts.every((part) => part !== null && enums.includes(part)),
          )
          .map(({ index }) => partOf(owned, index.name)),
      }));
    });
  },
};
