import { findColumn } from '../../../engine/catalogue/catalog.ts';
import type { IndexFact } from '../../../engine/isolation/facts.ts';
import { ownedTables } from '../../ground.ts';
import type { Ground, OwnedTable } from '../../ground.ts';
import type { IsolationRule } from '../../rule.ts';
import { indexesOf, partOf, shownColumns, spellings } from './key-facts.ts';

/** A unique index is asked past every policy: what one tenant has, another cannot, and learns so. */
export const uniqueAcrossTenants: IsolationRule = {
  id: 'unique-across-tenants',
  summary: 'a unique key or exclusion over the rows of all tenants',
  severity: 'warning',
  mend: 'key',
  find: (ground) =>
    ownedTables(ground)
      .filter(({ isRoot }) => !isRoot)
      .flatMap((owned) =>
        indexesOf(ground, owned.id)
          .filter((index) => (index.unique || index.exclusion) && isAcross(ground, owned, index))
          .map((index) => ({
            at: partOf(owned, index.name),
            message:
              `${index.exclusion ? 'The exclusion' : 'Unique'} over ${shownColumns(index.columns)} without the tenant: a value that ` +
              `one tenant has is refused to all others, who learn that somebody has it.`,
          })),
      ),
};

function isAcross(ground: Ground, owned: OwnedTable, index: IndexFact): boolean {
  const { ownerColumn } = owned;
  const columns = [...index.columns.filter((column) => column !== null), ...index.expressionReads];
  const isOwned = ownerColumn !== undefined && columns.includes(ownerColumn);
  return (
    !isOwned &&
    !columns.some((column) => isOfItsOwn(ground, owned, column)) &&
    !isInsideParent(ground, owned, columns) &&
    !isOfNobody(owned, index) &&
    !isOfOnePartition(ground, owned, index)
  );
}

/** Nobody chooses the value: an identity, a default that is new for each row, a uuid. */
function isOfItsOwn({ facts }: Ground, { id, table }: OwnedTable, column: string): boolean {
  const found = findColumn(table, column);
  return (
    found?.kind === 'uuid' ||
    (found?.generated === true && !found.computed) ||
    facts.defaults.some((each) => each.table === id && each.column === column && each.fresh)
  );
}

/** Unique within a row that belongs to one tenant is unique within the tenant. */
function isInsideParent(
  { facts }: Ground,
  { table, paths, ownerColumn }: OwnedTable,
  columns: readonly string[],
): boolean {
  const keys = table.foreignKeys
    .filter(
      ({ references }) =>
        references !== facts.root?.table && facts.ownership.get(references)?.kind === 'tenant',
    )
    .map(({ columns: names }) => names);
  const ways = paths.flatMap(({ hops: [first] }) => (first === undefined ? [] : [first.from]));
  return [...keys, ...ways].some((names) => {
    const rest = names.filter((name) => name !== ownerColumn);
    return rest.length > 0 && rest.every((name) => columns.includes(name));
  });
}

/** Rows without an owner are everybody's, and unique among themselves. */
function isOfNobody({ ownerColumn = '' }: OwnedTable, { predicate }: IndexFact): boolean {
  return spellings(ownerColumn).some((name) => predicate === `(${name} IS NULL)`);
}

/** A list of tenants says which rows a partition has; of one alone its index speaks of few, maybe of one. */
function isOfOnePartition(
  { relations }: Ground,
  { id, ownerColumn }: OwnedTable,
  { table }: IndexFact,
): boolean {
  const by = relations.get(id)?.partitionedBy;
  return table !== id && by?.how === 'list' && ownerColumn !== undefined && by.columns.includes(ownerColumn);
}
