/** What the tables of models say about a model: which of their columns mean what. */
import { given, unlessEmpty } from '../given.ts';
import type { Column, Table, TableId } from '../catalogue/catalog.ts';
import type { ModelTableConfig } from '../rules/config.ts';
import { type NameScope, tablePath } from '../catalogue/names.ts';
import { isProviderName, type KnownWords, shareOf } from './known-words.ts';
import type { ModelCandidate } from './model-evidence.ts';
import { filledOf, type Guess, type Observations, valuesOf } from './observation.ts';
import { findWorded, namesProvider, providesFor, snake, sqlName, sqlText } from '../catalogue/wording.ts';

/** What is known of the tables that hold models. */
export interface ModelGuess extends Guess<ModelTableConfig> {
  readonly table: TableId;
  readonly key: string;
  readonly kind: string;
}

interface ModelInput {
  readonly scope: NameScope;
  readonly seen: Observations;
  readonly words: KnownWords;
}

/** Describes each table of models. */
export function describeModelTables(
  input: ModelInput,
  candidates: readonly ModelCandidate[],
  tenantColumn: (table: Table) => string | undefined,
): ModelGuess[] {
  const guesses = candidates.map((candidate) => describe(input, candidate, tenantColumn(candidate.table)));
  return guesses.toSorted((a, b) => rank(a.kind) - rank(b.kind));
}

function rank(kind: string): number {
  return ['completion', 'transcription', 'embedding'].indexOf(kind);
}

function describe(
  input: ModelInput,
  { table, name, reason, kind }: ModelCandidate,
  tenant: string | undefined,
): ModelGuess {
  const key = table.primaryKey.find((column) => column !== tenant) ?? name.name;
  return {
    table: table.id,
    key,
    kind,
    reason,
    value: modelConfig(input, table, { name, key, tenant, kind }),
  };
}

interface TableOfNames {
  readonly name: Column;
  readonly key: string;
  readonly tenant: string | undefined;
  readonly kind: string;
}

function modelConfig(input: ModelInput, table: Table, known: TableOfNames): ModelTableConfig {
  const { scope, seen } = input;
  const { name, key, tenant, kind } = known;
  const provider = providerColumn(input, table, name);
  const columns = {
    name: name.name,
    ...given({
      family: findWorded(table, /(^|_)(family|series)$/, ['text'])?.name,
      provider,
      tenant,
      updated: findWorded(table, /^(last_)?(updated|modified|changed)(_(at|on))?$/)?.name,
    }),
  };
  const isGlobal =
    tenant !== undefined && table.columns.some((column) => column.name === tenant && !column.notNull);
  const facts = guessFacts(table);
  const conditions = given({
    enabled: flag(table, /^(is_)?(enabled|active|available)$/),
    deprecated: lifecycle(table, seen, /deprecated|deprecation|legacy|sunset/),
    retired: lifecycle(table, seen, /retired|retirement|withdrawn|discontinued|end_of_life|^eol|^gone$/),
  });
  const providers = guessProviders(input, table, provider);
  const retire = guessRetire(table);
  return {
    table: tablePath(scope, table),
    ...(kind === 'completion' ? {} : { kind }),
    ...(table.primaryKey.length > 1 ? { key } : {}),
    columns,
    ...conditions,
    ...(isGlobal ? { global: `${sqlName(tenant)} IS NULL` } : {}),
    ...given({ facts: unlessEmpty(facts), providers, retire: unlessEmpty(retire) }),
  };
}

/** Columns that name a vendor and say something else of a model: how its tokens are counted, which protocol it is spoken to in. */
const otherThanProvider =
  /(^|_)(tokeni[sz]er|encod(er|ing)|parser|protocol|format|adapter|sdk|template|api_style)(_|$)/;

/** The provider by a key to the table of providers, by its values, which every model must have, or by its name. */
function providerColumn(input: ModelInput, table: Table, name: Column): string | undefined {
  const { seen, words } = input;
  const keys = table.foreignKeys.filter((key) => key.references !== table.id).flatMap((key) => key.columns);
  const others = table.columns.filter(
    (column) =>
      column.name !== name.name &&
      !/(^|_)(family|series)$/.test(snake(column.name)) &&
      providesFor(column.name, `${table.name}_${name.name}`),
  );
  const byKey = others.find((column) => namesProvider(column.name) && keys.includes(column.name));
  const filled = (column: Column): number => filledOf(seen, table.id, column.name);
  const byValue = others.find(
    (column) =>
      column.kind === 'text' &&
      !otherThanProvider.test(snake(column.name)) &&
      (namesProvider(column.name) || filled(column) >= filled(name)) &&
      shareOf(valuesOf(seen, table.id, column.name), (value) => isProviderName(words, value)) >= 0.5,
  );
  const behind = others.find((column) => leadsToProviders(input, table, column));
  return (byKey ?? byValue ?? others.find((column) => namesProvider(column.name)) ?? behind)?.name;
}

/** Is it a key of rows of which a column holds providers, such as settings for each of them? */
function leadsToProviders({ scope, seen, words }: ModelInput, table: Table, column: Column): boolean {
  return table.foreignKeys.some(({ columns, references }) => {
    const other = scope.catalog.tables.find(({ id }) => id === references);
    if (columns.length !== 1 || columns[0] !== column.name || other === undefined || other.id === table.id)
      return false;
    const name = providerName({ seen, words }, other);
    return (
      name !== undefined &&
      shareOf(valuesOf(seen, other.id, name), (value) => isProviderName(words, value)) >= 0.5
    );
  });
}

