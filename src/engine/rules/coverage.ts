/** What the rules speak about: columns that say whose and which a row is, and places that lead to a value. */
import { canMove } from './place.ts';
import { findColumn, findTable, type Table, type TableId } from '../catalogue/catalog.ts';
import { findNamedTable } from '../catalogue/names.ts';
import type { ModelTable, Place } from './place.ts';
import type { Rules } from './references.ts';

/**
 * Columns that say who a row is or belongs to, not which model it names: keys, foreign keys to other tables, and in a table of models
 * or providers what they are called.
 */
export function identifyingColumns(rules: Rules, table: Table): Set<string> {
  const models = new Set(rules.modelTables.map((model) => model.table.id));
  const keys = table.foreignKeys.filter((key) => !models.has(key.references)).flatMap((key) => key.columns);
  const tenant = rules.config.tenant.column;
  // The key of another row may be that of the row which gets another one: two tables that share a key without saying so.
  if (rules.subject !== undefined) return new Set([...keys, ...(tenant === undefined ? [] : [tenant])]);
  return new Set([
    ...table.primaryKey.filter((column) => findColumn(table, column)?.kind === 'uuid'),
    ...keys,
    ...(tenant === undefined ? [] : [tenant]),
    ...rules.modelTables.flatMap((model) => namingColumns(rules, model, table)),
  ]);
}

/** What models and their providers are called, what is true of a model, and what follows it. */
function namingColumns({ scope }: Rules, { table: models, key, config }: ModelTable, table: Table): string[] {
  const { columns, providers, facts = {}, retire = {} } = config;
  const ofProviders =
    providers !== undefined && findNamedTable(scope, providers.table)?.id === table.id
      ? [providers.column, providers.name]
      : [];
  return [
    ...(models.id === table.id
      ? [key, ...Object.values(columns), ...Object.values(facts), ...Object.keys(retire)]
      : []),
    ...ofProviders,
  ];
}

/**
 * What the configuration says of a place, whatever stands there: the roles of its places, or that it is what a model is called. Empty
 * where it says nothing; undefined of a table that it leaves out.
 */
export function rolesAt(
  rules: Rules,
  at: { readonly table: TableId; readonly column: string; readonly path: string | null },
): readonly string[] | undefined {
  const table = findTable(rules.catalog, at.table);
  if (table === undefined) return undefined;
  const roles = placesAt(rules, at).map(({ role }) => role);
  if (roles.length > 0) return [...new Set(roles)];
  return identifyingColumns(rules, table).has(at.column) ? ['catalogue'] : [];
}

/** Places that lead to a value, whatever it is: those of the column, or those whose pointer fits the path. */
export function placesAt(
  rules: Pick<Rules, 'places'>,
  { table, column, path }: { readonly table: TableId; readonly column: string; readonly path: string | null },
): Place[] {
  return rules.places.filter((place) => {
    if (place.table !== table || place.column !== column) return false;
    if (place.json === undefined || place.whole === true) return true;
    const members =
      place.json.fields === undefined ? [[]] : Object.values(place.json.fields).map((member) => [member]);
    const elements = place.shape === 'list' ? [['*']] : [[]];
    const tails = elements.flatMap((element) => members.map((member) => [...element, ...member]));
    const exact = canMove(place);
    return tails.some((tail) =>
      covers([...steps(place.json?.pointer ?? ''), ...tail], steps(path ?? ''), exact),
    );
  });
}

function steps(pointer: string): string[] {
  return pointer.split('/').slice(1);
}

/**
 * `*` stands for one step, `**` for any number. What moves is found by its exact pointer, and there no wildcard leads into a string or to
 * names of members; another role holds for all that is below.
 */
function covers(pattern: readonly string[], path: readonly string[], exact = false): boolean {
  const [first, ...rest] = pattern;
  const [step, ...steps] = path;
  if (first === undefined) return step === undefined;
  const fits = step !== undefined && !(exact && /^~(?:json|key)$/.test(step));
  if (first === '**') return covers(rest, path, exact) || (fits && covers(pattern, steps, exact));
  return step !== undefined && (first === step || (first === '*' && fits)) && covers(rest, steps, exact);
}

/** The columns that name a row: the primary key, or what the configuration says. Undefined where neither is there. */
export function rowKeyNames({ scope, config }: Rules, table: Table): readonly string[] | undefined {
  if (table.primaryKey.length > 0) return table.primaryKey;
  const entries = Object.entries(config.database?.keys ?? {});
  return entries.find(([name]) => findNamedTable(scope, name)?.id === table.id)?.[1];
}

export function hasKey(rules: Rules, table: Table): boolean {
  return (rowKeyNames(rules, table)?.length ?? 0) > 0;
}
