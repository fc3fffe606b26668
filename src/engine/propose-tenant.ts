/** Which table holds the tenants, and how the rows of the others belong to them. */
import { findColumn, findTable } from './catalog.ts';
import type { Catalog, Table, TableId } from './catalog.ts';
import type { Config } from './config.ts';
import { columnPath, tablePath } from './names.ts';
import type { NameScope } from './names.ts';
import { matchRate } from './observation.ts';
import type { LinkCandidate, LinkMatch, Observations } from './observation.ts';
import { resolveOwnership } from './ownership.ts';
import type { Ownership } from './ownership.ts';
import { guessDisplay, isId } from './propose-shape.ts';
import { singular, singularWords, snake, wordsOf } from './wording.ts';

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
    ...(column === undefined ? {} : { column }),
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

const qualifiers = new Set(
  'current active live latest published default preferred fallback parent owner original'.split(' '),
);

/** `agent_id`, `agentId` and `agent` name the key of `agents` and of `app_agents`. */
function namesKeyOf(column: string, table: string): boolean {
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

/** Columns without a foreign key whose name and type fit the key of another table. */
export function listLinkCandidates(catalog: Catalog): LinkCandidate[] {
  return catalog.tables.flatMap((table) =>
    table.columns
      .filter(
        (column) =>
          ['uuid', 'integer', 'text'].includes(column.kind) &&
          !table.foreignKeys.some((key) => key.columns.includes(column.name)),
      )
      .flatMap((column) =>
        catalog.tables.flatMap((target): LinkCandidate[] => {
          const key =
            target.primaryKey.length === 1 ? findColumn(target, target.primaryKey[0] ?? '') : undefined;
          const fits =
            key !== undefined &&
            key.kind === column.kind &&
            target.id !== table.id &&
            namesKeyOf(column.name, target.name);
          return fits
            ? [{ table: table.id, column: column.name, target: target.id, targetColumn: key.name }]
            : [];
        }),
      ),
  );
}

/** The part of the configuration about tenants, with reasons by path. */
export interface TenantGuess {
  readonly tenant: Config['tenant'];
  readonly reasons: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
}

interface Working {
  readonly scope: NameScope;
  readonly seen: Observations;
  readonly modelTables: ReadonlySet<TableId>;
  readonly root: RootGuess;
  readonly links: Record<string, string>;
  readonly unrelated: string[];
  readonly global: string[];
  readonly reasons: Record<string, string>;
  readonly notes: string[];
}

/** Root, links, unrelated keys and global tables. `concerned` are the tables whose rows name models. */
export function guessTenant(
  scope: NameScope,
  seen: Observations,
  modelTables: ReadonlySet<TableId>,
  concerned: ReadonlySet<TableId>,
): TenantGuess {
  const root = guessRoot(scope.catalog);
  if (root === undefined) {
    return {
      tenant: { root: 'none' },
      reasons: {
        'tenant.root':
          'no table looks like a list of customers: all rows are taken for one tenant. If that is wrong, name the table here',
      },
      notes: ['No tenant table was found.'],
    };
  }
  const work: Working = {
    scope,
    seen,
    modelTables,
    root,
    links: {},
    unrelated: [],
    global: [],
    reasons: { 'tenant.root': root.reason },
    notes: [],
  };
  addUnrelated(work);
  for (let grew = true; grew;) grew = addLinks(work);
  addGlobals(work, concerned);
  return { tenant: tenantConfig(work), reasons: work.reasons, notes: work.notes };
}

function tenantConfig({ scope, root, links, unrelated, global }: Working): Config['tenant'] {
  const display = guessDisplay(root.table);
  return {
    root: tablePath(scope, root.table),
    key: root.key,
    ...(display === undefined ? {} : { display }),
    ...(root.column === undefined ? {} : { column: root.column }),
    ...(Object.keys(links).length > 0 ? { links } : {}),
    ...(unrelated.length > 0 ? { unrelated } : {}),
    ...(global.length > 0 ? { global } : {}),
  };
}

function ownershipNow(work: Working): ReadonlyMap<TableId, Ownership> {
  return resolveOwnership({
    scope: work.scope,
    modelTables: work.modelTables,
    config: { version: 1, model: {}, tenant: tenantConfig(work) },
  });
}

/** Who made or granted something may sit in another tenant; it says whose a row is only where nothing else does. */
function addUnrelated(work: Working): void {
  for (const table of work.scope.catalog.tables) {
    const [by, other] = [true, false].map((wanted) =>
      table.foreignKeys.filter(
        (key) =>
          /_by(_(id|user|user_id))?$/.test(snake(key.columns.at(-1) ?? '')) === wanted &&
          !work.modelTables.has(key.references),
      ),
    );
    if (other?.length === 0) continue;
    for (const key of by ?? []) {
      const name = columnPath(work.scope, table, key.columns.at(-1) ?? '');
      work.reasons[`tenant.unrelated.${work.unrelated.length}`] = 'says who did it, not whose it is';
      work.unrelated.push(name);
    }
  }
}

/** One round: a table that got an owner may lend it to others in the next. */
function addLinks(work: Working): boolean {
  const owners = ownershipNow(work);
  const lost = work.scope.catalog.tables.filter(
    (table) =>
      owners.get(table.id)?.kind === 'unknown' && work.links[tablePath(work.scope, table)] === undefined,
  );
  const found = lost.flatMap((table) => {
    const link =
      linkByMatch(work, owners, table) ??
      linkByJunction(work, owners, table) ??
      linkByMembership(work, owners, table);
    return link === undefined ? [] : [{ name: tablePath(work.scope, table), ...link }];
  });
  for (const { name, text, reason } of found) {
    work.links[name] = text;
    work.reasons[`tenant.links.${name}`] = reason;
  }
  return found.length > 0;
}

interface LinkGuess {
  readonly text: string;
  readonly reason: string;
}

function linkByMatch(
  work: Working,
  owners: ReadonlyMap<TableId, Ownership>,
  table: Table,
): LinkGuess | undefined {
  const usable = (link: LinkMatch): boolean =>
    owners.get(link.target)?.kind === 'tenant' &&
    !work.modelTables.has(link.target) &&
    (matchRate(link) ?? 1) >= 0.5;
  const [best] = work.seen.links
    .filter((link) => link.table === table.id && usable(link))
    .toSorted((a, b) => (matchRate(b) ?? 0) - (matchRate(a) ?? 0));
  const target = best === undefined ? undefined : findTable(work.scope.catalog, best.target);
  if (best === undefined || target === undefined) return undefined;
  const said =
    best.sampled === 0
      ? 'by name and type; there were no values to compare'
      : `by name and type; ${best.matched} of ${best.sampled} values are keys there`;
  return {
    text: `${work.scope.schemas.length > 0 ? quoted(best.column) : best.column} -> ${columnPath(work.scope, target, best.targetColumn)}`,
    reason: `no foreign key declares it: ${said}`,
  };
}

function quoted(column: string): string {
  return /^[A-Za-z_][\w$]*$/.test(column) ? column : `"${column.replaceAll('"', '""')}"`;
}

/** A table that ties this one to something owned: `id <- space_snippets.snippet_id`. */
function linkByJunction(
  work: Working,
  owners: ReadonlyMap<TableId, Ownership>,
  table: Table,
): LinkGuess | undefined {
  for (const other of work.scope.catalog.tables) {
    const key = other.foreignKeys.find(
      (candidate) => candidate.references === table.id && candidate.columns.length === 1,
    );
    const ties = other.uniqueIndexes.some(
      (index) => index.columns.length > 1 && index.columns.includes(key?.columns[0] ?? ''),
    );
    const [column, target] = [key?.columns[0], key?.referencedColumns[0]];
    if (
      column === undefined ||
      target === undefined ||
      !ties ||
      owners.get(other.id)?.kind !== 'tenant' ||
      work.modelTables.has(table.id)
    )
      continue;
    return {
      text: `${quoted(target)} <- ${columnPath(work.scope, other, column)}`,
      reason: `${other.id} ties its rows to rows that have an owner, and nothing else does`,
    };
  }
  return undefined;
}

/** The ids of its rows are elements of a list in something owned: `person_id in groups.members`. */
function linkByMembership(
  work: Working,
  owners: ReadonlyMap<TableId, Ownership>,
  table: Table,
): LinkGuess | undefined {
  const lists = work.seen.inner.filter(
    (entry) =>
      (entry.kind === 'array' || (entry.kind === 'json-value' && entry.pointer === '/*')) &&
      owners.get(entry.table)?.kind === 'tenant',
  );
  const ids = work.seen.columns.filter((entry) => entry.table === table.id && isId(table, entry.column));
  for (const { column, distinct } of ids) {
    for (const list of lists) {
      const matched = distinct.filter((value) => list.distinct.includes(value)).length;
      const target = findTable(work.scope.catalog, list.table);
      if (target === undefined || matched < 2 || matched * 2 < distinct.length) continue;
      return {
        text: `${quoted(column)} in ${columnPath(work.scope, target, list.column)}`,
        reason: `no key leads to a tenant, but ${matched} of ${distinct.length} values are elements of that list`,
      };
    }
  }
  return undefined;
}

/** What is left: lists of models serve everybody; for anything else that names models a person must say so. */
function addGlobals(work: Working, concerned: ReadonlySet<TableId>): void {
  const owners = ownershipNow(work);
  for (const table of work.scope.catalog.tables) {
    if (
      owners.get(table.id)?.kind !== 'unknown' ||
      !(concerned.has(table.id) || work.modelTables.has(table.id))
    )
      continue;
    const name = tablePath(work.scope, table);
    const everybodys =
      work.modelTables.has(table.id) ||
      singularWords(table.name).some((word) =>
        ['gallery', 'template', 'global', 'system', 'public', 'builtin', 'preset', 'default'].includes(word),
      );
    if (everybodys) {
      work.reasons[`tenant.global.${work.global.length}`] =
        'nothing leads from it to a tenant: its rows serve everybody';
      work.global.push(name);
    } else
      work.notes.push(
        `${name} names models, but nothing says to which tenant its rows belong: add a link, or list it under tenant.global. Until then no plan can be made.`,
      );
  }
}
