/**
 * How the rows of each table belong to a tenant, from foreign keys and declared links.
 *
 * A table has one or more paths to a tenant: its own tenant column, a foreign key or link to a parent that has an owner, or a
 * junction that ties it to such a parent. All paths of a row must agree. Of each parent only the best path is followed: NOT NULL
 * first, then the shortest. So there are as many paths as ties, and not as many as walks through the graph.
 */
import { findColumn, findTable } from '../catalogue/catalog.ts';
import type { Catalog, ForeignKey, Table, TableId } from '../catalogue/catalog.ts';
import { findNamedColumn, findNamedTable, type NameScope } from '../catalogue/names.ts';
import type { Config } from './config.ts';
import { tenantLinks } from './links.ts';
import type { Hop, Link } from './links.ts';
import { tenancyOf } from './tenancy.ts';

export interface OwnerPath {
  readonly hops: readonly Hop[];
  /** The column that holds the tenant's key, on the row itself where there are no hops. */
  readonly column: string;
  readonly notNull: boolean;
  /** The path may lead to several tenants by its nature: a membership or a junction. Otherwise each row has at most one. */
  readonly many: boolean;
}

export type Ownership =
  | { readonly kind: 'tenant'; readonly paths: readonly OwnerPath[] }
  | { readonly kind: 'single' }
  | { readonly kind: 'global' }
  | { readonly kind: 'unknown' };

interface OwnershipInput {
  readonly scope: NameScope;
  readonly config: Config;
  /** Tables that hold models: naming a model says nothing about the owner. */
  readonly modelTables: ReadonlySet<TableId>;
  /** The tenant's schema, where each tenant has one of its own. */
  readonly schema?: string;
}

interface OwnershipSearch extends OwnershipInput {
  readonly catalog: Catalog;
  readonly root: Table;
  readonly key: string;
  readonly links: readonly Link[];
  readonly unrelated: ReadonlySet<string>;
  readonly best: Map<TableId, OwnerPath>;
}

/** The ownership of every table of the catalogue. */
export function resolveOwnership(input: OwnershipInput): Map<TableId, Ownership> {
  const { catalog } = input.scope;
  const tenancy = tenancyOf(input.config);
  // All tables of a tenant's schema are its own, as those of a database with a single tenant.
  const isOwn = ({ schema }: Table): boolean => tenancy === 'single' || schema === input.schema;
  if (tenancy !== 'rows')
    return new Map(catalog.tables.map((table) => [table.id, { kind: isOwn(table) ? 'single' : 'global' }]));
  const work = prepare(input);
  if (work === undefined) return new Map(catalog.tables.map((table) => [table.id, { kind: 'unknown' }]));
  findBestPaths(work);
  const globals = new Set(
    (input.config.tenant.global ?? []).map((name) => findNamedTable(input.scope, name)?.id),
  );
  return new Map(
    catalog.tables.map((table) => [
      table.id,
      globals.has(table.id) ? { kind: 'global' } : ownershipOf(work, table),
    ]),
  );
}

function prepare(input: OwnershipInput): OwnershipSearch | undefined {
  const root = findNamedTable(input.scope, input.config.tenant.root ?? '');
  const key = input.config.tenant.key ?? root?.primaryKey[0];
  if (root === undefined || key === undefined) return undefined;
  const unrelated = new Set<string>();
  for (const name of input.config.tenant.unrelated ?? []) {
    const found = findNamedColumn(input.scope, name);
    if (found !== undefined) unrelated.add(`${found.table.id} ${found.column.name}`);
  }
  return {
    ...input,
    catalog: input.scope.catalog,
    root,
    key,
    links: tenantLinks(input.scope, input.config).links,
    unrelated,
    best: new Map(),
  };
}

function ownershipOf(work: OwnershipSearch, table: Table): Ownership {
  const direct = directPath(work, table);
  const paths = [...(direct === undefined ? [] : [direct]), ...tiedPaths(work, table, direct?.column)];
  return paths.length === 0 ? { kind: 'unknown' } : { kind: 'tenant', paths };
}

/** The tenant column on the row itself: the root's key, a foreign key to it, or the configured column name. */
function directPath(work: OwnershipSearch, table: Table): OwnerPath | undefined {
  if (table.id === work.root.id) return { hops: [], column: work.key, notNull: true, many: false };
  const name = directColumn(work, table);
  const column = name === undefined ? undefined : findColumn(table, name);
  return column === undefined
    ? undefined
    : { hops: [], column: column.name, notNull: column.notNull, many: false };
}

function directColumn(work: OwnershipSearch, table: Table): string | undefined {
  const configured = work.config.tenant.column;
  if (configured !== undefined && findColumn(table, configured) !== undefined) return configured;
  const key = table.foreignKeys.find(
    (candidate) =>
      candidate.references === work.root.id &&
      candidate.columns.length === 1 &&
      candidate.referencedColumns[0] === work.key &&
      !work.unrelated.has(`${table.id} ${candidate.columns[0]}`),
  );
  return key?.columns[0];
}

