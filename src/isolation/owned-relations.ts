/** Tenants' tables with their partitions and children: whatever holds rows of tenants. */
import type { TableId } from '../engine/catalogue/catalog.ts';
import type { IsolationFacts, RelationFact } from '../engine/isolation/facts.ts';
import type { Ground } from './ground.ts';

/** By id. */
export function ownedRelations({ holding }: Pick<Ground, 'holding'>): ReadonlyMap<TableId, RelationFact> {
  return holding;
}

export function findHolding(facts: IsolationFacts): ReadonlyMap<TableId, RelationFact> {
  return new Map(
    facts.relations
      .filter(({ id, root }) => facts.ownership.get(root ?? id)?.kind === 'tenant')
      .map((relation) => [relation.id, relation]),
  );
}

/** What a view reads, at any depth. */
export function readAtAnyDepth({ relations }: Ground, { reads }: RelationFact): ReadonlySet<TableId> {
  const found = new Set(reads);
  for (const id of found) for (const next of relations.get(id)?.reads ?? []) found.add(next);
  return found;
}
