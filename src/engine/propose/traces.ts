/** Everything that names a model: foreign keys, keys without a foreign key, and values in texts, lists and documents. */
import { given } from '../given.ts';
import { type Column, findColumn, type Table, type TableId } from '../catalogue/catalog.ts';
import { isCalledOwner } from '../catalogue/owner-words.ts';
import { mayBeAnyKey } from '../inventory/term.ts';
import { documentTraces } from './inner-traces.ts';
import { isModelName, type KnownWords } from './known-words.ts';
import { isCalledModel, isLabel, namesModelPointer } from '../catalogue/listed-models.ts';
import { matchRate, valuesOf } from './observation.ts';
import type { ModelGuess } from './models.ts';
import type { PlaceInput, Trace } from './trace.ts';
import { bindingTraces } from './bindings.ts';
import { isPlain, type KnownNames } from './templates.ts';
import { textTraces } from './text-traces.ts';
import { looksLikeModel, namesModel, namesProvider } from '../catalogue/wording.ts';

/** All traces, in the order of the catalogue. */
export function listTraces(input: PlaceInput): Trace[] {
  const known = knownNames(input);
  const referred = referredColumns(input);
  return input.scope.catalog.tables.flatMap((table) => {
    const model = input.models.find((each) => each.table === table.id);
    const keys = keyTraces(input, table);
    if (model !== undefined) return [...keys, ...ownTraces(input, known, table, model)];
    const bindings = bindingTraces(input, known, table);
    const claimed = new Set([
      ...[...keys, ...bindings].map((trace) => trace.column.name),
      ...table.foreignKeys.flatMap((key) => key.columns),
      ...(referred.get(table.id) ?? []).filter((column) => isKeyFirst(input, table, column)),
    ]);
    // What the database computes follows its source.
    const rest = table.columns.filter(
      (column) => !claimed.has(column.name) && !column.computed && !holdsProviders(known, column),
    );
    return [...keys, ...bindings, ...rest.flatMap((column) => valueTraces(input, known, table, column))];
  });
}

/** The columns of each table to which foreign keys lead. */
function referredColumns({ scope }: PlaceInput): ReadonlyMap<TableId, readonly string[]> {
  const keys = scope.catalog.tables.flatMap(({ foreignKeys }) => foreignKeys);
  const byTable = Map.groupBy(keys, ({ references }) => references);
  return new Map([...byTable].map(([id, own]) => [id, own.flatMap((key) => key.referencedColumns)]));
}

/** A customer may have the key `o1`. A key that foreign keys refer to is a key first, unless its values read like models alone. */
function isKeyFirst({ seen, words }: PlaceInput, table: Table, column: string): boolean {
  if (isCalledModel(table) || namesModel(column)) return false;
  const named = valuesOf(seen, table.id, column).filter((value) => isModelName(words, value));
  return isCalledOwner(table.name) || named.every(mayBeAnyKey);
}

function holdsProviders({ hasProvider }: KnownNames, column: Column): boolean {
  // A document of that name may say more of a provider than who it is.
  if (!namesProvider(column.name) || /^jsonb?(\[\])?$/.test(column.kind)) return false;
  return hasProvider || column.kind !== 'text';
}

/** Names and keys from the tables of models, and the names seen where a column or member says that it holds one. */
function knownNames({ seen, models, words, hasProvider }: PlaceInput): KnownNames {
  const names = new Set<string>();
  const keys = new Set<string>();
  for (const entry of seen.columns) {
    const model = models.find((each) => each.table === entry.table);
    if (
      entry.column === model?.value.columns.name ||
      (model === undefined &&
        models.length === 0 &&
        namesModel(entry.column) &&
        entry.distinct.some(looksLikeModel))
    )
      add(
        names,
        entry.distinct.filter((value) => models.length > 0 || isPlain(value)),
      );
    if (entry.column === model?.key) add(keys, entry.distinct);
  }
  for (const name of keys) names.delete(name);
  return { names, keys, words, hasProvider };
}

function add(set: Set<string>, values: readonly string[]): void {
  for (const value of values) if (value !== '' && value.length <= 100) set.add(value);
}

/** Foreign keys to models. */
function keyTraces({ models }: PlaceInput, table: Table): Trace[] {
  return table.foreignKeys.flatMap((key) => {
    const model = models.find((each) => each.table === key.references);
    const column =
      model === undefined
        ? undefined
        : findColumn(table, key.columns[key.referencedColumns.indexOf(model.key)] ?? '');
    if (model === undefined || column === undefined) return [];
    const reason = `foreign key to ${model.table}`;
    return [
      { table, column, how: {}, reason, kind: model.kind, ...pointerDoubt(column, table.id === model.table) },
    ];
  });
}