/** Breadth first from the tables that know their tenant, so that the first path found is a shortest one. */
function findBestPaths(work: OwnershipSearch): void {
  for (const table of work.catalog.tables) {
    const direct = directPath(work, table);
    if (direct !== undefined) work.best.set(table.id, direct);
  }
  for (let grew = true; grew;) grew = extendBestPaths(work);
}

function extendBestPaths(work: OwnershipSearch): boolean {
  const found = new Map<TableId, OwnerPath>();
  for (const table of work.catalog.tables) {
    if (work.best.has(table.id)) continue;
    const [best] = tiedPaths(work, table, undefined).toSorted(byPreference);
    if (best !== undefined) found.set(table.id, best);
  }
  for (const [id, path] of found) work.best.set(id, path);
  return found.size > 0;
}

function byPreference(a: OwnerPath, b: OwnerPath): number {
  return Number(b.notNull) - Number(a.notNull) || a.hops.length - b.hops.length;
}

/** Paths by foreign keys and declared links to owned tables. */
function tiedPaths(work: OwnershipSearch, table: Table, direct: string | undefined): OwnerPath[] {
  return pathsThrough(work, { table, direct }, (parent) => pathsOfParent(work, parent));
}

/** A parent's best path says who owns it. Where the best path may be empty, the others say it, too. */
function pathsOfParent(work: OwnershipSearch, id: TableId): OwnerPath[] {
  const best = work.best.get(id);
  const parent = findTable(work.catalog, id);
  if (best === undefined || best.notNull || parent === undefined) return best === undefined ? [] : [best];
  const direct = directPath(work, parent);
  const others = pathsThrough(
    work,
    { table: parent, direct: direct?.column },
    (grandparent) => work.best.get(grandparent) ?? [],
  );
  return direct === undefined ? others : [direct, ...others];
}

function pathsThrough(
  work: OwnershipSearch,
  { table, direct }: { readonly table: Table; readonly direct: string | undefined },
  pathsOf: (parent: TableId) => OwnerPath | OwnerPath[],
): OwnerPath[] {
  const ties = [...foreignKeyTies(work, table, direct), ...linkTies(work, table)];
  return ties.flatMap(({ hop, notNull, many }) =>
    [pathsOf(hop.table)].flat().map((parent) => ({
      hops: [hop, ...parent.hops],
      column: parent.column,
      notNull: notNull && parent.notNull,
      many: many || parent.many,
    })),
  );
}

/** One way on from a row. */
interface Tie {
  readonly hop: Hop;
  readonly notNull: boolean;
  readonly many: boolean;
}

function foreignKeyTies(work: OwnershipSearch, table: Table, direct: string | undefined): Tie[] {
  return table.foreignKeys
    .filter((key) => saysWhoOwns(work, table, key, direct))
    .map((key) => ({
      hop: { table: key.references, from: key.columns, to: key.referencedColumns, how: 'equal' as const },
      notNull: key.columns.every((name) => findColumn(table, name)?.notNull === true),
      many: false,
    }));
}

function saysWhoOwns(
  work: OwnershipSearch,
  table: Table,
  key: ForeignKey,
  direct: string | undefined,
): boolean {
  if (key.references === table.id || key.references === work.root.id || work.modelTables.has(key.references))
    return false;
  if (key.columns.some((column) => work.unrelated.has(`${table.id} ${column}`))) return false;
  return !sharesTenantColumn(work, key, direct);
}

/** A composite key that carries the tenant column: the database itself makes both rows agree. */
function sharesTenantColumn(work: OwnershipSearch, key: ForeignKey, direct: string | undefined): boolean {
  const parent = findTable(work.catalog, key.references);
  const parentColumn = parent === undefined ? undefined : directPath(work, parent)?.column;
  return key.columns.some((column, at) => column === direct && key.referencedColumns[at] === parentColumn);
}

function linkTies(work: OwnershipSearch, table: Table): Tie[] {
  return work.links
    .filter((link) => link.table === table.id)
    .map((link) => ({
      hop: link.hop,
      notNull:
        !link.junction &&
        link.hop.where === undefined &&
        findColumn(table, link.hop.from[0] ?? '')?.notNull === true,
      many: link.junction && !isUnique(work, link.hop),
    }));
}

/** Can only one row of the other table point here? */
function isUnique({ catalog }: OwnershipSearch, { table, to, how }: Hop): boolean {
  const indexes = findTable(catalog, table)?.uniqueIndexes ?? [];
  return (
    how === 'equal' &&
    indexes.some(
      ({ columns, predicate }) =>
        predicate === undefined && columns.length === 1 && columns[0] !== null && columns[0] === to[0],
    )
  );
}
