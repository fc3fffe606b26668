import { findColumn } from '../../../engine/catalogue/catalog.ts';
import type { ForeignKey } from '../../../engine/catalogue/catalog.ts';
import type { IndexFact } from '../../../engine/isolation/facts.ts';
import { ownedTables } from '../../ground.ts';
import type { Ground, OwnedTable } from '../../ground.ts';
import type { IsolationRule } from '../../rule.ts';
import { hasIndex, ownerNames, partOf, shownColumns, spellings } from './key-facts.ts';

/** To delete or re-key a row PostgreSQL looks for those that name it, in the rows of all tenants. */
export const foreignKeyUnindexed: IsolationRule = {
  id: 'foreign-key-unindexed',
  summary: 'a foreign key of a tenant’s table that no index serves',
  severity: 'info',
  mend: 'index',
  find: (ground) =>
    ownedTables(ground).flatMap((owned) =>
      owned.table.foreignKeys
        .filter((key) => !hasIndex(ground, owned.id, (index) => serves(ground, owned, { key, index })))
        .map((key) => ({
          at: partOf(owned, key.name),
          message:
            `No valid index begins with ${shownColumns(key.columns)}: ` +
            `who deletes a row of ${key.references} reads all of ${owned.id}.`,
        })),
    ),
};

interface Served {
  readonly key: ForeignKey;
  readonly index: IndexFact;
}

/**
 * Leading columns in any order. The tenant may be missing among them, and a boolean: few rows more have the same key. A unique index over
 * some of the columns finds one row.
 */
function serves(ground: Ground, owned: OwnedTable, { key, index }: Served): boolean {
  const owners = ownerNames(ground, owned);
  const { columns, predicate, unique } = index;
  const end = columns.findIndex((column) => column === null || !key.columns.includes(column));
  const leading = end < 0 ? columns : columns.slice(0, end);
  const telling = key.columns.filter(
    (column) => !owners.includes(column) && findColumn(owned.table, column)?.type !== 'boolean',
  );
  const needed = telling.length === 0 ? key.columns : telling;
  const isWhole =
    predicate === undefined ||
    needed.some((column) => spellings(column).some((name) => predicate === `(${name} IS NOT NULL)`));
  return isWhole && (needed.every((column) => leading.includes(column)) || (unique && end < 0));
}
