/** Foreign keys between tenants' tables that let a row name another tenant's row. */
import type { ForeignKey } from '../../../engine/catalogue/catalog.ts';
import type { IsolationObject } from '../../../engine/isolation/report.ts';
import type { OwnerPath } from '../../../engine/rules/ownership.ts';
import { objectOf } from '../../ground.ts';
import type { Ground, OwnedTable } from '../../ground.ts';
import { isEnforced, ownedById, ownerNames } from './key-facts.ts';

export interface KeyBetween {
  readonly child: OwnedTable;
  readonly parent: OwnedTable;
  readonly key: ForeignKey;
}

/** Foreign keys from a tenant's table to another or to itself, those to the table of tenants left out. */
export function keysBetween(ground: Ground): KeyBetween[] {
  const owned = ownedById(ground);
  return [...owned.values()].flatMap((child) =>
    child.table.foreignKeys.flatMap((key) => {
      const parent = owned.get(key.references);
      return parent === undefined || parent.isRoot ? [] : [{ child, parent, key }];
    }),
  );
}

/** Enforced keys without both owner columns, where no second key of the same columns ties the owner to the same table. */
export function looseKeys(ground: Ground): KeyBetween[] {
  return keysBetween(ground).filter((between) => {
    const { child, key } = between;
    // A row without an owner column of its own belongs to whom its parent belongs to.
    if (child.ownerColumn === undefined && isWayToOwner(child, key)) return false;
    return isEnforced(ground, child, key) && !isTiedBeside(ground, between);
  });
}

function isTiedBeside(ground: Ground, { child, parent, key }: KeyBetween): boolean {
  return child.table.foreignKeys.some(
    (other) =>
      isTied(ground, { child, parent, key: other }) &&
      isEnforced(ground, child, other) &&
      key.columns.every((column) => other.columns.includes(column)),
  );
}

/** Is this the key that says whose the row is? Of several ways the best one does: never empty first, then the shortest. */
function isWayToOwner({ paths }: OwnedTable, key: ForeignKey): boolean {
  const [best] = paths.toSorted(byPreference);
  const [first] = best?.hops ?? [];
  return first?.table === key.references && first.from.join('\n') === key.columns.join('\n');
}

function byPreference(a: OwnerPath, b: OwnerPath): number {
  return Number(b.notNull) - Number(a.notNull) || a.hops.length - b.hops.length;
}

/** Does the key make owner and owner equal? */
export function isTied(ground: Ground, { child, parent, key }: KeyBetween): boolean {
  const names = ownerNames(ground, child);
  return (
    key.references === parent.id &&
    key.columns.some(
      (column, at) => names.includes(column) && key.referencedColumns[at] === parent.ownerColumn,
    )
  );
}

/** Without an owner column of its own the table cannot be tied: that is one fault, told at the key. */
export function coveredBy({ child }: KeyBetween): readonly IsolationObject[] {
  return child.ownerColumn === undefined ? [objectOf('table', child.relation)] : [];
}

/** Did somebody declare that the key says nothing about the owner? */
export function isUnrelated({ facts }: Ground, { child, key }: KeyBetween): boolean {
  return facts.unrelated.some(({ table, column }) => table === child.id && key.columns.includes(column));
}
