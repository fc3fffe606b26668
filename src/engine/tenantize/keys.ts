/**
 * Keys of V2. A unique key without the tenant becomes one with it, and stays beside it until contract, since V1 names it in ON CONFLICT.
 * A foreign key between two tables of tenants gets the tenant as its first column on both sides.
 */
import { given } from '../given.ts';
import { findColumn } from '../catalogue/catalog.ts';
import type { ForeignKey, Table, TableId, UniqueIndex } from '../catalogue/catalog.ts';
import type { IndexFact } from '../isolation/facts.ts';
import type { KeyPart, NarrowKey, PlannedIndex, WideForeignKey, WideKey } from './conversion.ts';
import type { Layout, Outline } from './outline.ts';

/** What a column of V1 is called where V2 reads it. */
function v2Column({ renamed, twins }: Pick<Outline, 'renamed' | 'twins'>, name: string): string {
  const twin = twins.find(({ v1 }) => v1 === name);
  return twin?.v2 ?? renamed.find(({ from }) => from === name)?.to ?? name;
}

/** What a column of V1 is called while V1 writes it. */
export function keptColumn({ renamed }: Pick<Outline, 'renamed'>, name: string): string {
  return renamed.find(({ from }) => from === name)?.to ?? name;
}

/** The foreign keys that get the tenant, and the one to the table of tenants. */
export function wideForeignKeys(
  layout: Layout,
  outlines: ReadonlyMap<TableId, Outline>,
  each: Outline,
): WideForeignKey[] {
  const { column } = each;
  if (each.class !== 'tenant' || column === undefined) return [];
  const root = rootKey(layout, each, column);
  const tied = each.source.foreignKeys.flatMap((key) => {
    const parent = outlines.get(key.references);
    return parent?.class !== 'tenant' || carriesTenant(each, parent, key)
      ? []
      : [wideForeignKey(layout, { each, parent, column }, key)];
  });
  return [...(root === undefined ? [] : [root]), ...tied];
}

/** The key already has the tenant on both sides. */
function carriesTenant(each: Outline, parent: Outline, key: ForeignKey): boolean {
  if (!each.hasColumn || !parent.hasColumn) return false;
  return key.columns.some(
    (name, at) =>
      keptColumn(each, name) === each.column &&
      keptColumn(parent, key.referencedColumns[at] ?? '') === parent.column,
  );
}

interface Ends {
  readonly each: Outline;
  readonly parent: Outline;
  readonly column: string;
}

function wideForeignKey(
  { index, names }: Layout,
  { each, parent, column }: Ends,
  key: ForeignKey,
): WideForeignKey {
  const columns = key.columns.map((name) => v2Column(each, name));
  const fact = index.ground.facts.keys.find(({ table, name }) => table === each.table && name === key.name);
  const set = fact?.setColumns ?? [];
  const named = set.length === 0 ? key.columns : set;
  const isLate = fact?.definition.includes(' DEFERRABLE INITIALLY DEFERRED') === true;
  return {
    ...given({ deferrable: key.deferrable ? (isLate ? 'always' : 'asked') : undefined } as const),
    name: names.next(`${key.name}_tenant`),
    columns: [column, ...columns],
    references: parent.v2,
    parent: parent.table,
    referencedColumns: [parent.column ?? '', ...key.referencedColumns.map((name) => v2Column(parent, name))],
    onDelete: key.onDelete,
    onUpdate: key.onUpdate,
    setColumns: key.onDelete === 'set null' ? named.map((name) => v2Column(each, name)) : [],
    instead: key.name,
  };
}

function rootKey(
  { index, names, classes }: Layout,
  each: Outline,
  column: string,
): WideForeignKey | undefined {
  const { config } = index.ground;
  const root = index.root();
  const key = config.tenant.key ?? root?.primaryKey[0] ?? 'id';
  const there = each.source.foreignKeys.some(
    ({ columns, references }) =>
      references === root?.id && columns.length === 1 && keptColumn(each, columns[0] ?? '') === column,
  );
  if (there) return undefined;
  const isClassified = root !== undefined && classes.classified.has(root.id);
  return {
    name: names.next(`${each.v2.name}_${column}_fkey`),
    columns: [column],
    references: index.rootInV2(),
    ...given({ parent: isClassified ? root.id : undefined }),
    referencedColumns: [(root === undefined ? undefined : index.said(root.id).columns?.[key]) ?? key],
    onDelete: 'no action',
    onUpdate: 'no action',
    setColumns: [],
  };
}

