/**
 * What names a model: the foreign keys of the catalogue and the places of the configuration, made into one list.
 * A `Place` is resolved: its table and columns exist, its carrier is known, its conditions can be compiled.
 */
import { given } from '../given.ts';
import type { ModelKnowledge } from '../models/knowledge.ts';
import type { ModelName } from '../models/model.ts';
import { type Catalog, findColumn, findTable, type Table, type TableId } from '../catalogue/catalog.ts';
import type { Config, ConfigProblem } from './config.ts';
import type { PlaceRole } from './place-config.ts';
import { findNamedTable, type NameScope } from '../catalogue/names.ts';
import { tenantLinks } from './links.ts';
import { type Ownership, resolveOwnership } from './ownership.ts';
import type { Draft, ModelTable, Place } from './place.ts';
import { sharedSchemas } from './tenancy.ts';
import { type ListedPlace, placesProblems, withOwnIds } from './check-places.ts';
import { linkCopies } from './copies.ts';
import { resolveModelTables } from './model-tables.ts';
import { nameProblems } from './names-used.ts';
import { linkRivals } from './copies.ts';
import { buildPlace, resolvePlace } from './resolve-place.ts';
import type { Subject } from './rows/followers.ts';
import { subjectOf } from './rows/view.ts';
import { followingPlaces, subjectTables } from './rows/subject-table.ts';

/** A configuration made to fit a catalogue: all that planning needs to know about a database. */
export interface Rules {
  readonly scope: NameScope;
  readonly catalog: Catalog;
  readonly config: Config;
  readonly kinds: readonly string[];
  readonly modelTables: readonly ModelTable[];
  readonly places: readonly Place[];
  readonly ownership: ReadonlyMap<TableId, Ownership>;
  /** The tenant's schema, where each tenant has one of its own. */
  readonly schema?: string;
  /** A tenant's session sees no row of another tenant, whatever a statement asks for. */
  readonly exclusive?: boolean;
  /** Where rows are given other keys and no model moves (rows/view.ts): the table, and what follows its rows. */
  readonly subject?: Subject;
  /** What is known about models beside their rows. */
  readonly knowledge?: ModelKnowledge;
}

export interface Resolved {
  readonly rules: Rules;
  readonly problems: ConfigProblem[];
  /** The places of the configuration, by their number there. */
  readonly listed: readonly ListedPlace[];
}

/**
 * Fits a configuration to a catalogue. All problems come at once. The rules are usable only where there are none.
 * @param schema the tenant's, where each tenant has a schema of its own
 */
export function resolveRules(catalog: Catalog, config: Config, schema?: string): Resolved {
  const scope = { catalog, schemas: [...(schema === undefined ? [] : [schema]), ...sharedSchemas(config)] };
  const problems: ConfigProblem[] = [
    ...reservedNames(catalog),
    ...nameProblems(scope, config),
    ...tenantLinks(scope, config).problems,
  ];
  const rows = subjectOf(config);
  const modelTables =
    rows === undefined
      ? resolveModelTables(scope, config, problems)
      : subjectTables(scope, { subject: rows, config, problems });
  const draft = { scope, config, modelTables, problems };
  const listed = withOwnIds(
    (config.places ?? []).flatMap((place, at) =>
      resolvePlace(draft, place, at).map((resolved) => ({ at, place: resolved })),
    ),
  );
  const said = listed.places.map(({ at, place }) => ({
    said: config.places?.[at] ?? { at: '' },
    at,
    places: [place],
  }));
  const linked = linkRivals(draft, said, linkCopies(draft, said));
  const following = rows === undefined ? undefined : followingPlaces(draft, linked);
  const places = [
    ...linked.filter((place) => following?.isPolicy(place) !== true),
    ...(following?.places ?? (rows === undefined ? unlistedKeys(draft, linked) : [])),
  ];
  problems.push(...listed.problems, ...placesProblems(listed.places, places), ...parameterProblems(places));
  const ownership = resolveOwnership({
    scope,
    config,
    modelTables: new Set(rows === undefined ? modelTables.map((model) => model.table.id) : []),
    ...given({ schema }),
  });
  const kinds =
    modelTables.length > 0 ? [...new Set(modelTables.map((model) => model.kind))] : ['completion'];
  const rules = {
    scope,
    catalog,
    config,
    kinds,
    modelTables,
    places,
    ownership,
    ...given({ schema, subject: following?.subject }),
  };
  return { rules, problems, listed: listed.places };
}

