/** How the rows of each table belong to a tenant: declared links, keys that say nothing, and tables that serve everybody. */
import { given, unlessEmpty } from '../given.ts';
import { findColumn, findTable, type Table, type TableId } from '../catalogue/catalog.ts';
import type { Config } from '../rules/config.ts';
import { columnPath, type NameScope, tablePath } from '../catalogue/names.ts';
import { type LinkMatch, matchRate, type Observations } from './observation.ts';
import { type Ownership, resolveOwnership } from '../rules/ownership.ts';
import { guessDisplay, isId } from './shape.ts';
import type { RootGuess } from './root.ts';
import { singularWords, snake } from '../catalogue/wording.ts';
import { compareText } from '../order.ts';

/** The part of the configuration about tenants, with reasons by path. */
interface TenantGuess {
  readonly tenant: Config['tenant'];
  readonly reasons: Readonly<Record<string, string>>;
  /** Tables that name models and lead to no tenant; they are listed as everybody's. */
  readonly unplaced: readonly Table[];
}

interface TenantProposal {
  readonly scope: NameScope;
  readonly seen: Observations;
  readonly modelTables: ReadonlySet<TableId>;
  readonly root: RootGuess;
  readonly links: Map<string, string>;
  readonly unrelated: string[];
  readonly global: string[];
  readonly reasons: Record<string, string>;
  readonly unplaced: Table[];
}

interface TenantInput {
  readonly scope: NameScope;
  readonly seen: Observations;
  readonly root: RootGuess | undefined;
  readonly modelTables: ReadonlySet<TableId>;
  /** Tables whose rows name models. */
  readonly concerned: ReadonlySet<TableId>;
}

/** Root, links, unrelated keys and global tables. */
export function guessTenant({ scope, seen, root, modelTables, concerned }: TenantInput): TenantGuess {
  if (root === undefined) {
    const why =
      'no table looks like a list of customers: all rows are taken for one tenant. ' +
      'If that is wrong, name the table here';
    return { tenant: { root: 'none' }, reasons: { 'tenant.root': why }, unplaced: [] };
  }
  const work: TenantProposal = {
    scope,
    seen,
    modelTables,
    root,
    links: new Map(),
    unrelated: [],
    global: [],
    reasons: { 'tenant.root': root.reason },
    unplaced: [],
  };
  addUnrelated(work);
  for (let grew = true; grew;) grew = addLinks(work);
  addGlobals(work, concerned);
  return { tenant: tenantConfig(work), reasons: work.reasons, unplaced: work.unplaced };
}

function tenantConfig({ scope, root, links, unrelated, global }: TenantProposal): Config['tenant'] {
  const display = guessDisplay(root.table);
  return {
    root: tablePath(scope, root.table),
    key: root.key,
    ...given({ display, column: root.column, links: unlessEmpty(Object.fromEntries(links)) }),
    ...given({ unrelated: unlessEmpty(unrelated), global: unlessEmpty(global) }),
  };
}

function ownershipNow(work: TenantProposal): ReadonlyMap<TableId, Ownership> {
  return resolveOwnership({
    scope: work.scope,
    modelTables: work.modelTables,
    config: { version: 1, model: {}, tenant: tenantConfig(work) },
  });
}

