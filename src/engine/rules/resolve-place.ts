/** One place of the configuration (or one foreign key that it does not mention), resolved against the catalogue. */
import {
  type Column,
  findColumn,
  findTable,
  type ForeignKey,
  type Table,
  type ValueKind,
} from '../catalogue/catalog.ts';
import { columnPath, findNamedColumn, findNamedTable, splitName, tablePath } from '../catalogue/names.ts';
import { resolveConditions } from './conditions.ts';
import type { PlaceConfig } from './config.ts';
import type { AllowedTable, Draft, Found, ModelTable, Place, PlaceColumn } from './place.ts';

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

/** A row moves only to a value that another table has, on the terms of the old one. */
function resolveAllowed(
  draft: Draft,
  found: Found,
  { same = [], sameIn: other, ...config }: NonNullable<PlaceConfig['allowed']>,
): Pick<Place, 'allowed'> {
  const path = ['places', found.at, 'allowed'];
  const holder = resolveAllowedTable(draft, found, { ...config, same, path });
  const sameIn = other && resolveAllowedTable(draft, found, { ...other, same, path: [...path, 'sameIn'] });
  return holder === undefined ? {} : { allowed: { ...holder, same, ...(sameIn && { sameIn }) } };
}

interface AllowedDraft extends NonNullable<PlaceConfig['allowed']> {
  readonly path: readonly (string | number)[];
}

function resolveAllowedTable(
  draft: Draft,
  { table }: Found,
  { in: name, match = {}, value, same = [], path }: AllowedDraft,
): AllowedTable | undefined {
  const holder = findNamedTable(draft.scope, name);
  const wrong = (holds: Table | undefined, column: string): boolean =>
    holds === undefined || findColumn(holds, column) === undefined;
  if (holder === undefined) draft.problems.push({ path: [...path, 'in'], message: `no table ${name}` });
  for (const column of [value, ...same, ...Object.keys(match)].filter((each) => wrong(holder, each)))
    draft.problems.push({ path, message: `${name} has no column ${column}` });
  for (const column of Object.values(match).filter((each) => wrong(table, each)))
    draft.problems.push({ path, message: `${table.id} has no column ${column}` });
  return holder === undefined ? undefined : { table: holder.id, match, value };
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
