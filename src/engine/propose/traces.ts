/** Everything that names a model: foreign keys, keys without a foreign key, and values in texts, lists and documents. */
import { given } from '../given.ts';
import { type Column, findColumn, type Table } from '../catalogue/catalog.ts';
import type { PlaceConfig } from '../rules/config.ts';
import type { NameScope } from '../catalogue/names.ts';
import { type InnerValues, matchRate, type Observations, valuesOf } from './observation.ts';
import type { ModelGuess } from './models.ts';
import { looksLikeModel, namesModel, namesProvider, snake } from './wording.ts';

export interface PlaceInput {
  readonly scope: NameScope;
  readonly seen: Observations;
  readonly models: readonly ModelGuess[];
}

/** Something that names a model, before its role is decided. */
export interface Trace {
  readonly table: Table;
  readonly column: Column;
  readonly how: Partial<PlaceConfig>;
  readonly reason: string;
  /** Why a person should look, if so. */
  readonly doubt?: string;
  readonly kind?: string;
}

/** All traces, in the order of the catalogue. */
export function listTraces(input: PlaceInput): Trace[] {
  const known = knownNames(input);
  return input.scope.catalog.tables.flatMap((table) => {
    const keys = keyTraces(input, table);
    if (input.models.some((model) => model.table === table.id)) return keys;
    const claimed = new Set([
      ...keys.map((trace) => trace.column.name),
      ...table.foreignKeys.flatMap((key) => key.columns),
    ]);
    const rest = table.columns.filter((column) => !claimed.has(column.name) && !namesProvider(column.name));
    return [...keys, ...rest.flatMap((column) => valueTraces(input, known, table, column))];
  });
}

interface Known {
  readonly names: ReadonlySet<string>;
  readonly keys: ReadonlySet<string>;
}

/** Names and keys from the tables of models, and the names seen where a column or member says that it holds one. */
function knownNames({ seen, models }: PlaceInput): Known {
  const names = new Set<string>();
  const keys = new Set<string>();
  for (const entry of seen.columns) {
    const model = models.find((each) => each.table === entry.table);
    if (
      entry.column === model?.value.columns.name ||
      (model === undefined && namesModel(entry.column) && entry.distinct.some(looksLikeModel))
    )
      add(names, entry.distinct);
    if (entry.column === model?.key) add(keys, entry.distinct);
  }
  for (const name of keys) names.delete(name);
  return { names, keys };
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
    return [
      { table, column, how: {}, reason: `foreign key ${key.name} to ${model.table}`, kind: model.kind },
    ];
  });
}

function valueTraces(input: PlaceInput, known: Known, table: Table, column: Column): Trace[] {
  if (['uuid', 'integer'].includes(column.kind)) return linkTraces(input, table, column);
  if (column.kind === 'other') return [];
  const scalar = column.kind === 'text' ? textTraces(input, known, table, column) : [];
  const inner = input.seen.inner.filter((entry) => entry.table === table.id && entry.column === column.name);
  const found = mergePatterns(inner).flatMap((entry) =>
    innerTraces(known, { table, column, entry, all: inner }),
  );
  const isList = found.some((trace) => trace.how.shape === 'comma');
  const traces = withoutDoubles([...(isList ? [] : scalar), ...found]);
  if (traces.length > 0 || !namesModel(column.name)) return traces;
  const [reason, doubt] = ['named like a list of models', 'there is no value in it to tell'];
  return [{ table, column, how: {}, reason, doubt }];
}

