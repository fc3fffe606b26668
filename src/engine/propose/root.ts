/** Which table holds the tenants: most tables reach it by keys, its rows have names and are few, and its name may say customer. */
import { given } from '../given.ts';
import { type Catalog, findColumn, type Table, type TableId } from '../catalogue/catalog.ts';
import { guessHistory } from './history.ts';
import { KeyColumns, namesKeyOf } from './links.ts';
import { guessDisplay } from './shape.ts';
import { ownerWords } from '../catalogue/owner-words.ts';
import { frameworkWords, singularWords } from '../catalogue/wording.ts';

export interface RootGuess {
  readonly table: Table;
  readonly key: string;
  readonly column?: string;
  readonly reason: string;
  /** Another table that is nearly as likely. */
  readonly rival?: Table;
}

interface Scored {
  readonly table: Table;
  readonly columns: readonly { readonly table: TableId; readonly column: string }[];
  readonly reached: number;
  readonly word: number;
  readonly score: number;
}

/** The table of tenants. Undefined where no table fits. `excluded` holds tables that are something else, such as lists of models. */
export function guessRoot(catalog: Catalog, excluded: ReadonlySet<TableId>): RootGuess | undefined {
  const named = new KeyColumns(catalog);
  const scored = catalog.tables
    .filter((table) => table.primaryKey.length > 0 && !excluded.has(table.id) && !isJunction(table))
    .map((table) => score(catalog, named, table))
    .filter(({ table, word }) => word > 0 || guessDisplay(table) !== undefined)
    .toSorted((a, b) => b.score - a.score || (a.table.id < b.table.id ? -1 : 1));
  const [best, next] = scored.filter((each) => each.score >= 5 && each.columns.length > 0);
  if (best === undefined) return undefined;
  const key = best.table.primaryKey.at(-1) ?? '';
  const said = best.word > 0 ? 'named like a customer, and ' : 'no table is named like a customer, but ';
  const isRival =
    next !== undefined && (next.score >= best.score * 0.85 || best.word <= 0 || holds(next, best));
  return {
    table: best.table,
    key: referencedKey(catalog, best.table) ?? key,
    ...given({ column: tenantColumn(best), rival: isRival ? next.table : undefined }),
    reason: `${said}${best.reached} of ${catalog.tables.length - 1} tables lead to it by their columns and keys${
      next === undefined ? '' : `; next best guess: ${next.table.id}`
    }`,
  };
}

/** Whoever has the rows of the other table, and is named by more tables than that, may be whose all of it is. */
function holds(one: Scored, other: Scored): boolean {
  return (
    one.columns.length > other.columns.length && one.columns.some(({ table }) => table === other.table.id)
  );
}

function score(catalog: Catalog, named: KeyColumns, table: Table): Scored {
  const columns = columnsLeadingTo(catalog, named, table);
  const others = Math.max(1, catalog.tables.length - 1);
  const reached = countReaching(catalog, table, columns);
  const word = wordScore(catalog, table);
  const nameless = guessDisplay(table) === undefined ? 4 : 0;
  // What belongs to something else is less likely the top of all.
  const below = table.foreignKeys.some((key) => key.references !== table.id) ? 1 : 0;
  const record = guessHistory(table)?.value === 'history' ? 6 : 0;
  const weight = word + (7 * columns.length) / others + (5 * reached) / others;
  return { table, columns, reached, word, score: weight - nameless - below - record };
}

/** Its rows tie others together and have nothing of their own. */
function isJunction(table: Table): boolean {
  const foreign = new Set(table.foreignKeys.flatMap((key) => key.columns));
  return table.primaryKey.length > 1 && table.primaryKey.every((column) => foreign.has(column));
}

/** The last word of the name says what a row is; a prefix that other tables share says whose program it is. */
function wordScore({ tables }: Catalog, table: Table): number {
  const words = singularWords(table.name).filter((word) => !frameworkWords.has(word));
  const shared =
    words.length > 1 && tables.some(({ id, name }) => id !== table.id && singularWords(name)[0] === words[0]);
  const own = shared ? words.slice(1) : words;
  const word = ownerWords.get(own.at(-1) ?? '') ?? 0;
  return own.length > 1 && word > 0 ? word / own.length : word;
}

/** Its usual column: where several tables have it, or where it is called after the table. */
function tenantColumn({ table, columns }: Scored): string | undefined {
  const names = columns.map(({ column }) => column);
  const column = mostCommon(names);
  const isUsual =
    column !== undefined &&
    (names.filter((name) => name === column).length > 1 || namesKeyOf(column, table.name));
  return isUsual ? column : undefined;
}

function referencedKey(catalog: Catalog, root: Table): string | undefined {
  const keys = catalog.tables.flatMap((table) =>
    table.foreignKeys.filter((key) => key.references === root.id && key.columns.length === 1),
  );
  return mostCommon(keys.flatMap((key) => key.referencedColumns));
}

function columnsLeadingTo(
  catalog: Catalog,
  named: KeyColumns,
  root: Table,
): { table: TableId; column: string }[] {
  const kind = findColumn(root, root.primaryKey.at(-1) ?? '')?.kind;
  const byTable = Map.groupBy(named.of(root), ({ table }) => table);
  return catalog.tables.flatMap((table) => {
    if (table.id === root.id) return [];
    const key = table.foreignKeys.find(
      (candidate) => candidate.references === root.id && candidate.columns.length === 1,
    );
    const column =
      key?.columns[0] ?? byTable.get(table)?.find(({ column }) => column.kind === kind)?.column.name;
    return column === undefined ? [] : [{ table: table.id, column }];
  });
}

/** How many tables lead to it by a column, or by keys to a table that does. */
function countReaching(catalog: Catalog, root: Table, direct: Scored['columns']): number {
  const reached = new Set<TableId>([root.id, ...direct.map(({ table }) => table)]);
  for (let grew = true; grew;) {
    const more = catalog.tables.filter(
      ({ id, foreignKeys }) => !reached.has(id) && foreignKeys.some((key) => reached.has(key.references)),
    );
    for (const { id } of more) reached.add(id);
    grew = more.length > 0;
  }
  return reached.size - 1;
}

function mostCommon(values: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))[0]?.[0];
}
