/** One table in V2: names, columns, shim, grants and policies; its keys are in `keys.ts`. */
import { given } from '../given.ts';
import type { Table, TableId } from '../catalogue/catalog.ts';
import type { TenantizeTable } from '../rules/config.ts';
import { indexesOf, wideForeignKeys, wideKeys } from './keys.ts';
import type {
  Classified,
  ConvertedTable,
  PlannedGrant,
  PlannedPolicy,
  PlannedRoutine,
  RenamedColumn,
  TwinColumn,
} from './conversion.ts';
import type { Layout, Outline } from './outline.ts';
import { tenantColumnOf } from './ground.ts';

/** Every table that is converted, parents before children. Ledgers of migration tools are not. */
export function layOut(layout: Layout): ConvertedTable[] {
  const outlines = new Map<TableId, Outline>();
  for (const classified of layout.classes.classified.values()) {
    const source = layout.index.tables.get(classified.table);
    if (source !== undefined && classified.class !== 'system')
      outlines.set(classified.table, outline(layout, classified, source));
  }
  const ordered = parentsFirst(outlines);
  const foreign = new Map(ordered.map((each) => [each.table, wideForeignKeys(layout, outlines, each)]));
  return ordered.map((each) => finish(layout, each, { foreign, outlines }));
}

interface Neighbours {
  readonly foreign: ReadonlyMap<TableId, ConvertedTable['foreignKeys']>;
  readonly outlines: ReadonlyMap<TableId, Outline>;
}

function finish(layout: Layout, each: Outline, { foreign }: Neighbours): ConvertedTable {
  const { index } = layout;
  const { source, v1, v2, mode, column, hasColumn, renamed, twins } = each;
  const foreignKeys = foreign.get(each.table) ?? [];
  const asked = [...foreign.values()].flat().filter(({ parent }) => parent === each.table);
  const { keys, narrow } = wideKeys(layout, each, asked);
  const { rows, strays, tenants } = index.rows(each.table);
  return {
    ...given({ owner: each.owner, column, strays, tenants }),
    table: each.table,
    class: each.class,
    why: each.why,
    rows,
    mode,
    v1,
    v2,
    ownerRole: index.relations.get(each.table)?.owner ?? '',
    hasColumn,
    renamed,
    twins,
    keys,
    narrow,
    foreignKeys,
    indexes: indexesOf(layout, each, { keys, foreignKeys }),
    grants: grantsOf(each, index.ground.config.tenantize.name),
    policies: policiesOf(each, index.ground.config.tenantize.name),
    ...(mode === 'shim'
      ? { shim: { view: v1, columns: shimColumns(source, renamed), routines: routinesOf(layout, source) } }
      : {}),
  };
}

function outline(layout: Layout, classified: Classified, source: Table): Outline {
  const { index } = layout;
  const { config } = index.ground;
  const said = index.said(source.id);
  const root = classified.class === 'root' ? (config.tenant.key ?? source.primaryKey[0]) : undefined;
  const own = classified.owner?.kind === 'column' ? classified.owner.column : undefined;
  const column = root ?? own ?? (classified.class === 'tenant' ? tenantColumnOf(config) : undefined);
  const twins = twinsOf(layout, source, said);
  const renamed = [
    ...Object.entries(said.columns ?? {})
      .filter(([from]) => !twins.some(({ v1: twin }) => twin === from))
      .map(([from, to]) => ({ from, to })),
    ...twins.map(({ v1: from, kept: to }) => ({ from, to })),
  ];
  return {
    ...classified,
    source,
    v1: { schema: source.schema, name: source.name },
    v2: index.inV2(source),
    mode: index.modeOf(source.id),
    ...given({ column: renamed.find(({ from }) => from === column)?.to ?? column }),
    hasColumn: (root ?? own) !== undefined,
    renamed,
    twins,
  };
}