/** Statements for several tenants give names of their own to what they join; a condition must never mean one of those. */
function reservedNames({ tables }: Catalog): ConfigProblem[] {
  return tables.flatMap((table) =>
    table.columns
      .filter(({ name }) => name.startsWith('drover:'))
      .map(({ name }) => ({
        path: ['database', 'ignore'],
        message: `${table.id} has a column "${name}", and such names are Drover's own: rename it, or ignore the table`,
      })),
  );
}

/** Foreign keys to a model that no place mentions. Nothing may be forgotten, so each becomes a place. */
function unlistedKeys(draft: Draft, listed: readonly Place[]): Place[] {
  const known = new Set(listed.map((place) => `${place.table} ${place.column}`));
  const reason = 'found in the catalogue; no place of the configuration mentions it';
  return draft.scope.catalog.tables.flatMap((table) =>
    table.foreignKeys.flatMap((foreignKey) => {
      const model = draft.modelTables.find((candidate) => candidate.table.id === foreignKey.references);
      const at = foreignKey.referencedColumns.indexOf(model?.key ?? '');
      const column = findColumn(table, foreignKey.columns[at] ?? '');
      if (model === undefined || column === undefined || known.has(`${table.id} ${column.name}`)) return [];
      known.add(`${table.id} ${column.name}`);
      const { role, listed: isSaid } = unlistedRole(draft, table, column.name);
      const found = { table, column, carrier: 'columns', key: { foreignKey, model } } as const;
      return [
        { ...buildPlace(draft, { place: { at: '', role, reason }, at: -1, ...found }), listed: isSaid },
      ];
    }),
  );
}

/** The role of a foreign key to a model that has no place; does the configuration say it? */
function unlistedRole(
  { scope, config, modelTables }: Draft,
  table: Table,
  column: string,
): { role: PlaceRole; listed: boolean } {
  // What a retired model was replaced by is written there by a migration, and moved by none.
  const own = modelTables.find((model) => model.table.id === table.id);
  if (own?.config.retire !== undefined && Object.hasOwn(own.config.retire, column))
    return { role: 'catalogue', listed: true };
  const star = (config.places ?? []).find(
    ({ at }) => at.endsWith('.*') && findNamedTable(scope, at.slice(0, -2))?.id === table.id,
  );
  return { role: star?.role ?? config.unlistedForeignKeys ?? 'ask', listed: star?.role !== undefined };
}

/** A document that holds references is not reset as a whole. */
function parameterProblems(places: readonly Place[]): ConfigProblem[] {
  return places.flatMap(({ id, table, parameters, parameterMembers }) => {
    const inside = places.filter((other) => other.table === table && other.column === parameters);
    if (parameterMembers !== 'all' || inside.length === 0) return [];
    const holds = inside.map((other) => other.id).join(', ');
    const message = `${id} calls all of ${parameters} parameters, but it holds ${holds}: leave parameterMembers out`;
    return [{ path: ['places'], message }];
  });
}

/** The table of a place. */
export function tableOf(rules: Rules, id: TableId): Table {
  const table = findTable(rules.catalog, id);
  if (table === undefined) throw new Error(`the catalogue has no table ${id}`);
  return table;
}

/** The table of tenants; undefined where no table lists them. */
export function tenantTable({ scope, config }: Pick<Rules, 'scope' | 'config'>): Table | undefined {
  return findNamedTable(scope, config.tenant.root ?? '');
}

/**
 * Can the table hold rows that are nobody's alone? Where a session sees one tenant's rows only, those of tenants are out of sight, and
 * where each tenant has a schema of its own, all of its tables are that tenant's.
 */
export function mayHoldShared(rules: Pick<Rules, 'exclusive' | 'ownership'>, table: TableId): boolean {
  const kind = rules.ownership.get(table)?.kind;
  return kind === 'global' || (rules.exclusive !== true && kind !== 'single');
}

/** The tables that hold models of a kind. */
export function modelTablesOf(rules: Pick<Rules, 'modelTables'>, kind: string): ModelTable[] {
  return rules.modelTables.filter((model) => model.kind === kind);
}

/** The tables in which the row of a model may be: one where several hold its kind and the model says which; none where nothing does. */
export function tablesOfModel(
  rules: Pick<Rules, 'modelTables'>,
  { kind, table }: Pick<ModelName, 'kind' | 'table'>,
): ModelTable[] {
  return modelTablesOf(rules, kind).filter((model) => table === undefined || model.table.id === table);
}

/** The table that holds the row of a model. Undefined where none does. */
export function modelTableOf(
  rules: Pick<Rules, 'modelTables'>,
  model: Pick<ModelName, 'kind' | 'table'>,
): ModelTable | undefined {
  return tablesOfModel(rules, model)[0];
}