function linkTraces({ seen, models }: PlaceInput, table: Table, column: Column): Trace[] {
  const own = seen.links.filter((link) => link.table === table.id && link.column === column.name);
  const link = own.find(
    (each) => models.some((model) => model.table === each.target) && (matchRate(each) ?? 1) > 0,
  );
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

function textTraces({ seen }: PlaceInput, known: Known, table: Table, column: Column): Trace[] {
  const values = valuesOf(seen, table.id, column.name);
  const hits = values.filter((value) => saysModel(known, value));
  const named = namesModel(column.name);
  if (hits.length === 0 && !named) return [];
  if (hits.length === 0 && guessJson(values)) return [];
  const template = templateOf(known, hits);
  const partner = named && template.as === undefined ? partnerOf(table, column.name) : undefined;
  const how = { ...template, ...given({ partner }) };
  const said =
    hits.length === 0
      ? 'named like a model'
      : `${hits.length} of ${values.length} distinct values name models, such as ${JSON.stringify(hits[0])}`;
  const most = hits.length * 2 >= values.length && values.length > 0;
  const clear = most || (named && hits.length > 0);
  const doubt = clear ? undefined : hits.length === 0 ? 'no value in it names a known model' : prose;
  return [{ table, column, how, reason: said, ...given({ doubt }) }];
}

function guessJson(values: readonly string[]): boolean {
  return values.some((value) => /^\s*[{[]/.test(value));
}

/** The provider beside a name: `fallback_provider` for `fallback_model`, else the only one. */
function partnerOf(table: Table, column: string): string | undefined {
  const providers = table.columns.filter((other) => other.kind === 'text' && namesProvider(other.name));
  const prefix = (name: string): string =>
    snake(name).replace(/_?(models?|llm|engine|providers?|vendor)(_.*)?$/, '');
  return (
    providers.find((other) => prefix(other.name) === prefix(column)) ??
    (providers.length === 1 ? providers[0] : undefined)
  )?.name;
}

function saysModel(known: Known, value: string): boolean {
  const last = value.slice(value.lastIndexOf('/') + 1);
  return (
    known.names.has(value) ||
    (known.keys.has(value) && /\D/.test(value)) ||
    (value.includes('/') && known.names.has(last)) ||
    looksLikeModel(value)
  );
}

/** `{provider}/{name}` where that is how the values are written, `key` where they are keys. */
function templateOf(known: Known, hits: readonly string[]): { as?: string } {
  if (hits.length === 0) return {};
  if (hits.every((value) => known.keys.has(value))) return { as: 'key' };
  return hits.every((value) => value.includes('/') && !known.names.has(value)) ||
    hits.filter((value) => value.includes('/')).length * 2 > hits.length
    ? { as: '{provider}/{name}' }
    : {};
}

interface Inner {
  readonly table: Table;
  readonly column: Column;
  readonly entry: InnerValues;
  readonly all: readonly InnerValues[];
}

const prose = 'most values do not: it may hold text that people wrote';

/** A title may be `gpt-4o` because somebody called it so. */
function proseDoubt(member: string, how: Partial<PlaceConfig>): string | undefined {
  const isProse =
    /^(title|note|label|description|text|prompt|comment|content|summary|subject|message|body|question|answer|display_name)s?$/.test(
      snake(member),
    );
  if (isProse || (snake(member) === 'name' && how.fields === undefined))
    return `a member called ${member} may hold text that people wrote`;
  return undefined;
}

function innerTraces(known: Known, { table, column, entry, all }: Inner): Trace[] {
  const last = (entry.pointer ?? '').split('/').findLast((step) => step !== '*') ?? '';
  const named = namesModel(entry.pointer === undefined ? column.name : last);
  const numbers = named ? entry.distinct.filter((value) => known.keys.has(value) && /^\d+$/.test(value)) : [];
  const hits = [...entry.distinct.filter((value) => saysModel(known, value)), ...numbers];
  if (hits.length === 0) return [];
  const values = `${entry.distinct.length} distinct values`;
  const where = entry.pointer === undefined ? values : `${values} at ${entry.pointer || '/'}`;
  const said = `${hits.length} of ${where} name models, such as ${JSON.stringify(hits[0])}`;
  const shape = innerShape(entry, all);
  const clear = named || shape.how.fields !== undefined || hits.length * 2 >= entry.distinct.length;
  const doubt = shape.doubt ?? proseDoubt(last, shape.how) ?? (clear ? undefined : prose);
  return [
    {
      table,
      column,
      how: { ...shape.how, ...(shape.how.fields === undefined ? templateOf(known, hits) : {}) },
      reason: said,
      ...given({ doubt }),
    },
  ];
}

/** How a place of the configuration says where the value is; a doubt where it cannot. */
function innerShape(
  entry: InnerValues,
  all: readonly InnerValues[],
): { how: Partial<PlaceConfig>; doubt?: string } {
  const { pointer } = entry;
  if (pointer === undefined) return { how: { shape: entry.kind === 'comma' ? 'comma' : 'list' } };
  const inKey = 'the name of the model is the name of a member, which cannot be moved';
  if (entry.kind === 'json-key') return { how: { json: `${pointer}/*` }, doubt: inKey };
  const [outer = '', inner] = pointer.split('/~json');
  if (inner !== undefined) return { how: { json: outer }, doubt: 'JSON inside a string cannot be moved' };
  if (entry.kind === 'comma')
    return { how: { json: pointer }, doubt: 'a comma list inside a document cannot be moved' };
  const at = pointer.lastIndexOf('/');
  const [object, member] = [pointer.slice(0, at), pointer.slice(at + 1)];
  if (member === '*') return { how: { json: object, shape: 'list' } };
  const sibling = all.find(
    (other) =>
      other.kind === 'json-value' &&
      other.pointer !== undefined &&
      other.pointer.slice(0, other.pointer.lastIndexOf('/')) === object &&
      namesProvider(other.pointer.slice(object.length + 1)),
  );
  if (sibling === undefined || at < 0) return { how: { json: pointer } };
  const provider = memberName(sibling.pointer?.slice(object.length + 1) ?? '');
  return { how: { json: object, fields: { provider, name: memberName(member) } } };
}

function memberName(step: string): string {
  return step.replaceAll(/~[012]/g, (escape) => (escape === '~0' ? '~' : escape === '~1' ? '/' : '*'));
}

/** More pointers of one length with one last step than a person would write become one pointer, with wildcards where they differ. */
function mergePatterns(entries: readonly InnerValues[]): InnerValues[] {
  const groups = new Map<string, InnerValues[]>();
  for (const entry of entries) {
    const steps = (entry.pointer ?? '').split('/');
    const id = `${entry.kind} ${steps.length} ${steps.at(-1)}`;
    groups.set(id, [...(groups.get(id) ?? []), entry]);
  }
  return [...groups.values()].flatMap((group) => (group.length > 12 ? [mergeGroup(group)] : group));
}

function mergeGroup(group: readonly InnerValues[]): InnerValues {
  const [first] = group;
  if (first === undefined) throw new Error('an empty group');
  const pointers = group.map((entry) => (entry.pointer ?? '').split('/'));
  const merged =
    pointers[0]?.map((step, at) => (pointers.every((steps) => steps[at] === step) ? step : '*')).join('/') ??
    '';
  return {
    ...first,
    pointer: merged,
    filled: group.reduce((sum, entry) => sum + entry.filled, 0),
    distinct: [...new Set(group.flatMap((entry) => entry.distinct))],
  };
}

/** Two members of one object lead to one place. So do a text and a JSON string; the place is then JSON. */
function withoutDoubles(traces: readonly Trace[]): Trace[] {
  return [...new Map(traces.map((trace) => [trace.how.json ?? '', trace])).values()];
}
