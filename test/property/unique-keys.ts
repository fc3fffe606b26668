/** When rows of one table cannot both be there. */
import type { Cells, TableDef, UniqueDef } from './world.ts';

type Keyed = Pick<TableDef, 'primaryKey' | 'uniques'>;

/** The unique keys of a table, its primary key among them. */
export function uniqueKeys(table: Keyed): UniqueDef[] {
  const primary = { columns: table.primaryKey, partial: false, nullsNotDistinct: false };
  return [...(table.primaryKey.length === 0 ? [] : [primary]), ...table.uniques];
}

/** Would the two rows hold the same key? */
export function sameKey(key: UniqueDef, deleted: string, a: Cells, b: Cells): boolean {
  if (key.partial && (a[deleted] === 'true' || b[deleted] === 'true')) return false;
  return key.columns.every((column) => {
    const [x = null, y = null] = [a[column], b[column]];
    return x === y && (x !== null || key.nullsNotDistinct);
  });
}

/** The rows that a database would take, one after the other. */
export function withoutDuplicates<T extends { readonly cells: Cells }>(
  table: Keyed,
  deleted: string,
  rows: readonly T[],
): T[] {
  const kept: T[] = [];
  for (const row of rows) {
    const taken = uniqueKeys(table).some((key) =>
      kept.some((other) => sameKey(key, deleted, other.cells, row.cells)),
    );
    if (!taken) kept.push(row);
  }
  return kept;
}
