/** From choices to a world: tables, rows and the configuration that fits them. */
import type { Config } from '../../src/engine/rules/config.ts';
import type { Intent } from '../../src/engine/plan/intent.ts';
import { modelDef, modelTable, spellingsOf } from './build-models.ts';
import { placeCells, placeColumns, placeDef, placeKeys } from './build-places.ts';
import type { PlaceContext } from './build-places.ts';
import {
  hasTenantColumn,
  junctionTable,
  surroundings,
  tenantKey,
  tieCells,
  tieColumns,
} from './build-ties.ts';
import type { OwnedRow } from './build-ties.ts';
import type { Choices, TableChoice } from './choices.ts';
import { keyOf, namesFor, subjectName } from './names-and-keys.ts';
import { placeConfig, spellingConfig } from './place-config.ts';
import { placeId } from './place-id.ts';
import { withoutDuplicates } from './unique-keys.ts';
import { configName, quote } from './world.ts';
import type { Cells, ColumnDef, Member, PlaceDef, TableDef, World } from './world.ts';
import { literal, wordsFor } from './words.ts';

interface Built {
  readonly table: TableDef;
  readonly junctions: readonly TableDef[];
  readonly link: string | undefined;
  readonly context: PlaceContext;
}

/** A plan is narrowed to types of which something can move. */
function hasMovable({ places }: TableDef): boolean {
  return places.some(({ role }) => role === 'reference' || role === 'grant' || role === 'ask');
}

/** Each family is three tenants of its own, of whom the first migrates; one family unless told otherwise. */
export function buildWorld(choices: Choices, families = 1): World {
  const names = namesFor(choices.naming);
  const built = choices.tables.map((chosen, at) => buildTable(choices, chosen, { at, families }));
  const tenants = Array.from({ length: families * 3 }, (_, tenant) => tenant);
  const tenantKeys = tenants.map((tenant) => tenantKey(choices, tenant));
  const subjects = built.map((one) => one.table);
  const entities = [...new Set(subjects.filter(hasMovable).map((table) => table.entity))];
  const entityTypes =
    entities.length === 0 || choices.narrowed === 0 ? undefined : entities.slice(0, choices.narrowed);
  const members = tenants
    .filter((tenant) => tenant % 3 === 0)
    .map((tenant) => memberOf(choices, tenant, { subjects, entityTypes }));
  const [first] = members;
  if (first === undefined) throw new Error('a world has at least one family');
  return {
    names,
    ...first,
    members,
    words: wordsFor(choices.words),
    spellings: spellingsOf(choices),
    byKeyAlone: choices.modelKeys !== 'composite',
    deadRows: choices.deadRows,
    parameters: choices.parameters,
    entityTypes,
    hasModelTable: choices.modelTable,
    surroundings: [
      ...surroundings(choices, names, tenants),
      ...modelTable(choices, names, tenantKeys),
      ...built.flatMap((one) => one.junctions),
    ],
    subjects,
    config: configOf(choices, built),
  };
}

function buildTable(
  choices: Choices,
  chosen: TableChoice,
  { at, families }: { at: number; families: number },
): Built {
  const names = namesFor(choices.naming);
  const name = subjectName(choices.naming, at);
  const context = { choices, names, chosen, spellings: spellingsOf(choices) };
  const places = chosen.places.map((place, number) => placeDef(context, place, number));
  const tied = tieColumns({ choices, names, table: name }, chosen.tie);
  const rowKey = rowKeyOf(chosen, places);
  const keyPlace = rowKey === 'natural' ? places[0] : undefined;
  const idType = ['bigint', 'text'].includes(rowKey) ? rowKey : 'uuid';
  const columns: ColumnDef[] = [
    { name: names.id, type: idType, notNull: true },
    ...tied.columns,
    { name: names.scope, type: 'text', notNull: keyPlace !== undefined },
    { name: names.deleted, type: 'boolean', notNull: true },
    ...(chosen.statuses ? [{ name: names.status, type: 'text', notNull: false }] : []),
    ...settingColumns(context, places),
    ...places.flatMap((place) => placeColumns(context, place, place === keyPlace)),
  ];
  const bare = {
    name,
    entity: `things ${at % 3}`,
    columns,
    primaryKey: primaryKeyOf(context, rowKey, keyPlace),
    configuredKey: rowKey === 'configured' ? [names.id] : [],
    uniques: uniquesOf(context, places),
    foreignKeys: [...tied.foreignKeys, ...places.flatMap((place) => placeKeys(context, place))],
    ties: tied.ties,
    places,
  };
  const all = rowsOf(chosen, families).map((row, number) => ({
    row,
    cells: rowCells(context, { name, places, keyPlace, idType }, { row, number }),
  }));
  const kept = withoutDuplicates(bare, names.deleted, all);
  const rows = kept.map((one) => one.cells);
  const junctions = junctionTable({ choices, names, table: name }, chosen.tie, {
    rows,
    chosen: kept.map((one) => one.row),
    idType,
  });
  return { table: { ...bare, rows }, junctions, link: tied.link, context };
}