function twinsOf({ index, names }: Layout, source: Table, said: TenantizeTable): TwinColumn[] {
  const values = new Map(Object.entries(said.values ?? {}));
  const renamed = new Map(Object.entries(said.columns ?? {}));
  return source.columns.flatMap(({ name, type, notNull }) => {
    const written = values.get(name);
    if (written === undefined) return [];
    const v2 = renamed.get(name) ?? name;
    const map = Object.entries(written).map(([from, to]) => ({ from, to }));
    const begins = index.ground.facts.defaults.find(
      ({ table, column }) => table === source.id && column === name,
    );
    const literal = literalOf(begins?.expression);
    return {
      v1: name,
      kept: freeColumn(source, `${name}_v1`),
      v2,
      type,
      map,
      set: [...new Set(map.map(({ to }) => to))],
      notNull,
      check: names.next(`${source.name}_${v2}_values`),
      function: names.next(`${source.name}_${v2}_twin`),
      ...given({ fallback: map.find(({ from }) => from === literal)?.to }),
    };
  });
}

/** The text of a default that is a plain value: `'HIGH'::public.criticality`. */
export function literalOf(expression: string | undefined): string | undefined {
  const found = /^'((?:[^']|'')*)'(?:::[^']+)?$/.exec(expression ?? '')?.[1];
  return found?.replaceAll("''", "'");
}

function freeColumn({ columns }: Table, wanted: string): string {
  const isTaken = (name: string): boolean => columns.some((column) => column.name === name);
  if (!isTaken(wanted)) return wanted;
  for (let at = 2; ; at += 1) if (!isTaken(`${wanted}_${at}`)) return `${wanted}_${at}`;
}

/** They follow the moved table, and fail once it has another column. */
function routinesOf({ index }: Layout, { id }: Table): PlannedRoutine[] {
  return index.ground.facts.functions.flatMap(({ rowTypes, definition, owner, grants, ...routine }) =>
    definition === undefined || !rowTypes.includes(id)
      ? []
      : [
          {
            signature: `${routine.id}(${routine.arguments})`,
            definition: definition.trimEnd(),
            owner,
            grantees: grants.map(({ grantee }) => grantee).filter((role) => role !== owner),
          },
        ],
  );
}

function shimColumns(
  { columns }: Table,
  renamed: readonly RenamedColumn[],
): { column: string; as: string }[] {
  return columns.map(({ name }) => ({
    column: renamed.find(({ from }) => from === name)?.to ?? name,
    as: name,
  }));
}

const all = ['select', 'insert', 'update', 'delete'];

function grantsOf({ class: kind }: Outline, name: string): PlannedGrant[] {
  const own = kind === 'tenant' ? all : ['select'];
  const application = ['app', 'fleet'].map((role) => ({ role: `${name}_${role}`, privileges: own }));
  return kind === 'tenant' ? application : [...application, { role: `${name}_operator`, privileges: all }];
}

function policiesOf({ class: kind, owner }: Outline, name: string): PlannedPolicy[] {
  if (kind !== 'tenant' && kind !== 'root') return [];
  const operator = { role: `${name}_operator`, who: 'all' } as const;
  return [
    { role: `${name}_app`, who: 'tenant' },
    { role: `${name}_fleet`, who: 'tenants' },
    ...(kind === 'root' ? [operator] : []),
    { role: `${name}_v1`, who: owner?.kind === 'zero' ? 'zero' : 'all' },
  ];
}

/** Parents before children; where tables name each other in a circle, in the order of their ids. */
function parentsFirst(outlines: ReadonlyMap<TableId, Outline>): Outline[] {
  const ordered = new Map<TableId, Outline>();
  const visit = (each: Outline, under: ReadonlySet<TableId>): void => {
    if (ordered.has(each.table) || under.has(each.table)) return;
    const next = new Set([...under, each.table]);
    for (const { references } of each.source.foreignKeys) {
      const parent = outlines.get(references);
      if (parent !== undefined) visit(parent, next);
    }
    ordered.set(each.table, each);
  };
  const roots = [...outlines.values()].filter(({ class: kind }) => kind === 'root');
  for (const each of [...roots, ...outlines.values()]) visit(each, new Set());
  return [...ordered.values()];
}
