/** One place of the configuration (or one foreign key that it does not mention), resolved against the catalogue. */
import { findColumn, findTable } from '../catalogue/catalog.ts';
import type { Column, ForeignKey, Table, ValueKind } from '../catalogue/catalog.ts';
import { columnPath, findNamedColumn, findNamedTable, tablePath } from '../catalogue/names.ts';
import { isForNames } from '../edit/json-pointer.ts';
import { given } from '../given.ts';
import { resolveConditions } from './conditions.ts';
import type { ConfigProblem, PlaceConfig } from './config.ts';
import type { AllowedTable, Draft, Found, ModelTable, Place, PlaceColumn } from './place.ts';

function refuse(draft: Draft, path: ConfigProblem['path'], message: string): void {
  draft.problems.push({ path: ['places', ...path], message });
}

/** A configured place, resolved; empty where it cannot be used. What is wrong with it is added to the draft's problems. */
export function resolvePlace(draft: Draft, place: PlaceConfig, at: number): Place[] {
  if (place.at.endsWith('.*')) return [];
  const found = findNamedColumn(draft.scope, place.at);
  if (found === undefined) {
    refuse(draft, [at, 'at'], `no column ${place.at}`);
    return [];
  }
  const carrier = carrierOf(place, found.column);
  if (carrier === undefined) {
    const shape = place.json === undefined ? (place.shape ?? 'scalar') : 'JSON';
    refuse(draft, [at], `${place.at} is of type ${found.column.type}: a ${shape} place cannot live there`);
    return [];
  }
  refuseShape(draft, place, at);
  const key = modelKey(draft, found.table, found.column.name, place.kind);
  return [buildPlace(draft, { place, at, ...found, carrier, ...given({ key }) })];
}

/** A name of a member is one name, and an object has members: neither is a list in a text. */
function refuseShape(draft: Draft, { json = '', shape = 'scalar', fields }: PlaceConfig, at: number): void {
  if (isForNames(json) && (shape !== 'scalar' || fields !== undefined))
    refuse(draft, [at, 'shape'], `${json} means names of members, which have neither a shape nor fields`);
  else if (fields !== undefined && isTextShape(shape))
    refuse(draft, [at, 'shape'], `with "fields" the pointer leads to objects: the shape cannot be ${shape}`);
}

/** A place from what was found of it in the catalogue. */
export function buildPlace(draft: Draft, found: Found): Place {
  const { place, at, table, column, carrier, key } = found;
  const { parameters, defaultOf, also, held, reason, enables, demands, allowed } = place;
  const { scope, problems } = draft;
  const template = templateOf(place, column.kind, key !== undefined);
  const role = place.role ?? 'reference';
  checkNamedColumns(draft, found);
  return {
    id: columnPath(scope, table, column.name) + (place.json ?? ''),
    table: table.id,
    entity: entityOf(draft, table),
    column: column.name,
    kind: key?.model.kind ?? place.kind ?? draft.modelTables[0]?.kind ?? 'completion',
    role,
    carrier,
    shape: shapeOf(found),
    columns:
      carrier === 'columns' ? placeColumns(draft, found, template) : [{ column: column.name, template }],
    byKey: template.includes('{key}') && isUnique(draft, key?.model.kind ?? place.kind),
    conditions: resolveConditions({ scope, table, place, at, problems }),
    copies: [],
    companions: place.companions ?? {},
    collision: place.collision ?? (role === 'grant' ? 'drop-redundant' : 'ask'),
    listed: true,
    ...given({ parameters, defaultOf, also, held, reason }),
    ...given({
      foreignKey: key?.foreignKey.name,
      json: placeInJson(place),
      enables: enables && resolveEnables(draft, found, enables),
      demands: demands && resolveDemands(draft, found, demands),
      allowed: allowed && resolveAllowed(draft, found, allowed),
      checksum: carrier === 'json' ? checksumBeside(table, column.name) : undefined,
    }),
  };
}

function placeInJson({ json: pointer, fields }: PlaceConfig): Place['json'] {
  return pointer === undefined ? undefined : { pointer, ...given({ fields }) };
}