/** Whoever made or granted something may belong to another tenant. So `created_by` counts only where nothing else names an owner. */
function addUnrelated(work: TenantProposal): void {
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
function addLinks(work: TenantProposal): boolean {
  const owners = ownershipNow(work);
  const lost = work.scope.catalog.tables.filter(
    (table) => owners.get(table.id)?.kind === 'unknown' && !work.links.has(tablePath(work.scope, table)),
  );
  const found = lost.flatMap((table) => {
    const link =
      linkByMatch(work, owners, table) ??
      linkByJunction(work, owners, table) ??
      linkByMembership(work, owners, table);
    return link === undefined ? [] : [{ name: tablePath(work.scope, table), ...link }];
  });
  for (const { name, text, reason } of found) {
    work.links.set(name, text);
    work.reasons[`tenant.links.${name}`] = reason;
  }
  return found.length > 0;
}

interface LinkGuess {
  readonly text: string;
  readonly reason: string;
}

function linkByMatch(
  work: TenantProposal,
  owners: ReadonlyMap<TableId, Ownership>,
  table: Table,
): LinkGuess | undefined {
  // Without values only a whole name says enough: workspace_id is the key of workspaces, status is not that of job_status.
  const namedAfter = ({ column, target }: LinkMatch): number => {
    const named = findTable(work.scope.catalog, target)?.name ?? '';
    return snake(column) === `${singularWords(named).join('_')}_id` ? 1 : 0;
  };
  // Small integers are keys everywhere: there all values must be keys.
  const isInteger = ({ column }: LinkMatch): boolean => findColumn(table, column)?.kind === 'integer';
  const usable = (link: LinkMatch): boolean =>
    owners.get(link.target)?.kind === 'tenant' &&
    !work.modelTables.has(link.target) &&
    (matchRate(link) ?? namedAfter(link)) >= (isInteger(link) ? 1 : 0.5);
  const [best] = work.seen.links
    .filter((link) => link.table === table.id && usable(link))
    .toSorted((a, b) => (matchRate(b) ?? 0) - (matchRate(a) ?? 0));
  const target = best === undefined ? undefined : findTable(work.scope.catalog, best.target);
  if (best === undefined || target === undefined) return undefined;
  const said =
    best.sampled === 0
      ? 'it is called after that table; there were no values to compare'
      : `by name and type; ${best.matched} of ${best.sampled} values are keys there`;
  return {
    text: `${quoted(best.column)} -> ${columnPath(work.scope, target, best.targetColumn)}`,
    reason: `no foreign key declares it: ${said}`,
  };
}

function quoted(column: string): string {
  return /^[A-Za-z_][\w$]*$/.test(column) ? column : `"${column.replaceAll('"', '""')}"`;
}

/** A table that ties this one to something owned: `id <- space_snippets.snippet_id`. */
function linkByJunction(
  work: TenantProposal,
  owners: ReadonlyMap<TableId, Ownership>,
  table: Table,
): LinkGuess | undefined {
  const found = work.scope.catalog.tables.flatMap((other) => {
    const key = other.foreignKeys.find(
      (candidate) => candidate.references === table.id && candidate.columns.length === 1,
    );
    const ties = other.uniqueIndexes.some(
      (index) => index.columns.length > 1 && index.columns.includes(key?.columns[0] ?? ''),
    );
    const [column, target] = [key?.columns[0], key?.referencedColumns[0]];
    if (column === undefined || target === undefined || !ties || work.modelTables.has(table.id)) return [];
    const ownership = owners.get(other.id);
    if (ownership?.kind !== 'tenant') return [];
    const far = Math.min(...ownership.paths.map(({ hops }) => hops.length));
    return [{ other, far, text: `${quoted(target)} <- ${columnPath(work.scope, other, column)}` }];
  });
  // What says itself whose it is ties closer than what has to ask another row.
  const [best, ...others] = found.toSorted((a, b) => a.far - b.far);
  if (best === undefined) return undefined;
  const too = others.map(({ other }) => other.id).join(', ');
  const alone =
    others.length === 0 ? 'and nothing else does' : `and so ${others.length === 1 ? 'does' : 'do'} ${too}`;
  return { text: best.text, reason: `${best.other.id} ties its rows to rows that have an owner, ${alone}` };
}

/** The ids of its rows are elements of a list in something owned: `person_id in groups.members`. */
function linkByMembership(
  work: TenantProposal,
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

/**
 * Of the tables that are left, lists of models serve everybody. Any other one is a question; until it is answered its rows are taken
 * for everybody's, which no migration of a tenant touches.
 */
function addGlobals(work: TenantProposal, concerned: ReadonlySet<TableId>): void {
  const owners = ownershipNow(work);
  for (const table of work.scope.catalog.tables) {
    if (
      owners.get(table.id)?.kind !== 'unknown' ||
      !(concerned.has(table.id) || work.modelTables.has(table.id))
    )
      continue;
    const everybodys =
      work.modelTables.has(table.id) ||
      singularWords(table.name).some((word) =>
        ['gallery', 'template', 'global', 'system', 'public', 'builtin', 'preset', 'default'].includes(word),
      );
    if (!everybodys) work.unplaced.push(table);
    work.reasons[`tenant.global.${work.global.length}`] = everybodys
      ? 'nothing leads from it to a tenant: its rows serve everybody'
      : 'a question: nothing leads from it to a tenant, so that its rows stay and are counted';
    work.global.push(tablePath(work.scope, table));
  }
}

interface TableName {
  readonly schema: string;
  readonly name: string;
}

/**
 * The most schemas that hold tables of the same names, `public` left out: each of them may be a tenant. None where there are no two such.
 */
export function schemasAlike(tables: readonly TableName[]): string[] {
  const bySchema = Map.groupBy(tables, ({ schema }) => schema);
  bySchema.delete('public');
  const names = (of: readonly TableName[]): string =>
    JSON.stringify(of.map(({ name }) => name).toSorted(compareText));
  const groups = Map.groupBy([...bySchema], ([, own]) => names(own));
  const [largest] = [...groups.values()].toSorted((a, b) => b.length - a.length);
  return largest === undefined || largest.length < 2
    ? []
    : largest.map(([schema]) => schema).toSorted(compareText);
}

/** How `tenant.schemas` names them: by what their names begin with, where no other schema begins so; else each. */
export function patternOf(alike: readonly string[], all: readonly string[]): string | readonly string[] {
  const [first = '', ...rest] = alike;
  let length = first.length;
  for (const name of rest) while (!name.startsWith(first.slice(0, length))) length -= 1;
  const prefix = /^.*[_-]/.exec(first.slice(0, length))?.[0] ?? '';
  const isOwn = all.every((name) => alike.includes(name) || !name.startsWith(prefix));
  return prefix.length > 1 && alike.length > 2 && isOwn ? `${prefix}*` : alike;
}
