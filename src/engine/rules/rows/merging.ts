/**
 * What follows when rows are lost to others: of two rows that become one the first, and then those that would meet another row in a
 * unique key. Whatever refers to a lost row by a foreign key refers to the row that it is lost to, in the one statement of the merge.
 */
import { findTable } from '../../catalogue/catalog.ts';
import type { Catalog, Table, TableId } from '../../catalogue/catalog.ts';
import type { FollowingColumn, Subject } from './followers.ts';
import { subjectIn } from './followers.ts';

/** By which column rows refer to lost rows of a table, and what each of its values becomes. */
export interface KeyMapping {
  readonly table: TableId;
  readonly column: string;
  readonly pairs: readonly (readonly [from: string, to: string])[];
}

/** A column that holds a value of a mapping because a foreign key demands it. */
export interface ChangedColumn extends FollowingColumn {
  /** The number of the mapping. The first is that of the row itself. */
  readonly by: number;
}

interface ChangedTable {
  readonly table: TableId;
  readonly columns: readonly ChangedColumn[];
}

/** Every table of which rows change, by their ids, with the columns in which they do. The keys of lost rows do not: these rows go. */
export function changedTables(
  catalog: Catalog,
  subject: Subject,
  mappings: readonly Pick<KeyMapping, 'table' | 'column'>[],
): ChangedTable[] {
  const found = mappings.flatMap((mapping, by) =>
    (by === 0 ? subject : subjectOfMapping(catalog, mapping)).followers.flatMap(({ table, columns }) =>
      columns
        .filter(({ foreignKey }) => foreignKey !== undefined)
        .map((column) => ({ table, column: { ...column, by } })),
    ),
  );
  return [...Map.groupBy(found, ({ table }) => table)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([table, all]) => ({ table, columns: all.map(({ column }) => column) }));
}

/** What refers to rows of the table of a mapping by its column, as what follows a row whose key changes. */
export function subjectOfMapping(
  catalog: Catalog,
  { table, column }: Pick<KeyMapping, 'table' | 'column'>,
): Subject {
  const found = findTable(catalog, table);
  if (found === undefined) throw new Error(`the catalogue has no table ${table}`);
  return subjectIn(catalog, { table: found, key: column });
}

/** Every table that a merge of rows of the subject may write to: what refers to its rows, to those rows, and so on, by whatever column. */
export function mergeableTables(catalog: Catalog, subject: Subject): TableId[] {
  const found = new Set([subject.table.id]);
  for (let size = 0; size !== found.size;) {
    size = found.size;
    for (const { id, foreignKeys } of catalog.tables)
      if (foreignKeys.some(({ references }) => found.has(references))) found.add(id);
  }
  return [...found];
}

/** Refers the column to rows that a merge of rows of the subject may lose, so that it may come to hold what another row has? */
export function mayFollow(
  catalog: Catalog,
  subject: Subject,
  { table, column }: { readonly table: Table; readonly column: string },
): boolean {
  const reached = mergeableTables(catalog, subject);
  return table.foreignKeys.some(
    ({ columns, references }) => columns.includes(column) && reached.includes(references),
  );
}
