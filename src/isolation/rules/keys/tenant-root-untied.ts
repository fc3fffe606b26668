import type { TableId } from '../../../engine/catalogue/catalog.ts';
import type { Ground, OwnedTable } from '../../ground.ts';
import type { IsolationRule } from '../../rule.ts';
import { factOf, isEnforced, isFilled, ownedById, partOf, tenantTables } from './key-facts.ts';
import { isTied } from './loose-keys.ts';

/** Without a key to the table of tenants a row can name a tenant that there is not, and outlive one. */
export const tenantRootUntied: IsolationRule = {
  id: 'tenant-root-untied',
  summary: 'an owner column from which no key leads to the table of tenants',
  severity: 'warning',
  mend: 'key',
  find: (ground) => {
    const owned = ownedById(ground);
    return tenantTables(ground)
      .filter((table) => !leadsToRoot(ground, owned, table))
      .map((table) => ({
        at: partOf(table, table.ownerColumn),
        message:
          `No key leads from ${table.ownerColumn} to ${ground.facts.root?.table ?? 'the table of tenants'}: ` +
          `it may hold a tenant that there is not.`,
      }));
  },
};

function leadsToRoot(ground: Ground, owned: ReadonlyMap<TableId, OwnedTable>, start: OwnedTable): boolean {
  const seen = new Set([start.id]);
  const next = [start];
  for (const child of next)
    for (const key of child.table.foreignKeys) {
      const parent = owned.get(key.references);
      if (parent === undefined || !isTied(ground, { child, parent, key }) || !isEnforced(ground, child, key))
        continue;
      const isAlways =
        factOf(ground, child, key)?.matchFull === true ||
        key.columns.every((column) => column === child.ownerColumn || isFilled(ground, child, column));
      if (!isAlways) continue;
      if (parent.isRoot) return true;
      if (!seen.has(parent.id)) next.push(parent);
      seen.add(parent.id);
    }
  return false;
}