interface WideKeys {
  readonly keys: readonly WideKey[];
  readonly narrow: readonly NarrowKey[];
}

/** @param asked the foreign keys that lead to this table */
export function wideKeys(layout: Layout, each: Outline, asked: readonly WideForeignKey[]): WideKeys {
  const { column } = each;
  if (each.class !== 'tenant' || column === undefined) return { keys: [], narrow: [] };
  const narrow = each.source.uniqueIndexes
    .filter(({ columns }) => !columns.some((name) => name !== null && keptColumn(each, name) === column))
    .map((unique) => ({ unique, fate: fateOf(layout, each, unique) }));
  const wide = narrow
    .filter(({ fate }) => fate.becomes === 'wide')
    .map(({ unique }) => wideKey(layout, each, { column, unique }));
  const known = new Set(
    [...wide.map(({ parts, predicate }) => [parts, predicate ?? '']), ...thereAlready(each)].map((key) =>
      JSON.stringify(key),
    ),
  );
  const referenced: WideKey[] = [];
  for (const { referencedColumns } of asked) {
    const parts = referencedColumns.map((name) => ({ column: name }));
    const text = JSON.stringify([parts, '']);
    if (known.has(text)) continue;
    known.add(text);
    referenced.push({
      name: layout.names.next(`${each.v2.name}_${referencedColumns.join('_')}_key`),
      parts,
      nullsNotDistinct: false,
      constraint: true,
    });
  }
  return { keys: [...wide, ...referenced], narrow: narrow.map(({ fate }) => fate) };
}

/** Keys of V1 that have the tenant already. */
function thereAlready(each: Outline): [KeyPart[], string][] {
  return each.source.uniqueIndexes
    .filter(({ predicate, columns }) => predicate === undefined && columns.every((name) => name !== null))
    .map(({ columns }) => [columns.map((name) => ({ column: v2Column(each, name ?? '') })), '']);
}

function wideKey(
  layout: Layout,
  each: Outline,
  { column, unique }: { column: string; unique: UniqueIndex },
): WideKey {
  const parts = unique.columns.map((name, at): KeyPart => {
    const expression = unique.expressions?.[at];
    if (typeof expression === 'string') return { expression };
    return { column: v2Column(each, name ?? '') };
  });
  const held = indexFact(layout, each, unique.name)?.included.map((name) => v2Column(each, name)) ?? [];
  const included = held.filter((name) => name !== column);
  return {
    ...given({ included: included.length === 0 ? undefined : included }),
    name: layout.names.next(`${unique.name}_tenant`),
    parts: [{ column }, ...parts],
    ...given({ predicate: unique.predicate }),
    nullsNotDistinct: unique.nullsNotDistinct,
    // The primary key takes the index itself once V1's is gone, which an index behind a constraint could not be.
    constraint: !unique.primary && unique.predicate === undefined && parts.every((part) => 'column' in part),
    instead: unique.name,
  };
}

/** A narrow key becomes a wide one, unless it cannot meet another tenant's row, or somebody wants it to. */
function fateOf(layout: Layout, each: Outline, unique: UniqueIndex): NarrowKey {
  const { index } = layout;
  const { source } = each;
  const constraint = unique.primary || indexFact(layout, each, unique.name)?.constraint !== undefined;
  const fate = (becomes: NarrowKey['becomes'], meets: string): NarrowKey => ({
    name: unique.name,
    constraint,
    primary: unique.primary,
    becomes,
    meets,
  });
  if (index.said(source.id).global?.includes(unique.name) === true)
    return fate('global', 'it stays unique among all tenants, as the configuration says');
  const namer = namedByOthers(layout, each, unique);
  if (namer !== undefined)
    return fate('global', `it stays: a key of ${namer}, which has no tenant, leads to it`);
  const isLed = index.ground.config.tenantize.keys === 'tenant-led';
  if (unique.primary && !isLed)
    return fate(
      'global',
      isGenerated(source, unique) ? 'nothing: the database makes its values' : 'a second tenant meets 23505',
    );
  const isTwin = each.twins.some(({ v1 }) => unique.columns.includes(v1));
  const parent = unique.primary || isTwin ? undefined : ownedPart(layout, each, unique);
  if (parent !== undefined)
    return fate('global', `nothing: it names a row of ${parent}, which has one tenant`);
  const silent = 'a second tenant meets 23505, and with ON CONFLICT DO NOTHING its row is lost silently';
  return fate(
    'wide',
    unique.primary && isGenerated(source, unique) ? 'nothing: the database makes its values' : silent,
  );
}

