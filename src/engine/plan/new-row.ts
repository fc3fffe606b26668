/** The key of a row that is a copy of another one, but for the model that it names. */
import type { Column, Table } from '../catalogue/catalog.ts';

/** What makes the key of the copy another one. */
export type CopyKey =
  /** The model is a part of it. */
  | { readonly by: 'model' }
  /** The database has a default, or a new uuid serves. */
  | { readonly by: 'default' | 'uuid'; readonly column: string }
  /** Nobody can say a value; of a table without a key there is nothing to say. */
  | { readonly by: 'nobody'; readonly column: string };

/** @param named the columns that name the model  @param via the column that says where it is available */
export function newKey(table: Table, named: readonly string[], via: string): CopyKey {
  const { primaryKey, foreignKeys } = table;
  const [first] = primaryKey;
  if (first === undefined || primaryKey.some((name) => named.includes(name))) return { by: 'model' };
  const bound = new Set([via, ...foreignKeys.flatMap(({ columns }) => columns)]);
  const own = table.columns.filter(({ name }) => primaryKey.includes(name) && !bound.has(name));
  const find = (test: (column: Column) => boolean): string | undefined => own.find(test)?.name;
  const filled = find(({ hasDefault }) => hasDefault);
  const uuid = filled ?? find(({ kind }) => kind === 'uuid');
  if (uuid === undefined) return { by: 'nobody', column: own[0]?.name ?? first };
  return { by: filled === undefined ? 'uuid' : 'default', column: uuid };
}
