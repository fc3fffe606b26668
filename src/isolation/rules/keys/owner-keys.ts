/** Constraints that say whose a row is: those over the owner column, and the keys that lead a row without one to its owner. */
import type { KeyFact } from '../../../engine/isolation/facts.ts';
import { ownedTables } from '../../ground.ts';
import type { Ground, OwnedTable } from '../../ground.ts';

export interface OwnerKey {
  readonly owned: OwnedTable;
  readonly fact: KeyFact;
}

export function ownerKeys(ground: Ground): OwnerKey[] {
  return ownedTables(ground).flatMap((owned) =>
    (ground.keys.get(owned.id) ?? [])
      .filter((fact) => saysOwner(owned, fact))
      .map((fact) => ({ owned, fact })),
  );
}

function saysOwner({ ownerColumn, isRoot, paths }: OwnedTable, { kind, columns }: KeyFact): boolean {
  if (ownerColumn !== undefined && !isRoot) return columns.includes(ownerColumn);
  const isWay = paths.some(
    ({ hops: [first] }) => first?.from.every((column) => columns.includes(column)) === true,
  );
  return !isRoot && kind === 'foreign' && isWay;
}

export const shownKinds: Readonly<Record<KeyFact['kind'], string>> = {
  foreign: 'foreign key',
  check: 'CHECK',
  'not null': 'NOT NULL',
};
