/**
 * What names a model: the foreign keys of the catalogue and the places of the configuration, made into one list.
 * A `Place` is resolved: its table and columns exist, its carrier is known, its conditions can be compiled.
 */
import type { ModelKnowledge } from '../models/knowledge.ts';
import { type Catalog, findColumn, findTable, type Table, type TableId } from '../catalogue/catalog.ts';
import type { Config, ConfigProblem, Role } from './config.ts';
import { findNamedColumn, findNamedTable, type NameScope } from '../catalogue/names.ts';
import { type Ownership, resolveOwnership, tenantLinks } from './ownership.ts';
import type { Draft, ModelTable, Place } from './place.ts';
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
  /** Columns that somebody classified, so that the value scan leaves them out: `table id` → columns, `*` for all. */
  readonly classified: ReadonlyMap<TableId, ReadonlySet<string>>;
  /** The session of a tenant can see no row of another one, whatever a statement asks for. */
  readonly exclusive?: boolean;
  /** What is known about models beside their rows. */
  readonly knowledge?: ModelKnowledge;
}

/** Fits a configuration to a catalogue. All problems at once; the rules are usable only when there are none. */
export function resolveRules(catalog: Catalog, config: Config): { rules: Rules; problems: ConfigProblem[] } {
  const scope = { catalog, schemas: config.database?.schemas ?? ['public'] };
  const problems: ConfigProblem[] = [
    ...tenantProblems(scope, config),
    ...tenantLinks(scope, config).problems,
  ];
  const modelTables = resolveModelTables(scope, config, problems);
  const draft = { scope, config, modelTables, problems };
  const listed = (config.places ?? []).flatMap((place, at) => resolvePlace(draft, place, at));
  const places = [...listed, ...unlistedKeys(draft, listed)];
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
  return { rules, problems: [...problems, ...duplicatePlaces(places)] };
}

function tenantProblems(scope: NameScope, config: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const { root, global = [], unrelated = [] } = config.tenant;
  if (root !== 'none' && findNamedTable(scope, root) === undefined)
    problems.push({ path: ['tenant', 'root'], message: `no table ${root}` });
  for (const [at, name] of global.entries()) {
    if (findNamedTable(scope, name) === undefined)
      problems.push({ path: ['tenant', 'global', at], message: `no table ${name}` });
  }
  for (const [at, name] of unrelated.entries()) {
    if (findNamedColumn(scope, name) === undefined)
      problems.push({ path: ['tenant', 'unrelated', at], message: `no column ${name}` });
  }
  for (const section of ['dead', 'display', 'types', 'unique'] as const) {
    for (const name of Object.keys(config[section] ?? {})) {
      if (findNamedTable(scope, name) === undefined)
        problems.push({ path: [section, name], message: `no table ${name}` });
    }
  }
  return problems;
}

function resolveModelTables(scope: NameScope, config: Config, problems: ConfigProblem[]): ModelTable[] {
  return (config.model.tables ?? []).flatMap((entry, at) => {
    const table = findNamedTable(scope, entry.table);
    const path = ['model', 'tables', at];
    if (table === undefined) {
      problems.push({ path: [...path, 'table'], message: `no table ${entry.table}` });
      return [];
    }
    const tenant = entry.columns.tenant ?? config.tenant.column;
    const key = entry.key ?? table.primaryKey.find((column) => column !== tenant);
    for (const column of [
      ...Object.values(entry.columns),
      ...Object.values(entry.facts ?? {}),
      ...Object.keys(entry.retire ?? {}),
    ]) {
      if (findColumn(table, column) === undefined)
        problems.push({ path, message: `${entry.table} has no column ${column}` });
    }
    if (key === undefined)
      problems.push({ path, message: `${entry.table} has no primary key: say which column is the "key"` });
    return key === undefined ? [] : [{ table, kind: entry.kind ?? 'completion', key, config: entry }];
  });
}

/** Foreign keys to a model that no place mentions: nothing may be forgotten, so they become places of their own. */
function unlistedKeys(draft: Draft, listed: readonly Place[]): Place[] {
  const known = new Set(listed.map((place) => `${place.table} ${place.column}`));
  const models = new Set(draft.modelTables.map((model) => model.table.id));
  return draft.scope.catalog.tables.flatMap((table) =>
    table.foreignKeys.flatMap((foreignKey) => {
      const model = draft.modelTables.find((candidate) => candidate.table.id === foreignKey.references);
      const column =
        model === undefined ? undefined : foreignKey.columns[foreignKey.referencedColumns.indexOf(model.key)];
      const facts = column === undefined ? undefined : findColumn(table, column);
      if (model === undefined || facts === undefined || known.has(`${table.id} ${facts.name}`)) return [];
      known.add(`${table.id} ${facts.name}`);
      const star = wholeTableRole(draft, table);
      const role: Role = models.has(table.id)
        ? 'catalogue'
        : (star ?? draft.config.unlistedForeignKeys ?? 'ask');
      const place = {
        at: '',
        role,
        reason: 'found in the catalogue; no place of the configuration mentions it',
      };
      return [
        {
          ...buildPlace(draft, {
            place,
            at: -1,
            table,
            column: facts,
            carrier: 'columns',
            key: { foreignKey, model },
          }),
          listed: star !== undefined || models.has(table.id),
        },
      ];
    }),
  );
}

/** The role that `table.*` gives to every column that no other place mentions. */
function wholeTableRole(draft: Draft, table: Table): Role | undefined {
  return (draft.config.places ?? []).find(
    (place) => place.at.endsWith('.*') && findNamedTable(draft.scope, place.at.slice(0, -2))?.id === table.id,
  )?.role;
}

/** Column names by table; `*` for all of a table. A document counts only where its places cover it (see `isCovered`). */
function classify(draft: Draft, places: readonly Place[]): Map<TableId, Set<string>> {
  const classified = new Map<TableId, Set<string>>();
  const add = (table: TableId, columns: readonly string[]): void => {
    const set = classified.get(table) ?? new Set<string>();
    for (const column of columns) set.add(column);
    classified.set(table, set);
  };
  for (const model of draft.modelTables) {
    add(model.table.id, ['*']);
    const providers =
      model.config.providers === undefined
        ? undefined
        : findNamedTable(draft.scope, model.config.providers.table);
    if (providers !== undefined) add(providers.id, ['*']);
  }
  for (const place of places) {
    const own = place.json === undefined ? [place.column, ...place.columns.map((part) => part.column)] : [];
    add(place.table, [...own, ...place.copies]);
  }
  for (const place of draft.config.places ?? []) {
    const table = place.at.endsWith('.*') ? findNamedTable(draft.scope, place.at.slice(0, -2)) : undefined;
    if (table !== undefined) add(table.id, ['*']);
  }
  for (const name of draft.config.database?.ignore ?? []) {
    const table = findNamedTable(draft.scope, name);
    if (table !== undefined) add(table.id, ['*']);
  }
  return classified;
}

function duplicatePlaces(places: readonly Place[]): ConfigProblem[] {
  const seen = new Set<string>();
  return places.flatMap((place) => {
    if (!seen.has(place.id)) return (seen.add(place.id), []);
    return [{ path: ['places'], message: `${place.id} is listed twice` }];
  });
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