/** What a model is based on, or falls back to, is in use; what takes its place is a fact. */
function pointerDoubt({ name }: Column, isOwn: boolean): { doubt?: string } {
  if (!isOwn || !/(base|fallback|default|parent|backup|alternative)/i.test(name)) return {};
  return { doubt: `${name} of a model is another model that it needs` };
}

/** In a table of models: what points at other models, and display text. The columns that identify a model are no places. */
function ownTraces(input: PlaceInput, known: KnownNames, table: Table, model: ModelGuess): Trace[] {
  const { name, provider, family, tenant } = model.value.columns;
  const identifying = new Set([model.key, name, provider, family, tenant, ...table.primaryKey]);
  const foreign = new Set(table.foreignKeys.flatMap((key) => key.columns));
  const rest = table.columns.filter(
    (column) => !identifying.has(column.name) && !foreign.has(column.name) && !column.computed,
  );
  return rest.flatMap((column) => {
    if (['integer', 'uuid'].includes(column.kind)) return [];
    const traces = valueTraces(input, known, table, column);
    const isPointer = namesModelPointer(column.name) || (namesModel(column.name) && !isLabel(column.name));
    const doubt = `${column.name} of a model may be another model that it needs`;
    return traces.map((trace): Trace => ({ ...trace, ...(isPointer ? { doubt } : { describes: true }) }));
  });
}

function valueTraces(input: PlaceInput, known: KnownNames, table: Table, column: Column): Trace[] {
  if (['uuid', 'integer'].includes(column.kind)) return linkTraces(input, table, column);
  if (column.kind === 'other') return [];
  const kind: string = column.kind;
  const scalar = kind === 'text' || kind === 'enum' ? textTraces(input, known, { table, column }) : [];
  const found = documentTraces(input, known, { table, column });
  const isList = found.some(({ how }) => how.json === undefined && how.shape !== undefined);
  const traces = withoutDoubles([...(isList ? [] : scalar), ...found]);
  if (traces.length > 0 || !namesModel(column.name)) return traces;
  const [reason, doubt] = ['named like a list of models', 'there is no value in it to tell'];
  return [{ table, column, how: {}, reason, doubt }];
}

function linkTraces({ seen, models }: PlaceInput, table: Table, column: Column): Trace[] {
  const own = seen.links.filter((link) => link.table === table.id && link.column === column.name);
  const link = own
    .filter((each) => models.some((model) => model.table === each.target) && (matchRate(each) ?? 1) > 0)
    .toSorted((a, b) => (matchRate(b) ?? 0) - (matchRate(a) ?? 0))[0];
  const kind = models.find((model) => model.table === link?.target)?.kind;
  const base = { table, column, how: { as: 'key' }, ...given({ kind }) };
  if (link !== undefined && link.sampled > 0)
    return [
      {
        ...base,
        reason: `no foreign key, but ${link.matched} of ${link.sampled} values are keys of ${link.target}`,
        ...((matchRate(link) ?? 0) < 0.8 ? { doubt: 'some values are no keys of models' } : {}),
      },
    ];
  if (!namesModel(column.name) || table.primaryKey.every((name) => name === column.name)) return [];
  const doubt = 'no foreign key, and no value in it to tell';
  return [{ ...base, reason: 'named like the key of a model', doubt }];
}

/** Two members of one object lead to one place. So do a text and a JSON string; the place is then JSON. */
function withoutDoubles(traces: readonly Trace[]): Trace[] {
  return [...new Map(traces.map((trace) => [trace.how.json ?? '', trace])).values()];
}

/** Is there a provider among the values that is no vendor of its own: one through which the same names are reached again? */
export function seesHomonyms(
  words: KnownWords,
  providers: readonly string[],
  names: readonly string[],
): boolean {
  const vendors = new Set(names.flatMap((name) => words.model(name)?.vendor ?? []));
  if (vendors.size === 0 || !names.some((name) => isModelName(words, name))) return false;
  const plain = (text: string): string => text.slice(text.lastIndexOf('/') + 1).toLowerCase();
  return providers.some((provider) => !vendors.has(plain(provider)) && !/^\d|^[\da-f-]{36}$/.test(provider));
}
