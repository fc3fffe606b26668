/** One place of the configuration (or one foreign key that it does not mention), resolved against the catalogue. */
import { resolveAllowed } from './allowed.ts';
import type { AllowedTable } from './allowed.ts';
import { findColumn, findTable } from '../catalogue/catalog.ts';
import type { Column, ForeignKey, Table, TableId, ValueKind } from '../catalogue/catalog.ts';
import { resolveConditions } from './conditions.ts';
import type { PlaceConditions } from './conditions.ts';
import type { CompanionRule, Config, ModelTableConfig, PlaceConfig, Role } from './config.ts';
import { columnPath, findNamedColumn, findNamedTable, splitName, tablePath } from '../catalogue/names.ts';
import type { NameScope } from '../catalogue/names.ts';

/** Something in the configuration that the catalogue does not bear out; `path` leads to it in the file. */
export interface ConfigProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** One column of a scalar place and what it holds: a template over the components of a model. */
interface PlaceColumn {
  readonly column: string;
  /** `{key}`, `{tenant}`, `{name}`, `{provider}/{name}`, `{spelling}` … */
  readonly template: string;
}

export interface Place {
  /** `table.column`, followed by the JSON pointer pattern where there is one. */
  readonly id: string;
  readonly table: TableId;
  readonly entity: string;
  readonly column: string;
  readonly kind: string;
  readonly role: Role;
  /** `columns`: moved by SQL; the others are edited value by value. */
  readonly carrier: 'columns' | 'json' | 'array' | 'comma';
  readonly columns: readonly PlaceColumn[];
  readonly json?: {
    readonly pointer: string;
    readonly fields?: Readonly<Record<string, string>>;
    readonly shape: 'scalar' | 'list';
  };
  /** The value alone identifies a model row in the whole database; a name, or a number that each tenant counts for itself, does not. */
  readonly byKey: boolean;
  readonly foreignKey?: string;
  readonly conditions: PlaceConditions;
  /** Columns of the same row that must name the same model. */
  readonly copies: readonly string[];
  readonly companions: Readonly<Record<string, CompanionRule>>;
  readonly parameters?: string;
  readonly collision: 'skip' | 'drop-redundant' | 'ask';
  readonly defaultOf?: string;
  readonly enables?: { readonly grant: string; readonly via: string };
  /** What is demanded of the model, by columns of the row or of the parent that a foreign key leads to. */
  readonly demands?: {
    readonly security?: string;
    readonly region?: string;
    readonly parent?: {
      readonly table: TableId;
      readonly from: readonly string[];
      readonly to: readonly string[];
    };
  };
  /** Other templates of the only column. */
  readonly also?: readonly string[];
  /** The table that must have the new value, and its columns beside those of the row. */
  readonly allowed?: AllowedTable & {
    /** What must be known there of the new value, and not differ from what is known of the old one. */
    readonly same: readonly string[];
    /** Where else the old value may stand. */
    readonly sameIn?: AllowedTable;
  };
  /** Whoever writes such a row holds the models that it names, so the lock on the source keeps late writers out. */
  readonly held?: boolean;
  readonly reason?: string;
  /** Mentioned in the configuration, or only found in the catalogue. */
  readonly listed: boolean;
  /** A column beside a document that looks like its checksum. */
  readonly checksum?: string;
}

export interface ModelTable {
  readonly table: Table;
  readonly kind: string;
  readonly key: string;
  readonly config: ModelTableConfig;
}

/** What is known while a configuration is resolved. */
export interface Draft {
  readonly scope: NameScope;
  readonly config: Config;
  readonly modelTables: readonly ModelTable[];
  readonly problems: ConfigProblem[];
}

/** A configured place, resolved. What is wrong with it is added to the draft's problems; nothing where it cannot be used. */
export function resolvePlace(draft: Draft, place: PlaceConfig, at: number): Place[] {
  if (place.at.endsWith('.*')) return [];
  const found = findNamedColumn(draft.scope, place.at);
  if (found === undefined) {
    draft.problems.push({ path: ['places', at, 'at'], message: `no column ${place.at}` });
    return [];
  }
  const key = modelKey(draft, found.table, found.column.name, place.kind);
  const carrier = carrierOf(place, found.column);
  if (carrier === undefined) {
    draft.problems.push({
      path: ['places', at],
      message: `${place.at} is of type ${found.column.type}: a ${place.json === undefined ? (place.shape ?? 'scalar') : 'JSON'} place cannot live there`,
    });
    return [];
  }
  return [buildPlace(draft, { place, at, ...found, carrier, ...(key === undefined ? {} : { key }) })];
}

