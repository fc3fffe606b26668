/** What the rules of keys ask of a table: its keys and indexes, who may write it, whether its owner may be NULL. */
import { findColumn } from '../../../engine/catalogue/catalog.ts';
import type { ForeignKey, TableId } from '../../../engine/catalogue/catalog.ts';
import type { IndexFact, KeyFact, RelationFact } from '../../../engine/isolation/facts.ts';
import type { IsolationObject } from '../../../engine/isolation/report.ts';
import { listed, objectOf, ownedTables } from '../../ground.ts';
import type { Ground, OwnedTable } from '../../ground.ts';
import { exposureOf } from '../../reach.ts';
import type { Exposed } from '../../reach.ts';

/** Tables of tenants by id. */
export function ownedById(ground: Ground): ReadonlyMap<TableId, OwnedTable> {
  return new Map(ownedTables(ground).map((table) => [table.id, table]));
}

/** A table that has its tenant on the row itself. */
export interface TenantTable extends OwnedTable {
  readonly ownerColumn: string;
}

/** Tables with an owner column, without the table of tenants. */
export function tenantTables(ground: Ground): TenantTable[] {
  return ownedTables(ground).filter(isTenantTable);
}

function isTenantTable(table: OwnedTable): table is TenantTable {
  return table.ownerColumn !== undefined && !table.isRoot;
}

/** The object that a finding on a column, key or index of a table is about. */
export function partOf({ relation }: OwnedTable, part: string): IsolationObject {
  return objectOf('table', relation, part);
}

/** What the catalogue of a plan leaves out of a foreign key. */
export function factOf(ground: Ground, { id }: OwnedTable, key: ForeignKey): KeyFact | undefined {
  return ground.keys.get(id)?.find(({ kind, name }) => kind === 'foreign' && name === key.name);
}

/** From 18 on a key may be declared and not enforced: then it holds nothing. */
export function isEnforced(ground: Ground, child: OwnedTable, key: ForeignKey): boolean {
  return factOf(ground, child, key)?.enforced !== false;
}

/** Indexes of the table and those that a partition has for itself. */
export function indexesOf(ground: Ground, id: TableId): IndexFact[] {
  return (ground.indexes.get(id) ?? []).filter(({ ofWhole }) => !ofWhole);
}

/** Has the table such an index that is valid? A partitioned one has it too where each of its leaves does. */
export function hasIndex(ground: Ground, id: TableId, fits: (index: IndexFact) => boolean): boolean {
  const indexes = (ground.indexes.get(id) ?? []).filter((index) => index.valid && fits(index));
  const has = (table: TableId): boolean => indexes.some((index) => index.table === table);
  if (has(id)) return true;
  const leaves = leavesOf(ground, id);
  return leaves.length > 0 && leaves.every(({ id: leaf }) => has(leaf));
}

/** The partitions that hold the rows of a partitioned table. */
export function leavesOf({ relations }: Ground, id: TableId): RelationFact[] {
  if (relations.get(id)?.kind !== 'partitioned') return [];
  return [...relations.values()].filter(({ root, kind }) => root === id && kind === 'table');
}

/** Does NOT NULL, or a validated CHECK that says the same, keep the column of the table filled? */
export function isFilled(ground: Ground, { id, table }: OwnedTable, column: string): boolean {
  return (
    findColumn(table, column)?.notNull === true ||
    ground.keys.get(id)?.some((key) => key.table === id && key.validated && saysFilled(key, column)) === true
  );
}

/** The owner column, and those that a CHECK keeps equal to it. */
export function ownerNames(ground: Ground, { id, ownerColumn }: OwnedTable): string[] {
  if (ownerColumn === undefined) return [];
  const checks = (ground.keys.get(id) ?? []).filter(
    ({ table, kind, validated, enforced }) => table === id && kind === 'check' && validated && enforced,
  );
  return [
    ownerColumn,
    ...checks.flatMap((check) => check.columns.filter((column) => isKeptEqual(check, column, ownerColumn))),
  ];
}

function isKeptEqual({ definition }: KeyFact, column: string, other: string): boolean {
  const equalities = [
    [column, other],
    [other, column],
  ].flatMap(([a = '', b = '']) =>
    spellings(a).flatMap((left) => spellings(b).map((right) => `(${left} = ${right})`)),
  );
  return conjuncts(definition).some((part) => equalities.includes(part));
}

/** What a CHECK demands, one by one, as PostgreSQL prints it: `CHECK (((a = b) AND (c > 0)))`. */
function conjuncts(definition: string): string[] {
  const body = definition.replace(/^CHECK \(/, '').replace(/\)(?: NOT VALID)?$/, '');
  const inner = partsOf(body.slice(1, -1));
  return inner.length > 1 ? inner : [body];
}

/** Parts that stand beside each other, joined by AND; none where another operator does. */
function partsOf(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (quote !== '') quote = char === quote ? '' : quote;
    else if (char === '"' || char === "'") quote = char;
    else if (char === '(') depth += 1;
    else if (char === ')') depth -= 1;
    if (depth === 0 && quote === '' && text.startsWith(' AND ', at + 1)) {
      parts.push(text.slice(from, at + 1));
      from = at + 6;
    }
  }
  const all = [...parts, text.slice(from)];
  return all.every((part) => part.startsWith('(') && part.endsWith(')')) ? all : [];
}

/** A name as PostgreSQL may print it. */
export function spellings(name: string): string[] {
  return [name, `"${name.replaceAll('"', '""')}"`];
}

/** Is the constraint there to keep the column filled? */
export function saysFilled({ kind, columns, enforced, definition }: KeyFact, column: string): boolean {
  if (!enforced || columns.length !== 1 || columns[0] !== column) return false;
  const texts = spellings(column).map((name) => `CHECK ((${name} IS NOT NULL))`);
  return (
    kind === 'not null' || texts.some((text) => definition === text || definition === `${text} NOT VALID`)
  );
}

/** Who may write one of the columns, and so what a key over them names. */
export function writersOf(
  ground: Ground,
  table: OwnedTable,
  columns: readonly string[],
): Exposed | undefined {
  return exposureOf(ground, {
    relation: onColumns(table.relation, columns),
    privileges: ['insert', 'update'],
  });
}

/** The table as seen by whoever has rights on these columns or on all. */
export function onColumns(relation: RelationFact, columns: readonly string[]): RelationFact {
  const grants = relation.grants.filter(({ column }) => column === undefined || columns.includes(column));
  return { ...relation, grants };
}

/** `(org_id, room_id)` */
export function shownColumns(columns: readonly (string | null)[]): string {
  return `(${columns.map((column) => column ?? 'an expression').join(', ')})`;
}

/** `app and job can` */
export function shownRoles({ reachedBy }: Exposed): string {
  return `${listed(reachedBy)} can`;
}
