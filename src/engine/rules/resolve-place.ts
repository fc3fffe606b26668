/** One place of the configuration (or one foreign key that it does not mention), resolved against the catalogue. */
import { findColumn, findTable } from '../catalogue/catalog.ts';
import type { Column, ForeignKey, Table, ValueKind } from '../catalogue/catalog.ts';
import { columnPath, findNamedColumn, findNamedTable, tablePath } from '../catalogue/names.ts';
import { isForNames } from '../edit/json-pointer.ts';
import { given } from '../given.ts';
import { isKey } from '../catalogue/value-kinds.ts';
import { subjectOf } from './rows/view.ts';
import { resolveConditions } from './conditions.ts';
import type { PlaceConfig } from './place-config.ts';
import { placeProblems } from './check-place.ts';
import { calledItself, hasUniqueKeys, modelKey, modelsMeant } from './place-models.ts';
import { refuse, requireColumns } from './refusals.ts';
import { resolveAllowed } from './resolve-allowed.ts';
import type { Draft, FoundPlace, ModelTable, Place, PlaceColumn, Reliance } from './place.ts';

/** A configured place, resolved; empty where it cannot be used. What is wrong with it is added to the draft's problems. */
export function resolvePlace(draft: Draft, place: PlaceConfig, at: number): Place[] {
  if (place.at.endsWith('.*')) return [];
  const found = findNamedColumn(draft.scope, place.at);
  if (found === undefined) {
    refuse(draft, [at, 'at'], `no column ${place.at}`);
    return [];
  }
  const carrier = carrierOf(place, found.column);
  if (typeof carrier !== 'string') {
    refuse(draft, [at], `${place.at} is of type ${found.column.type}: ${carrier.problem}`);
    return [];
  }
  refuseShape(draft, place, at);
  const key = modelKey(draft, { place, at, ...found });
  const whole = { place, at, ...found, carrier, ...given({ key }) };
  const built = buildPlace(draft, whole);
  draft.problems.push(...placeProblems(draft, whole, built));
  return [built];
}

/** A name of a member is one name, and an object has members: neither is a list in a text. */
function refuseShape(draft: Draft, { json = '', shape = 'scalar', fields }: PlaceConfig, at: number): void {
  if (isForNames(json) && (shape !== 'scalar' || fields !== undefined))
    refuse(draft, [at, 'shape'], `${json} means names of members, which have neither a shape nor fields`);
  else if (fields !== undefined && isTextShape(shape))
    refuse(draft, [at, 'shape'], `with "fields" the pointer leads to objects: the shape cannot be ${shape}`);
}

/** A place from what was found of it in the catalogue. */
export function buildPlace(draft: Draft, found: FoundPlace): Place {
  const { place, at, table, column, carrier, key } = found;
  const { parameters, defaultOf, also, held, reason, enables, demands, allowed } = place;
  const { scope, problems } = draft;
  const template = templateOf(place, column.kind, key !== undefined);
  const role = place.role ?? 'reference';
  const models = key?.model ?? modelsMeant(draft, found, template);
  const kind = models?.kind ?? place.kind ?? draft.modelTables[0]?.kind ?? 'completion';
  checkNamedColumns(draft, found);
  return {
    id: columnPath(scope, table, column.name) + (place.json ?? ''),
    table: table.id,
    entity: entityOf(draft, table),
    column: column.name,
    kind,
    role,
    carrier,
    shape: shapeOf(found),
    columns:
      carrier === 'columns' ? placeColumns(draft, found, template) : [{ column: column.name, template }],
    byKey: template.includes('{key}') && hasUniqueKeys(draft, kind, models),
    conditions: resolveConditions({ scope, table, place, at, problems }),
    copies: [],
    rivals: [],
    companions: place.companions ?? {},
    parameterMembers: place.parameterMembers ?? 'known',
    empty: place.empty === undefined ? '{}' : place.empty,
    collision: place.collision ?? (role === 'grant' ? 'drop-redundant' : 'ask'),
    carry: place.carry ?? [],
    listed: true,
    ...given({ parameters, defaultOf, also: also ?? usualForms(draft, found, template), held, reason }),
    ...given({
      models: models?.table.id,
      foreignKey: key?.foreignKey.name,
      itself:
        subjectOf(draft.config) === undefined ? calledItself(draft, table, { kind, template }) : undefined,
      json: placeInJson(found),
      whole: carrier === 'json' && place.json === undefined ? true : undefined,
      enables: enables && resolveEnables(draft, found, enables),
      demands: demands && resolveDemands(draft, found, demands),
      allowed: allowed && resolveAllowed(draft, found, allowed),
      checksum: carrier === 'json' ? checksumBeside(table, column.name) : undefined,
    }),
  };
}

/** A bare name may be written in every way in which the registry knows the model to be written, unless somebody says how it is. */
function usualForms(
  { config }: Draft,
  { place: { as, fields, partner }, column }: FoundPlace,
  template: string,
): readonly string[] | undefined {
  // The key of a row may be written in several ways wherever the type of the column does not write it in one.
  if (subjectOf(config) !== undefined)
    return template === '{key}' && !isKey(column.kind) ? ['{spelling}'] : undefined;
  const isBare = template === '{name}' && as === undefined && fields === undefined && partner === undefined;
  return isBare ? ['{spelling}'] : undefined;
}

