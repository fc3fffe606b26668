/**
 * What follows a row whose key changes: every column that refers to it by a foreign key, at any depth, as the catalogue has them. They
 * change in one statement with the row itself, because PostgreSQL checks foreign keys when a statement ends.
 */
import type { Catalog, ForeignKey, Table, TableId } from '../../catalogue/catalog.ts';
import type { CollisionPolicy } from '../config.ts';
import type { ModelTable } from '../place.ts';

/** A column that holds the key because a foreign key demands it; in the table of the row the key itself. */
export interface FollowingColumn {
  readonly column: string;
  /**
   * Where the key is unique only together with other columns of the row, the columns here that must hold what the row holds in those.
   * Empty where the key alone says which row is meant.
   */
  readonly beside: readonly { readonly column: string; readonly own: string }[];
  /** Undefined for the key itself. */
  readonly foreignKey?: ForeignKey;
}

/** A table whose rows follow, with all columns in which they do. */
export interface Follower {
  readonly table: TableId;
  readonly columns: readonly FollowingColumn[];
}

/** The table of which a row gets another key, and what follows it. */
export interface Subject {
  readonly table: Table;
  readonly key: string;
  /** Columns of the row that are unique only together with the key; empty where the key is unique by itself. */
  readonly beside: readonly string[];
  /** The table itself first, then the others by their ids. */
  readonly followers: readonly Follower[];
  /** Of a merge: by `table.column`, which of two rows that meet there is kept. */
  readonly policies?: ReadonlyMap<string, CollisionPolicy>;
}

/** The row's own key comes first, then what refers to it, and what refers to that. */
export function subjectIn(catalog: Catalog, { table, key }: Pick<ModelTable, 'table' | 'key'>): Subject {
  const alone = table.uniqueIndexes.some(
    ({ columns, predicate }) => predicate === undefined && columns.length === 1 && columns[0] === key,
  );
  const beside = alone ? [] : table.primaryKey.filter((column) => column !== key);
  const own: FollowingColumn = { column: key, beside: beside.map((column) => ({ column, own: column })) };
  const found = new Map<TableId, FollowingColumn[]>([[table.id, [own]]]);
  for (let grew = true; grew;) grew = extend(catalog, found);
  const others = [...found].filter(([id]) => id !== table.id).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const followers = [[table.id, found.get(table.id) ?? []] as const, ...others];
  return { table, key, beside, followers: followers.map(([id, columns]) => ({ table: id, columns })) };
}

/** PostgreSQL refuses to update a key that it alone writes. Then the row is written anew, within the statement that moves what follows. */
export function isWrittenAnew({ table, key }: Subject): boolean {
  return table.columns.some(({ name, generated, computed }) => name === key && generated && !computed);
}

/** Adds the columns that refer to one that was found already. @returns were there any? */
function extend(catalog: Catalog, found: Map<TableId, FollowingColumn[]>): boolean {
  let grew = false;
  for (const child of catalog.tables)
    for (const foreignKey of child.foreignKeys)
      for (const led of found.get(foreignKey.references) ?? [])
        for (const column of referring(foreignKey, led)) {
          const known = found.get(child.id) ?? [];
          if (known.some((one) => isSame(one, column))) continue;
          found.set(child.id, [...known, column]);
          grew = true;
        }
  return grew;
}

function referring(foreignKey: ForeignKey, led: FollowingColumn): FollowingColumn[] {
  const at = (name: string): string | undefined =>
    foreignKey.columns[foreignKey.referencedColumns.indexOf(name)];
  const column = at(led.column);
  if (column === undefined) return [];
  const beside = led.beside.flatMap(({ column: theirs, own }) => {
    const here = at(theirs);
    return here === undefined ? [] : [{ column: here, own }];
  });
  return [{ column, beside, foreignKey }];
}

function isSame(a: FollowingColumn, b: FollowingColumn): boolean {
  return a.column === b.column && JSON.stringify(a.beside) === JSON.stringify(b.beside);
}