/** An array is a list, unless something within its elements is meant. */
function shapeOf({ place: { shape = 'scalar', json }, carrier }: Found): Place['shape'] {
  return carrier === 'array' && json === undefined && shape === 'scalar' ? 'list' : shape;
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
function resolveEnables(draft: Draft, { table, at }: Found, enables: NonNullable<PlaceConfig['enables']>) {
  const { via } = enables;
  const grant = findNamedColumn(draft.scope, enables.grant);
  if (grant === undefined) refuse(draft, [at, 'enables', 'grant'], `no column ${enables.grant}`);
  for (const each of [table, ...(grant === undefined ? [] : [grant.table])])
    requireColumns(draft, [at, 'enables', 'via'], { table: each, names: [via] });
  return {
    grant: grant === undefined ? enables.grant : columnPath(draft.scope, grant.table, grant.column.name),
    via,
  };
}

/** Whatever the table lacks is a problem. */
function requireColumns(
  draft: Draft,
  path: ConfigProblem['path'],
  { table, called = table?.id, names }: Required,
): void {
  for (const name of names)
    if (table === undefined || findColumn(table, name) === undefined)
      refuse(draft, path, `${called} has no column ${name}`);
}

interface Required {
  readonly table: Table | undefined;
  /** What the configuration calls the table. */
  readonly called?: string;
  readonly names: readonly string[];
}

function resolveDemands(
  draft: Draft,
  { table, at }: Found,
  { via, ...columns }: NonNullable<PlaceConfig['demands']>,
): NonNullable<Place['demands']> {
  const key =
    via === undefined ? undefined : table.foreignKeys.find((candidate) => candidate.columns.includes(via));
  const holder = key === undefined ? table : findTable(draft.scope.catalog, key.references);
  if (via !== undefined && key === undefined)
    refuse(draft, [at, 'demands', 'via'], `no foreign key on ${via}`);
  for (const [what, name] of Object.entries(columns))
    if (holder === undefined || findColumn(holder, name) === undefined)
      refuse(draft, [at, 'demands', what], `no column ${name}`);
  const parent = key && { table: key.references, from: key.columns, to: key.referencedColumns };
  return { ...columns, ...given({ parent }) };
}

/** A row moves only to a value that another table has, on the terms of the old one. */
function resolveAllowed(
  draft: Draft,
  found: Found,
  { same = [], sameIn: other, ...config }: NonNullable<PlaceConfig['allowed']>,
): Place['allowed'] {
  const path = [found.at, 'allowed'];
  const holder = resolveAllowedTable(draft, found, { ...config, same, path });
  const sameIn = other && resolveAllowedTable(draft, found, { ...other, same, path: [...path, 'sameIn'] });
  return holder && { ...holder, same, ...given({ sameIn }) };
}

interface AllowedDraft extends NonNullable<PlaceConfig['allowed']> {
  readonly path: ConfigProblem['path'];
}

function resolveAllowedTable(
  draft: Draft,
  { table: own }: Found,
  { in: called, match = {}, value, same = [], path }: AllowedDraft,
): AllowedTable | undefined {
  const table = findNamedTable(draft.scope, called);
  if (table === undefined) refuse(draft, [...path, 'in'], `no table ${called}`);
  requireColumns(draft, path, { table, called, names: [value, ...same, ...Object.keys(match)] });
  requireColumns(draft, path, { table: own, names: Object.values(match) });
  return table && { table: table.id, match, value };
}

function checkNamedColumns(draft: Draft, { place, table, at }: Found): void {
  const { partner = {}, companions = {}, parameters } = place;
  const partners = typeof partner === 'string' ? [partner] : Object.values(partner);
  const others = [...Object.keys(companions), ...(parameters === undefined ? [] : [parameters])];
  requireColumns(draft, [at], { table, names: [...partners, ...others] });
}

/** How a place is carried. Undefined where the column's type cannot carry it. */
function carrierOf(place: PlaceConfig, column: Column): Place['carrier'] | undefined {
  if (column.kind.endsWith('[]')) return 'array';
  if (place.json !== undefined) return ['json', 'jsonb', 'text'].includes(column.kind) ? 'json' : undefined;
  if (isTextShape(place.shape)) return column.kind === 'text' ? 'text' : undefined;
  const role = place.role ?? 'reference';
  if (column.kind === 'json' || column.kind === 'jsonb')
    return role === 'reference' || role === 'grant' ? undefined : 'columns';
  return 'columns';
}

function isTextShape(shape: PlaceConfig['shape'] = 'scalar'): boolean {
  return shape !== 'scalar' && shape !== 'list';
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