export interface Found {
  readonly place: PlaceConfig;
  readonly at: number;
  readonly table: Table;
  readonly column: Column;
  readonly carrier: Place['carrier'];
  readonly key?: { readonly foreignKey: ForeignKey; readonly model: ModelTable };
}

/** A place from what was found of it in the catalogue. */
export function buildPlace(draft: Draft, found: Found): Place {
  const { place, table, column, carrier, key } = found;
  const template = templateOf(place, column.kind, key !== undefined);
  const role = place.role ?? 'reference';
  const columns =
    carrier === 'columns' ? placeColumns(draft, found, template) : [{ column: column.name, template }];
  const conditions = resolveConditions({
    scope: draft.scope,
    table,
    place,
    at: found.at,
    problems: draft.problems,
  });
  const checksum = carrier === 'json' ? checksumBeside(table, column.name) : undefined;
  checkNamedColumns(draft, found);
  return {
    id: columnPath(draft.scope, table, column.name) + (place.json ?? ''),
    table: table.id,
    entity: entityOf(draft, table),
    column: column.name,
    kind: key?.model.kind ?? place.kind ?? draft.modelTables[0]?.kind ?? 'completion',
    role,
    carrier,
    columns,
    byKey: template.includes('{key}') && isUnique(draft, key?.model.kind ?? place.kind),
    conditions,
    copies: (place.copies ?? []).flatMap((copy) => copyColumn(draft, found, copy)),
    companions: place.companions ?? {},
    collision: place.collision ?? (role === 'grant' ? 'drop-redundant' : 'ask'),
    listed: true,
    ...(key === undefined ? {} : { foreignKey: key.foreignKey.name }),
    ...(place.json === undefined
      ? {}
      : {
          json: {
            pointer: place.json,
            shape: place.shape === 'list' ? ('list' as const) : ('scalar' as const),
            ...(place.fields === undefined ? {} : { fields: place.fields }),
          },
        }),
    ...(place.parameters === undefined ? {} : { parameters: place.parameters }),
    ...(place.defaultOf === undefined ? {} : { defaultOf: place.defaultOf }),
    ...(place.enables === undefined ? {} : { enables: resolveEnables(draft, found) }),
    ...(place.demands === undefined ? {} : { demands: resolveDemands(draft, found, place.demands) }),
    ...(place.also === undefined ? {} : { also: place.also }),
    ...(place.allowed === undefined ? {} : resolveAllowed(draft, found, place.allowed)),
    ...(place.held === undefined ? {} : { held: place.held }),
    ...(place.reason === undefined ? {} : { reason: place.reason }),
    ...(checksum === undefined ? {} : { checksum }),
  };
}

/** Is the key of the models unique by itself, and not only within a tenant? */
function isUnique(draft: Draft, kind: string | undefined): boolean {
  const model = draft.modelTables.find((candidate) => kind === undefined || candidate.kind === kind);
  return (
    model?.table.uniqueIndexes.some(
      (index) =>
        index.predicate === undefined && index.columns.length === 1 && index.columns[0] === model.key,
    ) === true
  );
}

/** The grant as a place id, whatever spelling the configuration uses. */
function resolveEnables(draft: Draft, found: Found): { grant: string; via: string } {
  const enables = found.place.enables ?? { grant: '', via: '' };
  const grant = findNamedColumn(draft.scope, enables.grant);
  const path = ['places', found.at, 'enables'];
  if (grant === undefined)
    draft.problems.push({ path: [...path, 'grant'], message: `no column ${enables.grant}` });
  for (const table of [found.table, ...(grant === undefined ? [] : [grant.table])]) {
    if (findColumn(table, enables.via) === undefined)
      draft.problems.push({ path: [...path, 'via'], message: `${table.id} has no column ${enables.via}` });
  }
  return {
    grant: grant === undefined ? enables.grant : columnPath(draft.scope, grant.table, grant.column.name),
    via: enables.via,
  };
}

