/**
 * The class of each table. Global is written down; every other table is a tenant's, by the first of: its own tenant column, its paths
 * to a tenant, `owner: zero`, a key or link to a table that is tenant zero's. What is left is asked, and never guessed.
 */
import { findColumn } from '../catalogue/catalog.ts';
import type { Table, TableId } from '../catalogue/catalog.ts';
import { isLedger } from '../catalogue/ledgers.ts';
import { tenantLinks } from '../rules/links.ts';
import type { Classified } from './conversion.ts';
import type { GroundIndex } from './ground.ts';
import { tenantColumnOf } from './ground.ts';

export interface Classes {
  readonly classified: ReadonlyMap<TableId, Classified>;
  /** Tables of which nobody knows whose they are, with what was tried. */
  readonly open: readonly { readonly table: TableId; readonly tried: string }[];
}

/** The class of every table of the catalogue, in the order of their ids, and the tables that have none. */
export function classify(index: GroundIndex): Classes {
  const { tables } = index.ground.scope.catalog;
  const classified = new Map<TableId, Classified>();
  for (const table of tables) {
    const known = classOf(index, table);
    if (known !== undefined) classified.set(table.id, known);
  }
  for (let grew = true; grew;) grew = inheritZero(index, classified);
  const open = tables
    .filter(({ id }) => !classified.has(id))
    .map((table) => ({ table: table.id, tried: triedFor(index, table, classified) }));
  return { classified, open };
}

function classOf(index: GroundIndex, table: Table): Classified | undefined {
  const { id } = table;
  if (id === index.root()?.id) return { table: id, class: 'root', why: 'it holds the tenants' };
  if (isLedger(table)) return { table: id, class: 'system', why: 'a migration tool keeps its ledger there' };
  if (index.isGlobal(id)) return { table: id, class: 'global', why: 'tenant.global lists it' };
  const owned = index.ground.ownership.get(id);
  const paths = owned?.kind === 'tenant' ? owned.paths : [];
  const direct = paths.find(({ hops }) => hops.length === 0);
  if (direct !== undefined)
    return {
      table: id,
      class: 'tenant',
      owner: { kind: 'column', column: direct.column },
      why: `its column ${direct.column} says it`,
    };
  if (index.said(id).owner === 'zero')
    return { table: id, class: 'tenant', owner: { kind: 'zero' }, why: 'tenantize.tables says so' };
  const [first] = paths;
  return first === undefined
    ? undefined
    : {
        table: id,
        class: 'tenant',
        owner: { kind: 'path', paths },
        why: `its rows lead to a tenant by ${first.hops.map(({ table: next }) => next).join(' and ')}`,
      };
}

/** One round: what names a row of tenant zero is tenant zero's, too. */
function inheritZero(index: GroundIndex, classified: Map<TableId, Classified>): boolean {
  const found: Classified[] = [];
  for (const table of index.ground.scope.catalog.tables) {
    if (classified.has(table.id)) continue;
    const parent = parentsOf(index, table, 'always').find((id) => classified.get(id)?.owner?.kind === 'zero');
    if (parent !== undefined)
      found.push({
        table: table.id,
        class: 'tenant',
        owner: { kind: 'zero' },
        why: `its rows name rows of ${parent}, which are tenant zero's`,
      });
  }
  for (const each of found) classified.set(each.table, each);
  return found.length > 0;
}

/** @param when `always`: only tables of which each row names one; where the key may be empty, a row need name nobody */
function parentsOf(index: GroundIndex, table: Table, when?: 'always'): TableId[] {
  const { scope, config } = index.ground;
  const isMeant = (columns: readonly string[]): boolean =>
    when === undefined || columns.every((name) => findColumn(table, name)?.notNull === true);
  const keys = table.foreignKeys
    .filter(
      ({ columns, references }) =>
        references !== table.id &&
        isMeant(columns) &&
        !columns.some((column) => index.isUnrelated(table.id, column)),
    )
    .map(({ references }) => references);
  const linked = tenantLinks(scope, config).links.filter(
    (link) => link.table === table.id && isMeant(link.hop.from),
  );
  return [...keys, ...linked.map(({ hop }) => hop.table)];
}

function triedFor(index: GroundIndex, table: Table, classified: ReadonlyMap<TableId, Classified>): string {
  const column = tenantColumnOf(index.ground.config);
  const parents = [...new Set(parentsOf(index, table))];
  const zeros = parents.filter((id) => classified.get(id)?.owner?.kind === 'zero');
  const others = parents.filter((id) => !zeros.includes(id));
  const keys = [
    ...(zeros.length === 0
      ? []
      : [`its keys to ${zeros.join(', ')}, whose rows are tenant zero's, may be empty`]),
    ...(others.length === 0 ? [] : [`its keys lead to ${others.join(', ')}, of which no tenant is known`]),
  ];
  return `it has no column ${column}, and ${keys.length === 0 ? 'no key or link leads from it to another table' : keys.join('; ')}`;
}
