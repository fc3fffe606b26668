/** Which table holds the tenants, by its name and by how many tables lead to it. */
import { given } from '../given.ts';
import { type Catalog, findColumn, type Table, type TableId } from '../catalogue/catalog.ts';
import { singular, singularWords, wordSet, wordsOf } from './wording.ts';

/** Words for a customer who shares the database with others, the likelier the higher. */
const tenantWords: Readonly<Record<string, number>> = {
  tenant: 10,
  organization: 9,
  organisation: 9,
  org: 9,
  mandant: 9,
  company: 8,
  account: 7,
  customer: 7,
  institution: 7,
  municipality: 7,
  firm: 7,
  client: 5,
  workspace: 5,
  business: 5,
  team: 3,
  site: 2,
  project: 1,
  group: 1,
  user: -6,
  person: -6,
  member: -6,
  provider: -6,
};

export interface RootGuess {
  readonly table: Table;
  readonly key: string;
  readonly column?: string;
  readonly reason: string;
}

/** The table of tenants: the name says customer, and the most tables lead to it. Undefined where no table fits. */
export function guessRoot(catalog: Catalog): RootGuess | undefined {
  const scored = catalog.tables
    .filter((table) => table.primaryKey.length > 0)
    .map((table) => ({ table, columns: columnsLeadingTo(catalog, table), word: wordScore(table) }))
    .map((entry) => ({
      ...entry,
      score: entry.word + (12 * entry.columns.length) / Math.max(1, catalog.tables.length - 1),
    }))
    .toSorted((a, b) => b.score - a.score || (a.table.id < b.table.id ? -1 : 1));
  const [best] = scored;
  if (best === undefined || best.score < 4 || best.columns.length === 0) return undefined;
  const column = mostCommon(best.columns.map((entry) => entry.column));
  const key = best.table.primaryKey.at(-1) ?? '';
  const said = best.word > 0 ? 'named like a customer, and ' : 'no table is named like a customer, but ';
  const next = scored[1] === undefined ? '' : `; next best guess: ${scored[1].table.id}`;
  return {
    table: best.table,
    key: referencedKey(catalog, best.table) ?? key,
    ...given({ column }),
    reason: `${said}${best.columns.length} of ${catalog.tables.length - 1} tables have a column that leads to it${next}`,
  };
}

function wordScore(table: Table): number {
  const words = singularWords(table.name);
  return words.length > 2 ? 0 : (tenantWords[words.at(-1) ?? ''] ?? 0) / words.length;
}

function referencedKey(catalog: Catalog, root: Table): string | undefined {
  const keys = catalog.tables.flatMap((table) =>
    table.foreignKeys.filter((key) => key.references === root.id && key.columns.length === 1),
  );
  return mostCommon(keys.flatMap((key) => key.referencedColumns));
}

function columnsLeadingTo(catalog: Catalog, root: Table): { table: TableId; column: string }[] {
  return catalog.tables.flatMap((table) => {
    if (table.id === root.id) return [];
    const key = table.foreignKeys.find(
      (candidate) => candidate.references === root.id && candidate.columns.length === 1,
    );
    const column =
      key?.columns[0] ??
      table.columns.find(
        (each) =>
          namesKeyOf(each.name, root.name) &&
          each.kind === findColumn(root, root.primaryKey.at(-1) ?? '')?.kind,
      )?.name;
    return column === undefined ? [] : [{ table: table.id, column }];
  });
}

const qualifiers = wordSet(
  'current active live latest published default preferred fallback parent owner original',
);

/** `agent_id`, `agentId` and `agent` name the key of `agents` and of `app_agents`. */
export function namesKeyOf(column: string, table: string): boolean {
  const words = wordsOf(column)
    .map(singular)
    .filter((word, at) => at > 0 || !qualifiers.has(word));
  const base =
    words.length > 1 && /^(id|key|no|nr|ref|uuid|code|number)$/.test(words.at(-1) ?? '')
      ? words.slice(0, -1)
      : words;
  const target = singularWords(table);
  return (
    target.slice(-base.length).join('_') === base.join('_') ||
    (target.length > 0 && base.slice(-target.length).join('_') === target.join('_'))
  );
}

function mostCommon(values: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))[0]?.[0];
}
