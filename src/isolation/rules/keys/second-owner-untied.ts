import type { ForeignKey } from '../../../engine/catalogue/catalog.ts';
import type { Ground } from '../../ground.ts';
import type { IsolationRule } from '../../rule.ts';
import { isEnforced, partOf, tenantTables } from './key-facts.ts';
import type { TenantTable } from './key-facts.ts';

/** Where a tenant has a partner, and a row names both, they can disagree. */
export const secondOwnerUntied: IsolationRule = {
  id: 'second-owner-untied',
  summary: 'a row that names its tenant and the tenant’s partner, which no key holds together',
  severity: 'warning',
  mend: 'key',
  find: (ground) => {
    const { root } = ground.facts;
    if (root === undefined) return [];
    return tenantTables(ground).flatMap((owned) =>
      partnersOf(ground, owned)
        .filter(({ key }) => !isHeld(ground, owned, key))
        .map(({ key, ofRoot }) => ({
          at: partOf(owned, key.name),
          message:
            `The row names its tenant in ${owned.ownerColumn} and ${key.references} in ${key.columns.join(', ')}; the tenant names ` +
            `its own in ${ofRoot.columns.join(', ')} of ${root.table}, and no key holds the two together.`,
        })),
    );
  },
};

interface Partnered {
  readonly key: ForeignKey;
  readonly ofRoot: ForeignKey;
}

/** Keys to a table that the root names, too, and that is more than a look-up: it has policies, or a policy asks the column. */
export function partnersOf(ground: Ground, { id, table, relation }: TenantTable): Partnered[] {
  const { root } = ground.facts;
  const rootKeys = root === undefined ? [] : (ground.tables.get(root.table)?.foreignKeys ?? []);
  return table.foreignKeys.flatMap((key) => {
    const ofRoot = rootKeys.find(
      ({ references, columns }) =>
        references === key.references && columns.length === 1 && key.columns.length === 1,
    );
    const isAsked = relation.policies.some(({ reads = [] }) =>
      reads.some((read) => read.table === id && key.columns.includes(read.column)),
    );
    const isOwner = isAsked || ground.relations.get(key.references)?.secured === true;
    return ofRoot === undefined || key.references === root?.table || !isOwner ? [] : [{ key, ofRoot }];
  });
}

/** A key over owner and partner, to a table that has both. */
function isHeld(ground: Ground, owned: TenantTable, { columns }: ForeignKey): boolean {
  return owned.table.foreignKeys.some(
    (other) =>
      [owned.ownerColumn, ...columns].every((column) => other.columns.includes(column)) &&
      ground.facts.ownership.get(other.references)?.kind === 'tenant' &&
      isEnforced(ground, owned, other),
  );
}
