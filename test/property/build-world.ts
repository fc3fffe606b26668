/** From choices to a world: tables, rows and the configuration that fits them. */
import type { Config } from '../../src/engine/rules/config.ts';
import type { Intent } from '../../src/engine/plan/intent.ts';
import { modelDef, modelTable, spellingsOf } from './build-models.ts';
import {
  placeCells,
  placeColumns,
  placeConfig,
  placeDef,
  placeKeys,
  spellingConfig,
} from './build-places.ts';
import type { PlaceContext } from './build-places.ts';
import {
  hasTenantColumn,
  junctionTable,
  surroundings,
  tenantKey,
  tieCells,
  tieColumns,
} from './build-ties.ts';
import type { Choices, RowChoice, TableChoice } from './choices.ts';
import { keyOf, namesFor, subjectName } from './names-and-keys.ts';
import { placeId } from './place-id.ts';
import { withoutDuplicates } from './unique-keys.ts';
import { configName, quote } from './world.ts';
import type { Cells, ColumnDef, PlaceDef, TableDef, World } from './world.ts';

interface Built {
  readonly table: TableDef;
  readonly junctions: readonly TableDef[];
  readonly link: string | undefined;
  readonly context: PlaceContext;
}

export function buildWorld(choices: Choices): World {
  const names = namesFor(choices.oddNames);
  const built = choices.tables.map((chosen, at) => buildTable(choices, chosen, at));
  const tenantKeys = [0, 1, 2].map((tenant) => tenantKey(choices, tenant));
  const subjects = built.map((one) => one.table);
  const entities = [...new Set(subjects.map((table) => table.entity))];
  const entityTypes = choices.narrowed === 0 ? undefined : entities.slice(0, choices.narrowed);
  return {
    names,
    source: modelDef(choices, 0),
    target: modelDef(choices, 1),
    spellings: spellingsOf(choices),
    me: tenantKeys[0] ?? '',
    byKeyAlone: choices.modelKeys !== 'composite',
    deadRows: choices.deadRows,
    parameters: choices.parameters,
    entityTypes,
    hasModelTable: choices.modelTable,
    surroundings: [
      ...surroundings(choices, names),
      ...modelTable(choices, names, tenantKeys),
      ...built.flatMap((one) => one.junctions),
    ],
    subjects,
    config: configOf(choices, built),
    intent: intentOf(choices, subjects, entityTypes),
  };
}

function buildTable(choices: Choices, chosen: TableChoice, at: number): Built {
  const names = namesFor(choices.oddNames);
  const name = subjectName(choices.oddNames, at);
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
  const all = chosen.rows.map((row, number) => ({
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
  { row, number }: { row: RowChoice; number: number },
): Cells {
  const { choices, names, chosen } = context;
  const scope = shape.keyPlace !== undefined || row.scope < 2 ? `s${row.scope}` : null;
  const places = shape.places.map((place) =>
    placeCells(context, place, { row, notNull: place === shape.keyPlace }),
  );
  return {
    [names.id]: keyOf(shape.idType as 'uuid', 8, number),
    ...tieCells({ choices, names, table: shape.name }, chosen.tie, row),
    [names.scope]: scope,
    [names.deleted]: row.dead ? 'true' : 'false',
    ...(chosen.statuses ? { [names.status]: ['active', 'draft', 'archived', null][row.status] ?? null } : {}),
    ...settingCells(context, shape.places, row),
    ...Object.assign({}, ...places),
  } as Cells;
}

function settingCells({ names }: PlaceContext, places: readonly PlaceDef[], { settings }: RowChoice): Cells {
  if (!places.some((one) => one.settings)) return {};
  return {
    [names.parameters]: ['{}', '{"temperature": 1}', null, 'null'][settings] ?? null,
    [names.effort]: [null, 'high', 'low', 'high'][settings] ?? null,
    [names.spare]: [null, '7', null, '0'][settings] ?? null,
  };
}

function configOf(choices: Choices, built: readonly Built[]): Config {
  const names = namesFor(choices.oddNames);
  const byTable = <T>(value: (one: Built) => T): Record<string, T> =>
    Object.fromEntries(built.map((one) => [configName(one.table.name), value(one)]));
  const keys = built.filter((one) => one.table.configuredKey.length > 0);
  const links = built.flatMap(({ table, link }) =>
    link === undefined ? [] : [[configName(table.name), link]],
  );
  const global =
    choices.globalTarget && choices.modelKeys !== 'composite'
      ? { global: `${quote(names.tenant)} IS NULL` }
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
                retired: `${quote(names.state)} = 'gone'`,
                retire: { [names.state]: 'gone', [names.successor]: '$target' },
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
    dead: byTable(() => quote(names.deleted)),
    types: byTable((one) => one.table.entity),
    deadRows: choices.deadRows,
  };
}

function intentOf(
  choices: Choices,
  subjects: readonly TableDef[],
  entityTypes: readonly string[] | undefined,
): Intent {
  const { name: from, provider } = modelDef(choices, 0);
  const target = modelDef(choices, 1);
  const answers = subjects.flatMap((table) =>
    table.places.flatMap((place) =>
      place.answer === 'none' ? [] : [[placeId(table, place), place.answer] as const],
    ),
  );
  return {
    tenant: tenantKey(choices, 0),
    from: choices.modelTable ? from : `${provider}/${from}`,
    to: choices.modelTable ? target.name : `${target.provider}/${target.name}`,
    parameters: choices.parameters,
    answers: Object.fromEntries(answers),
    leaveAsks: true,
    ...(entityTypes === undefined ? {} : { entityTypes }),
  };
}