/** A table that no tenant owns, whose key leads to these columns: that of tenants itself, say. */
function namedByOthers(
  { index, classes }: Layout,
  { source }: Outline,
  { columns }: UniqueIndex,
): TableId | undefined {
  return index.ground.scope.catalog.tables.find(
    ({ id, foreignKeys }) =>
      classes.classified.get(id)?.class !== 'tenant' &&
      foreignKeys.some(
        ({ references, referencedColumns }) =>
          references === source.id &&
          referencedColumns.length === columns.length &&
          referencedColumns.every((name) => columns.includes(name)),
      ),
  )?.id;
}

function indexFact({ index }: Layout, { table }: Outline, name: string): IndexFact | undefined {
  return index.ground.facts.indexes.find((fact) => fact.table === table && fact.name === name);
}

function isGenerated(source: Table, { columns }: UniqueIndex): boolean {
  return columns.every((name) => {
    const column = findColumn(source, name ?? '');
    return column !== undefined && (column.generated || column.hasDefault);
  });
}

/** A key that holds the key of a row of one tenant cannot meet another tenant's. */
function ownedPart(
  { classes }: Layout,
  { source }: Outline,
  { columns, nullsNotDistinct }: UniqueIndex,
): TableId | undefined {
  const key = source.foreignKeys.find(
    ({ columns: own, references }) =>
      !nullsNotDistinct &&
      references !== source.id &&
      own.every((name) => columns.includes(name) && findColumn(source, name)?.notNull === true) &&
      classes.classified.get(references)?.class === 'tenant',
  );
  return key?.references;
}

/** Plain indexes over a column that V1 and V2 write in two ways: that of V1 goes with its column. */
function twinIndexes({ ground }: Layout['index'], each: Outline): string[][] {
  return ground.facts.indexes.flatMap(({ table, unique, exclusion, predicate, valid, columns }) => {
    const isPlain =
      table === each.table &&
      valid &&
      !unique &&
      !exclusion &&
      predicate === undefined &&
      !columns.includes(null);
    const named = columns.flatMap((name) => name ?? []);
    return isPlain && named.some((name) => each.twins.some(({ v1 }) => v1 === name))
      ? [[...(each.column === undefined ? [] : [each.column]), ...named.map((name) => v2Column(each, name))]]
      : [];
  });
}

/** An index for each foreign key that has none, and one that begins with the tenant. */
export function indexesOf(
  { index, names }: Layout,
  each: Outline,
  {
    keys,
    foreignKeys,
  }: { readonly keys: readonly WideKey[]; readonly foreignKeys: readonly WideForeignKey[] },
): PlannedIndex[] {
  const { column } = each;
  if (each.class !== 'tenant' || column === undefined) return [];
  const led: (readonly string[])[] = [
    ...keys
      .filter(({ predicate }) => predicate === undefined)
      .map(({ parts }) => parts.map((part) => ('column' in part ? part.column : ''))),
    ...index.ground.facts.indexes
      .filter(({ table, valid, predicate }) => table === each.table && valid && predicate === undefined)
      .map(({ columns }) => columns.map((name) => (name === null ? '' : keptColumn(each, name)))),
  ];
  const planned: PlannedIndex[] = [];
  for (const columns of [
    ...foreignKeys.filter(({ columns: all }) => all.length > 1).map((key) => key.columns),
    ...twinIndexes(index, each),
    [column],
  ]) {
    if (led.some((there) => columns.every((name, at) => there[at] === name))) continue;
    led.push(columns);
    planned.push({ name: names.next(`${each.v2.name}_${columns.join('_')}_idx`), columns });
  }
  return planned;
}