/** The rows of all families: the same in each, but some have fewer, so that not all take the same steps. */
function rowsOf({ rows }: TableChoice, families: number): OwnedRow[] {
  return Array.from({ length: families }, (_, family) =>
    rows
      .filter((_, at) => family % 4 !== 1 || at % 2 === 0)
      .filter((_, at) => family % 4 !== 3 || at % 2 === 1)
      .map((row) => ({ ...row, first: family * 3 })),
  ).flat();
}

function rowKeyOf(chosen: TableChoice, places: readonly PlaceDef[]): TableChoice['rowKey'] {
  if (chosen.rowKey === 'with-tenant')
    return hasTenantColumn(chosen.tie) && chosen.tie !== 'direct-nullable' ? 'with-tenant' : 'uuid';
  if (chosen.rowKey !== 'natural') return chosen.rowKey;
  return places[0]?.carrier === 'columns' && chosen.tie !== 'junction' && chosen.tie !== 'direct-nullable'
    ? 'natural'
    : 'bigint';
}

function primaryKeyOf(
  { names }: PlaceContext,
  rowKey: TableChoice['rowKey'],
  keyPlace: PlaceDef | undefined,
): string[] {
  if (keyPlace !== undefined) return [names.scope, ...keyPlace.columns];
  if (rowKey === 'configured') return [];
  return rowKey === 'with-tenant' ? [names.tenant, names.id] : [names.id];
}

function settingColumns({ names }: PlaceContext, places: readonly PlaceDef[]): ColumnDef[] {
  const place = places.find((one) => one.settings);
  if (place === undefined) return [];
  return [
    { name: names.parameters, type: place.document === 'json' ? 'json' : 'jsonb', notNull: false },
    { name: names.effort, type: 'text', notNull: false },
    { name: names.spare, type: 'integer', notNull: false },
  ];
}

function uniquesOf({ chosen, names }: PlaceContext, [place]: readonly PlaceDef[]): TableDef['uniques'] {
  if (chosen.unique === 'none' || place?.carrier !== 'columns') return [];
  const columns = [names.scope, ...place.columns];
  return [
    {
      columns,
      partial: chosen.unique === 'partial',
      nullsNotDistinct: chosen.unique === 'nulls-not-distinct',
    },
  ];
}

interface RowShape {
  readonly name: string;
  readonly places: readonly PlaceDef[];
  readonly keyPlace: PlaceDef | undefined;
  readonly idType: string;
}

function rowCells(
  context: PlaceContext,
  shape: RowShape,
  { row, number }: { row: OwnedRow; number: number },
): Cells {
  const { choices, names, chosen } = context;
  const { active, draft, archived } = wordsFor(choices.words);
  // Some rows of several families are in each other's way.
  const own = row.first === 0 || row.style === 2 ? '' : `-${row.first}`;
  const scope = shape.keyPlace !== undefined || row.scope < 2 ? `s${row.scope}${own}` : null;
  const places = shape.places.map((place) =>
    placeCells(context, place, { row, notNull: place === shape.keyPlace }),
  );
  return {
    [names.id]: keyOf(shape.idType as 'uuid', 8, number),
    ...tieCells({ choices, names, table: shape.name }, chosen.tie, row),
    [names.scope]: scope,
    [names.deleted]: row.dead ? 'true' : 'false',
    ...(chosen.statuses ? { [names.status]: [active, draft, archived, null][row.status] ?? null } : {}),
    ...settingCells(context, shape.places, row),
    ...Object.assign({}, ...places),
  } as Cells;
}

