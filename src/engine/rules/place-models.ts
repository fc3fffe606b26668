/** Which table of models a place means. A key means nothing without its table: two tables may both have a model 1. */
import { findColumn } from '../catalogue/catalog.ts';
import type { ForeignKey, Table } from '../catalogue/catalog.ts';
import { findNamedTable } from '../catalogue/names.ts';
import type { ConfigProblem } from './config.ts';
import type { Draft, FoundPlace, ModelTable } from './place.ts';

function refuse(draft: Draft, path: ConfigProblem['path'], message: string): void {
  draft.problems.push({ path: ['places', ...path], message });
}

/** The foreign key of the column to a table of models: to the one that the configuration names, where it names one. */
export function modelKey(draft: Draft, found: Omit<FoundPlace, 'carrier' | 'key'>): FoundPlace['key'] {
  const { place, table, column } = found;
  const keys = table.foreignKeys.flatMap((foreignKey) =>
    draft.modelTables
      .filter((model) => leadsTo(foreignKey, column.name, model))
      .map((model) => ({ foreignKey, model })),
  );
  const named = place.models === undefined ? undefined : findNamedTable(draft.scope, place.models)?.id;
  const fits = keys.filter(
    ({ model }) =>
      (place.kind === undefined || place.kind === model.kind) &&
      (place.models === undefined || model.table.id === named),
  );
  const [only] = fits;
  const [other] = keys;
  if (only === undefined && other !== undefined && place.models !== undefined)
    refuse(
      draft,
      [found.at, 'models'],
      `the foreign key ${other.foreignKey.name} of ${place.at} leads to ${other.model.config.table}, not to ${place.models}`,
    );
  return only;
}

function leadsTo(foreignKey: ForeignKey, column: string, model: ModelTable): boolean {
  return (
    foreignKey.references === model.table.id &&
    foreignKey.columns.some((name, at) => name === column && foreignKey.referencedColumns[at] === model.key)
  );
}

/**
 * The table of models that a value without a foreign key means: the one that the configuration names, or the only one of its kind
 * where the value is a key. A name means the model in whatever table. So does a uuid, which no other row has.
 */
export function modelsMeant(
  draft: Draft,
  { place, at, column }: FoundPlace,
  template: string,
): ModelTable | undefined {
  const kind = place.kind ?? draft.modelTables[0]?.kind;
  const byKey = template.includes('{key}') || place.fields?.['key'] !== undefined;
  if (place.models !== undefined) {
    const id = findNamedTable(draft.scope, place.models)?.id;
    const found = draft.modelTables.find((model) => model.table.id === id);
    if (found === undefined)
      refuse(draft, [at, 'models'], `${place.models} is no table of model.tables that holds models`);
    return found;
  }
  const [only, ...others] = draft.modelTables.filter((model) => model.kind === kind);
  if (!byKey || only === undefined || others.length === 0) return byKey ? only : undefined;
  const all = [only, ...others];
  const repeats = all.some((model) => findColumn(model.table, model.key)?.kind !== 'uuid');
  const moves = !['ignore', 'catalogue', 'dead-copy'].includes(place.role ?? 'reference');
  if (repeats && moves)
    refuse(
      draft,
      [at],
      `${place.at} holds a key (${column.type}), and ${all.map((model) => model.config.table).join(' and ')} may both have ` +
        'a model of that key: say which table it means with "models", or give the tables a "kind" each',
    );
  return undefined;
}

/** Is the key of the models unique by itself, and not only within a tenant? */
export function hasUniqueKeys(
  draft: Pick<Draft, 'modelTables'>,
  kind: string,
  only: ModelTable | undefined,
): boolean {
  const tables = only === undefined ? draft.modelTables.filter((model) => model.kind === kind) : [only];
  const unique = ({ table, key }: ModelTable): boolean =>
    table.uniqueIndexes.some(
      ({ predicate, columns }) => predicate === undefined && columns.length === 1 && columns[0] === key,
    );
  return tables.length > 0 && tables.every(unique);
}

/** A model that points at others must not come to point at itself: the column that says which model the row is, in that form. */
export function calledItself(
  { modelTables }: Pick<Draft, 'modelTables'>,
  { id }: Table,
  { kind, template }: { readonly kind: string; readonly template: string },
): string | undefined {
  const own = modelTables.find((model) => model.table.id === id && model.kind === kind);
  if (template === '{key}') return own?.key;
  return template === '{name}' ? own?.config.columns.name : undefined;
}