function resolveDemands(
  draft: Draft,
  { table, at }: Found,
  demands: NonNullable<PlaceConfig['demands']>,
): NonNullable<Place['demands']> {
  const { via, ...columns } = demands;
  const key =
    via === undefined ? undefined : table.foreignKeys.find((candidate) => candidate.columns.includes(via));
  const holder = key === undefined ? table : findTable(draft.scope.catalog, key.references);
  const path = ['places', at, 'demands'];
  if (via !== undefined && key === undefined)
    draft.problems.push({ path: [...path, 'via'], message: `no foreign key on ${via}` });
  for (const [what, name] of Object.entries(columns)) {
    if (holder === undefined || findColumn(holder, name) === undefined)
      draft.problems.push({ path: [...path, what], message: `no column ${name}` });
  }
  const parent =
    key === undefined
      ? {}
      : { parent: { table: key.references, from: key.columns, to: key.referencedColumns } };
  return { ...columns, ...parent };
}

function checkNamedColumns(draft: Draft, { place, table, at }: Found): void {
  const partners = typeof place.partner === 'string' ? [place.partner] : Object.values(place.partner ?? {});
  for (const name of [
    ...partners,
    ...Object.keys(place.companions ?? {}),
    ...(place.parameters === undefined ? [] : [place.parameters]),
  ]) {
    if (findColumn(table, name) === undefined)
      draft.problems.push({ path: ['places', at], message: `${table.id} has no column ${name}` });
  }
}

function copyColumn(draft: Draft, { table, at }: Found, name: string): string[] {
  const found = (splitName(name)?.length ?? 0) > 1 ? findNamedColumn(draft.scope, name) : undefined;
  const column = found?.table.id === table.id ? found.column : findColumn(table, name);
  if (column === undefined)
    draft.problems.push({
      path: ['places', at, 'copies'],
      message: `${table.id} has no column ${name}; a copy lies in the same row`,
    });
  return column === undefined ? [] : [column.name];
}

/** How a place is carried. Undefined where the column's type cannot carry it. */
function carrierOf(place: PlaceConfig, column: Column): Place['carrier'] | undefined {
  if (place.json !== undefined) return ['json', 'jsonb', 'text'].includes(column.kind) ? 'json' : undefined;
  if (column.kind.endsWith('[]')) return 'array';
  if (place.shape === 'comma') return column.kind === 'text' ? 'comma' : undefined;
  const role = place.role ?? 'reference';
  if (column.kind === 'json' || column.kind === 'jsonb')
    return role === 'reference' || role === 'grant' ? undefined : 'columns';
  return 'columns';
}

function templateOf(place: PlaceConfig, kind: ValueKind, isForeignKey: boolean): string {
  if (place.as !== undefined) return place.as === 'key' ? '{key}' : place.as;
  return isForeignKey || ['uuid', 'integer', 'uuid[]', 'integer[]'].includes(kind) ? '{key}' : '{name}';
}

/** The columns that move together: those of a composite foreign key, or the column and its partners. */
function placeColumns(draft: Draft, found: Found, template: string): PlaceColumn[] {
  if (found.key !== undefined) return keyColumns(draft, found.key.foreignKey, found.key.model);
  const { partner } = found.place;
  const partners = typeof partner === 'string' ? { provider: partner } : (partner ?? {});
  return [
    { column: found.column.name, template },
    ...Object.entries(partners).map(([component, column]) => ({ column, template: `{${component}}` })),
  ];
}

/** Of a composite key the parts that identify the model: its key, and its tenant where the key carries it. */
function keyColumns(draft: Draft, key: ForeignKey, model: ModelTable): PlaceColumn[] {
  const tenant = model.config.columns.tenant ?? draft.config.tenant.column;
  return key.columns.flatMap((column, at) => {
    const referenced = key.referencedColumns[at];
    if (referenced === model.key) return [{ column, template: '{key}' }];
    return referenced === tenant ? [{ column, template: '{tenant}' }] : [];
  });
}

function modelKey(draft: Draft, table: Table, column: string, kind: string | undefined): Found['key'] {
  for (const foreignKey of table.foreignKeys) {
    for (const model of draft.modelTables) {
      const names =
        foreignKey.references === model.table.id &&
        foreignKey.columns.some(
          (name, at) => name === column && foreignKey.referencedColumns[at] === model.key,
        );
      if (names && (kind === undefined || kind === model.kind)) return { foreignKey, model };
    }
  }
  return undefined;
}

function entityOf(draft: Draft, table: Table): string {
  const named = Object.entries(draft.config.types ?? {}).find(
    ([name]) => findNamedTable(draft.scope, name)?.id === table.id,
  );
  return named?.[1] ?? tablePath(draft.scope, table);
}

function checksumBeside(table: Table, column: string): string | undefined {
  return table.columns.find(
    (other) => other.name !== column && /(checksum|sha\d*|md5|digest|_hash|^hash)$/i.test(other.name),
  )?.name;
}