function settingCells(
  { names, choices }: PlaceContext,
  places: readonly PlaceDef[],
  { settings }: OwnedRow,
): Cells {
  if (!places.some((one) => one.settings)) return {};
  const { parameters, high } = wordsFor(choices.words);
  return {
    [names.parameters]: ['{}', parameters, null, 'null'][settings] ?? null,
    [names.effort]: [null, high, 'low', high][settings] ?? null,
    [names.spare]: [null, '7', null, '0'][settings] ?? null,
  };
}

function configOf(choices: Choices, built: readonly Built[]): Config {
  const names = namesFor(choices.naming);
  const { gone, always } = wordsFor(choices.words);
  const byTable = <T>(value: (one: Built) => T): Record<string, T> =>
    Object.fromEntries(built.map((one) => [configName(one.table.name), value(one)]));
  const keys = built.filter((one) => one.table.configuredKey.length > 0);
  const links = built.flatMap(({ table, link }) =>
    link === undefined ? [] : [[configName(table.name), link]],
  );
  const global =
    choices.globalTarget && choices.modelKeys !== 'composite'
      ? { global: `${quote(names.tenant)} IS NULL AND ${always}` }
      : {};
  return {
    version: 1,
    database: {
      keys: Object.fromEntries(keys.map(({ table }) => [configName(table.name), table.configuredKey])),
    },
    model: {
      spellings: spellingConfig(spellingsOf(choices)) ?? {},
      ...(choices.modelTable
        ? {
            tables: [
              {
                table: configName(names.models),
                key: names.id,
                columns: { name: names.name, provider: names.provider, tenant: names.tenant },
                retired: `${quote(names.state)} = ${literal(gone)} AND ${always}`,
                retire: { [names.state]: gone, [names.successor]: '$target' },
                ...global,
              },
            ],
          }
        : { identity: ['provider', 'name'] }),
    },
    tenant: {
      root: configName(names.tenants),
      column: names.tenant,
      links: Object.fromEntries(links) as Record<string, string>,
    },
    places: built.flatMap(({ table, context }) =>
      table.places.flatMap((place) => placeConfig(context, table.name, place)),
    ),
    dead: byTable(() => `${quote(names.deleted)} AND ${always}`),
    types: byTable((one) => one.table.entity),
    deadRows: choices.deadRows,
  };
}

interface Asked {
  readonly subjects: readonly TableDef[];
  readonly entityTypes: readonly string[] | undefined;
}

function memberOf(choices: Choices, tenant: number, asked: Asked): Member {
  return {
    me: tenantKey(choices, tenant),
    source: modelDef(choices, tenant, 0),
    target: modelDef(choices, tenant, 1),
    twin: choices.twin ? modelDef(choices, tenant, 4) : undefined,
    intent: intentOf(choices, tenant, asked),
  };
}

function intentOf(choices: Choices, tenant: number, { subjects, entityTypes }: Asked): Intent {
  const said = (model: 0 | 1): string => {
    const { key, name, provider } = modelDef(choices, tenant, model);
    if (key === undefined) return `${provider}/${name}`;
    if (choices.named === 'key') return key;
    return choices.twin && model === 0 ? `${provider}/${name}` : name;
  };
  const answers = subjects.flatMap((table) =>
    table.places.flatMap((place) =>
      place.answer === 'none' ? [] : [[placeId(table, place), place.answer] as const],
    ),
  );
  return {
    tenant: tenantKey(choices, tenant),
    from: said(0),
    to: said(1),
    parameters: choices.parameters,
    answers: Object.fromEntries(answers),
    leaveAsks: true,
    ...(entityTypes === undefined ? {} : { entityTypes }),
  };
}
