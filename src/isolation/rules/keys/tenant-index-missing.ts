import type { IsolationRule } from '../../rule.ts';
import { hasIndex, partOf, tenantTables } from './key-facts.ts';

const manyRows = 10_000;

/** A policy adds the tenant to every statement: without an index that begins with it each one reads all tenants' rows. */
export const tenantIndexMissing: IsolationRule = {
  id: 'tenant-index-missing',
  summary: 'a table of over 10,000 rows without an index that begins with the tenant',
  severity: 'info',
  mend: 'index',
  explains: ['foreign-key-unindexed'],
  find: (ground) =>
    tenantTables(ground)
      .filter(({ id, table, relation, ownerColumn }) => {
        const isLed = (columns: readonly (string | null)[] = []): boolean => columns[0] === ownerColumn;
        const isSplit = isLed(relation.partitionedBy?.columns);
        return (
          table.rowEstimate > manyRows &&
          !isSplit &&
          !hasIndex(ground, id, ({ columns, predicate }) => predicate === undefined && isLed(columns))
        );
      })
      .map((owned) => ({
        at: partOf(owned, owned.ownerColumn),
        message: `About ${owned.table.rowEstimate} rows, and no valid index begins with ${owned.ownerColumn}.`,
        covers: owned.table.foreignKeys
          .filter(({ columns }) => columns.length === 1 && columns[0] === owned.ownerColumn)
          .map(({ name }) => partOf(owned, name)),
      })),
};