/** Without a pointer the role is that of all values of the document. */
function placeInJson({ place, carrier }: FoundPlace): Place['json'] {
  const { json, fields } = place;
  if (json === undefined && carrier !== 'json') return undefined;
  return { pointer: json ?? '/**', ...given({ fields }) };
}

/** An array is a list, unless something within its elements is meant. */
function shapeOf({ place: { shape = 'scalar', json }, carrier }: FoundPlace): Place['shape'] {
  return carrier === 'array' && json === undefined && shape === 'scalar' ? 'list' : shape;
}

/** The grant as a place id, whatever spelling the configuration uses. */
function resolveEnables(
  draft: Draft,
  { table, at }: FoundPlace,
  enables: NonNullable<PlaceConfig['enables']>,
): Reliance {
  const [via = '', scope = via] = enables.via.split('->').map((name) => name.trim());
  const grant = findNamedColumn(draft.scope, enables.grant);
  if (grant === undefined) refuse(draft, [at, 'enables', 'grant'], `no column ${enables.grant}`);
  requireColumns(draft, [at, 'enables', 'via'], { table, names: [via] });
  if (grant !== undefined)
    requireColumns(draft, [at, 'enables', 'via'], { table: grant.table, names: [scope] });
  return {
    grant: grant === undefined ? enables.grant : columnPath(draft.scope, grant.table, grant.column.name),
    via,
    scope,
  };
}

function resolveDemands(
  draft: Draft,
  { table, at }: FoundPlace,
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

function checkNamedColumns(draft: Draft, found: FoundPlace): void {
  const { place, table, at } = found;
  const { partner = {}, companions = {}, parameters, empty } = place;
  const partners = typeof partner === 'string' ? [partner] : Object.values(partner);
  const others = [...Object.keys(companions), ...(parameters === undefined ? [] : [parameters])];
  requireColumns(draft, [at], { table, names: [...partners, ...others] });
  checkCarried(draft, found);
  const held = parameters === undefined ? undefined : findColumn(table, parameters);
  if (empty === null && held?.notNull === true)
    refuse(
      draft,
      [at, 'empty'],
      `${table.id} has ${parameters} NOT NULL, so nothing can be reset to NULL there`,
    );
}

/** Only a merge passes values on, and what tells the two rows apart cannot pass. */
function checkCarried(draft: Draft, { place, table, at }: FoundPlace): void {
  const { carry = [], collision, role } = place;
  if (carry.length === 0) return;
  requireColumns(draft, [at, 'carry'], { table, names: carry });
  if ((collision ?? (role === 'grant' ? 'drop-redundant' : 'ask')) !== 'drop-redundant')
    refuse(draft, [at, 'carry'], 'only a merge passes values on: set "collision: drop-redundant"');
  const fixed = carry.filter(
    (name) => table.primaryKey.includes(name) || findColumn(table, name)?.generated === true,
  );
  if (fixed.length > 0) refuse(draft, [at, 'carry'], `${fixed.join(', ')} cannot be passed on`);
}

/** How a place is carried, or why the column cannot carry it and what can be written instead. */
function carrierOf(place: PlaceConfig, column: Column): Place['carrier'] | { readonly problem: string } {
  const { json, shape } = place;
  const isDocument = /^jsonb?(\[\])?$/.test(column.kind);
  if (column.kind.endsWith('[]') && !isDocument) return 'array';
  if (json !== undefined)
    return isDocument || column.kind === 'text'
      ? 'json'
      : { problem: 'a JSON place cannot live there, leave "json" out' };
  if (isTextShape(shape))
    return column.kind === 'text'
      ? 'text'
      : { problem: `a ${shape} place cannot live there, leave "shape" out` };
  if (isDocument && needsPointer(place))
    return {
      problem:
        'say with "json" where in the document models are named, for example json: /model, or json: "" for all of it',
    };
  if (shape === 'list' && !isDocument)
    return {
      problem:
        'a list place cannot live there; a comma list is shape: comma, and a JSON list in text has json: ""',
    };
  return isDocument ? 'json' : 'columns';
}

/** A document stays as a whole, or is asked about as a whole; what moves is a part of it. */
function needsPointer({ role = 'reference' }: PlaceConfig): boolean {
  return role === 'reference' || role === 'grant';
}

function isTextShape(shape: PlaceConfig['shape'] = 'scalar'): boolean {
  return shape !== 'scalar' && shape !== 'list';
}

function templateOf(place: PlaceConfig, kind: ValueKind, isForeignKey: boolean): string {
  if (place.as !== undefined) return place.as === 'key' ? '{key}' : place.as;
  return isForeignKey || ['uuid', 'integer', 'uuid[]', 'integer[]'].includes(kind) ? '{key}' : '{name}';
}

/** The columns that move together: those of a composite foreign key, or the column and its partners. */
function placeColumns(draft: Draft, found: FoundPlace, template: string): PlaceColumn[] {
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
