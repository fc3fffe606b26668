/** Foreign keys between tenants' tables that let a row name another tenant's row. */
import type { ForeignKey } from '../../../engine/catalogue/catalog.ts';
import { ownedTables } from '../../ground.ts';
import type { Ground, OwnedTable } from '../../ground.ts';

export interface LooseKey {
  readonly child: OwnedTable;
  readonly parent: OwnedTable;
  readonly key: ForeignKey;
}

/** Keys without both owner columns, where no second key of the same columns ties the owner to the same table. */
export function looseKeys(ground: Ground): LooseKey[] {
  const owned = new Map(ownedTables(ground).map((table) => [table.id, table]));
  return [...owned.values()].flatMap((child) =>
    child.table.foreignKeys.flatMap((key) => {
      const parent = owned.get(key.references);
      if (parent === undefined || parent.isRoot || !isLoose(child, parent, key)) return [];
      return [{ child, parent, key }];
    }),
  );
}

function isLoose(child: OwnedTable, parent: OwnedTable, key: ForeignKey): boolean {
  // A row without an owner column of its own belongs to whom its parent belongs to.
  if (child.ownerColumn === undefined && isWayToOwner(child, key)) return false;
  return !child.table.foreignKeys.some(
    (other) => isTied(child, parent, other) && key.columns.every((column) => other.columns.includes(column)),
  );
}

function isWayToOwner({ paths }: OwnedTable, key: ForeignKey): boolean {
  const ways = new Set(paths.map(({ hops: [first] }) => `${first?.table} ${first?.from.join()}`));
  return ways.size === 1 && ways.has(`${key.references} ${key.columns.join()}`);
}

/** Does the key make owner and owner equal? */
function isTied(child: OwnedTable, parent: OwnedTable, key: ForeignKey): boolean {
  const { ownerColumn } = child;
  return (
    key.references === parent.id &&
    ownerColumn !== undefined &&
    key.columns.some(
      (column, at) => column === ownerColumn && key.referencedColumns[at] === parent.ownerColumn,
    )
  );
}
