/**
 * What names a model: the foreign keys of the catalogue and the places of the configuration, made into one list.
 * A `Place` is resolved: its table and columns exist, its carrier is known, its conditions can be compiled.
 */
import type { ModelKnowledge } from '../models/knowledge.ts';
import { type Catalog, findColumn, findTable, type Table, type TableId } from '../catalogue/catalog.ts';
import type { Config, ConfigProblem, Role } from './config.ts';
import { findNamedTable, type NameScope } from '../catalogue/names.ts';
import { tenantLinks } from './links.ts';
import { type Ownership, resolveOwnership } from './ownership.ts';
import type { Draft, ModelTable, Place } from './place.ts';
import { type ListedPlace, placesProblems, withOwnIds } from './check-places.ts';
import { linkCopies } from './copies.ts';
import { resolveModelTables } from './model-tables.ts';
import { nameProblems } from './names-used.ts';
import { buildPlace, resolvePlace } from './resolve-place.ts';

/** A configuration made to fit a catalogue: all that planning needs to know about a database. */
export interface Rules {
  readonly scope: NameScope;
  readonly catalog: Catalog;
  readonly config: Config;
  readonly kinds: readonly string[];
  readonly modelTables: readonly ModelTable[];
  readonly places: readonly Place[];
  readonly ownership: ReadonlyMap<TableId, Ownership>;
  /** Table id → the columns that the rules speak about, `*` for all. The scan of values leaves them out. */
  readonly classified: ReadonlyMap<TableId, ReadonlySet<string>>;
  /** A tenant's session sees no row of another tenant, whatever a statement asks for. */
  readonly exclusive?: boolean;
  /** What is known about models beside their rows. */
  readonly knowledge?: ModelKnowledge;
}

export interface Resolved {
  readonly rules: Rules;
  readonly problems: ConfigProblem[];
  /** The places of the configuration, by their number there. */
  readonly listed: readonly ListedPlace[];
}

/** Fits a configuration to a catalogue. All problems come at once. The rules are usable only where there are none. */
export function resolveRules(catalog: Catalog, config: Config): Resolved {
  const scope = { catalog, schemas: config.database?.schemas ?? ['public'] };
  const problems: ConfigProblem[] = [
    ...reservedNames(catalog),
    ...nameProblems(scope, config),
    ...tenantLinks(scope, config).problems,
  ];
  const modelTables = resolveModelTables(scope, config, problems);
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
  const linked = linkCopies(draft, said);
  const places = [...linked, ...unlistedKeys(draft, linked)];
  problems.push(...listed.problems, ...placesProblems(listed.places, places));
  const ownership = resolveOwnership({
    scope,
    config,
    modelTables: new Set(modelTables.map((model) => model.table.id)),
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
    classified: classify(draft, places),
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
      const { role, listed: isSaid } = unlistedRole(draft, table);
      const found = { table, column, carrier: 'columns', key: { foreignKey, model } } as const;
      return [
        { ...buildPlace(draft, { place: { at: '', role, reason }, at: -1, ...found }), listed: isSaid },
      ];
    }),
  );
}

/** The role of a foreign key to a model that has no place; does the configuration say it? */
function unlistedRole({ scope, config, modelTables }: Draft, table: Table): { role: Role; listed: boolean } {
  if (modelTables.some((model) => model.table.id === table.id)) return { role: 'catalogue', listed: true };
  const star = (config.places ?? []).find(
    ({ at }) => at.endsWith('.*') && findNamedTable(scope, at.slice(0, -2))?.id === table.id,
  );
  return { role: star?.role ?? config.unlistedForeignKeys ?? 'ask', listed: star?.role !== undefined };
}

/** Column names by table; `*` for all of a table. A document counts only where its places cover it (see `isCovered`). */
function classify(
  { scope, config, modelTables }: Draft,
  places: readonly Place[],
): Map<TableId, Set<string>> {
  const classified = new Map<TableId, Set<string>>();
  const add = (table: TableId, columns: readonly string[]): void => {
    classified.set(table, new Set([...(classified.get(table) ?? []), ...columns]));
  };
  for (const { table, json, whole, column, columns } of places)
    if (json === undefined || whole === true) add(table, [column, ...columns.map((part) => part.column)]);
  const wholeTables = [
    ...modelTables.flatMap(({ config: { table, providers } }) => [
      table,
      ...(providers ? [providers.table] : []),
    ]),
    ...(config.places ?? []).flatMap(({ at }) => (at.endsWith('.*') ? [at.slice(0, -2)] : [])),
    ...(config.database?.ignore ?? []),
  ];
  for (const name of wholeTables) {
    const table = findNamedTable(scope, name);
    if (table !== undefined) add(table.id, ['*']);
  }
  return classified;
}

/** The table of a place. */
export function tableOf(rules: Rules, id: TableId): Table {
  const table = findTable(rules.catalog, id);
  if (table === undefined) throw new Error(`the catalogue has no table ${id}`);
  return table;
}

/** The table that holds models of a kind. Undefined where none does. */
export function modelTableOf(rules: Rules, kind: string): ModelTable | undefined {
  return rules.modelTables.find((model) => model.kind === kind);
}