function flag(table: Table, pattern: RegExp): string | undefined {
  const found = table.columns.find((column) => column.type === 'boolean' && pattern.test(snake(column.name)));
  return found === undefined ? undefined : sqlName(found.name);
}

/** A state of a model as a flag, a date that has a value, or a word in a status column. */
function lifecycle(table: Table, seen: Observations, pattern: RegExp): string | undefined {
  const direct = flag(table, pattern);
  const stamp = table.columns.find(
    (column) => /^(timestamp|date)/.test(column.type) && pattern.test(snake(column.name)),
  );
  if (direct !== undefined) return direct;
  if (stamp !== undefined)
    return /date/.test(snake(stamp.name)) || stamp.type === 'date'
      ? `${sqlName(stamp.name)} <= CURRENT_DATE`
      : `${sqlName(stamp.name)} IS NOT NULL`;
  const status = findWorded(table, /(^|_)(status|state|lifecycle|stage)$/);
  const word =
    status === undefined
      ? undefined
      : valuesOf(seen, table.id, status.name).find((value) => pattern.test(value.toLowerCase()));
  return status === undefined || word === undefined
    ? undefined
    : `${sqlName(status.name)} = ${sqlText(word)}`;
}

const factPatterns: Readonly<Record<string, RegExp>> = {
  context: /^(max_)?(context|input)_?(window|length|size|tokens?|limit)*$|^token_limit$/,
  output: /^(max_)?(output|completion)_?(tokens?|limit|length)*$/,
  vision: /^(is_|has_|supports_)?(vision|images?|multimodal)$/,
  tools: /^(is_|has_|supports_)?(tools?|tool_calls?|tool_calling|functions?|function_calling)$/,
  reasoning: /^(is_|has_|supports_)?(reasoning|thinking)$/,
  audio: /^(is_|has_|supports_)?audio$/,
  structured: /^(is_|has_|supports_)?(structured|json)(_(outputs?|mode|schema))?$/,
  price_in: /^(price|cost)_?(per_)?(in|input|prompt)(_|$)|^(input|prompt)_(price|cost)/,
  price_out: /^(price|cost)_?(per_)?(out|output|completion)(_|$)|^(output|completion)_(price|cost)/,
  region: /^(hosting|data|hosting_)?_?region$|^hosting$/,
  security: /^security(_class(ification)?|_level)?$/,
};

function guessFacts(table: Table): Record<string, string> {
  const wants = (fact: string, column: Column): boolean => {
    if (['vision', 'tools', 'reasoning', 'audio', 'structured'].includes(fact))
      return column.type === 'boolean';
    return fact === 'region'
      ? column.kind === 'text'
      : fact === 'security' || column.kind === 'integer' || /^(numeric|real|double)/.test(column.type);
  };
  return Object.fromEntries(
    Object.entries(factPatterns).flatMap(([fact, pattern]) => {
      const found = table.columns.find((column) => pattern.test(snake(column.name)) && wants(fact, column));
      return found === undefined ? [] : [[fact, found.name]];
    }),
  );
}

/** `column` is the key of the table of providers that the models' own column holds. */
function guessProviders(
  { scope, seen, words }: ModelInput,
  table: Table,
  provider: string | undefined,
): ModelTableConfig['providers'] {
  const key = table.foreignKeys.find(
    (candidate) => candidate.references !== table.id && candidate.columns.some((name) => name === provider),
  );
  const providers = scope.catalog.tables.find((other) => other.id === key?.references);
  const column = key?.referencedColumns[key.columns.indexOf(provider ?? '')];
  const name = providers === undefined ? undefined : providerName({ seen, words }, providers);
  if (providers === undefined || column === undefined || name === undefined) return undefined;
  const usable = flag(providers, /^(is_)?(enabled|active)$/);
  return { table: tablePath(scope, providers), column, name, ...given({ usable }) };
}

/** The column with the most known providers; where none is known, the one called name. */
function providerName({ seen, words }: Omit<ModelInput, 'scope'>, table: Table): string | undefined {
  const texts = table.columns.filter(({ kind }) => kind === 'text' || kind === 'enum');
  const share = ({ name }: Column): number =>
    shareOf(valuesOf(seen, table.id, name), (value) => isProviderName(words, value));
  const called = (column: Column): boolean =>
    /^(provider_|vendor_)?(name|slug|type|key|code)$/.test(snake(column.name));
  const [best] = texts.toSorted((a, b) => share(b) - share(a) || Number(called(b)) - Number(called(a)));
  return best !== undefined && (share(best) > 0 || called(best)) ? best.name : undefined;
}

/** Only columns that are made for it: a flag `enabled` may mean something else to the product. */
function guessRetire(table: Table): Record<string, string> {
  const successor = table.foreignKeys.find(
    (key) =>
      key.references === table.id &&
      /successor|migrated|replaced|superseded/.test(snake(key.columns.at(-1) ?? '')),
  );
  const stamp = table.columns.find(
    (column) => column.type.startsWith('timestamp') && /^(retired|migrated)_at$/.test(snake(column.name)),
  );
  const target = successor?.columns.at(-1);
  return {
    ...(target === undefined ? {} : { [target]: '$target' }),
    ...(stamp === undefined ? {} : { [stamp.name]: '$now' }),
  };
}
