/** Which tables hold the models, and what their columns mean. */
import { given, unlessEmpty } from '../given.ts';
import type { Catalog, Column, Table, TableId } from '../catalogue/catalog.ts';
import type { ModelTableConfig } from '../rules/config.ts';
import { type NameScope, tablePath } from '../catalogue/names.ts';
import { type Observations, valuesOf } from './observation.ts';
import { type Guess, guessHistory } from './shape.ts';
import {
  findWorded,
  looksLikeModel,
  namesProvider,
  singularWords,
  snake,
  sqlName,
  sqlText,
} from './wording.ts';

/** A table that may hold models, with the column that may hold their names. */
export interface ModelCandidate {
  readonly table: Table;
  readonly name: Column;
}

/** Tables named like a list of models, with a key and a name. Permissions, defaults and records mention models, and are none. */
export function listModelCandidates(catalog: Catalog): ModelCandidate[] {
  return catalog.tables.flatMap((table) => {
    const words = singularWords(table.name);
    const named =
      words.at(-1) === 'model' ||
      words.at(-1) === 'llm' ||
      (words.includes('model') && /^(catalog(ue)?|registry|list)$/.test(words.at(-1) ?? ''));
    const mentions = words.some(
      (word) =>
        ['allowed', 'allow', 'default', 'setting', 'space', 'grant', 'enabled', 'data'].includes(word) &&
        words.length > 1,
    );
    const name =
      findWorded(table, /^(model_)?(name|slug|identifier|code|key|model)$/, ['text']) ??
      findWorded(table, /^(model_)?(id|ref)$/, ['text']);
    if (!named || name === undefined || table.primaryKey.length === 0 || guessHistory(table) !== undefined)
      return [];
    const foreignModels = table.foreignKeys.some(
      (key) =>
        key.references !== table.id &&
        singularWords(key.references.split('.').at(-1) ?? '').at(-1) === 'model',
    );
    return mentions || foreignModels || (isPair(table) && !hasFeatures(table)) ? [] : [{ table, name }];
  });
}

/** A key of a provider and a name alone, without any property of a model, is a setting for a model. */
function isPair(table: Table): boolean {
  return table.primaryKey.length > 1 && table.primaryKey.some(namesProvider);
}

function hasFeatures(table: Table): boolean {
  return findWorded(table, /family|context|enabled|active|deprecated|retired|price|vision/) !== undefined;
}

/** What is known of the tables that hold models. */
export interface ModelGuess extends Guess<ModelTableConfig> {
  readonly table: TableId;
  readonly key: string;
  readonly kind: string;
}

/** Describes each candidate whose values or neighbours do not speak against it. */
export function guessModelTables(
  scope: NameScope,
  seen: Observations,
  tenantColumn: (table: Table) => string | undefined,
): ModelGuess[] {
  const guesses = listModelCandidates(scope.catalog).flatMap((candidate) =>
    describe(scope, candidate, seen, tenantColumn(candidate.table)),
  );
  return guesses.toSorted((a, b) => rank(a.kind) - rank(b.kind));
}

function rank(kind: string): number {
  return ['completion', 'transcription', 'embedding'].indexOf(kind);
}

function describe(
  scope: NameScope,
  candidate: ModelCandidate,
  seen: Observations,
  tenant: string | undefined,
): ModelGuess[] {
  const { table } = candidate;
  const name = bestName(candidate, seen);
  const names = valuesOf(seen, table.id, name.name);
  const incoming = scope.catalog.tables.filter((other) =>
    other.foreignKeys.some((key) => key.references === table.id),
  ).length;
  const like = names.filter(looksLikeModel).length;
  const key = table.primaryKey.find((column) => column !== tenant) ?? name.name;
  const known =
    like > 0
      ? `${like} of ${names.length} names are those of known models`
      : `no name in it is that of a known model: check this`;
  return [
    {
      table: table.id,
      key,
      kind: kindOf(table),
      reason: `named like a list of models; ${known}; ${incoming} tables refer to it`,
      value: modelConfig(scope, table, { name, key, tenant }, seen),
    },
  ];
}

/** Of several columns with names, the one that a provider would understand: `gpt-4o`, not "GPT-4o (vision)". */
function bestName(candidate: ModelCandidate, seen: Observations): Column {
  const score = (column: Column): number =>
    valuesOf(seen, candidate.table.id, column.name).filter(looksLikeModel).length;
  const others = candidate.table.columns.filter(
    (column) =>
      column.kind === 'text' &&
      /(^|_)(name|slug|identifier|code|key|model|id)$/.test(snake(column.name)) &&
      !namesProvider(column.name),
  );
  return others.reduce((best, column) => (score(column) > score(best) ? column : best), candidate.name);
}

function kindOf(table: Table): string {
  const words = singularWords(table.name);
  if (words.some((word) => word.startsWith('embed'))) return 'embedding';
  return words.some((word) => /^(transcri|speech|audio|whisper|stt)/.test(word))
    ? 'transcription'
    : 'completion';
}

interface Known {
  readonly name: Column;
  readonly key: string;
  readonly tenant: string | undefined;
}

function modelConfig(scope: NameScope, table: Table, known: Known, seen: Observations): ModelTableConfig {
  const { name, key, tenant } = known;
  const provider = table.columns.find((column) => namesProvider(column.name))?.name;
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
  const providers = guessProviders(scope, table);
  const retire = guessRetire(table);
  return {
    table: tablePath(scope, table),
    ...(kindOf(table) === 'completion' ? {} : { kind: kindOf(table) }),
    ...(table.primaryKey.length > 1 ? { key } : {}),
    columns,
    ...conditions,
    ...(isGlobal ? { global: `${sqlName(tenant)} IS NULL` } : {}),
    ...given({ facts: unlessEmpty(facts), providers, retire: unlessEmpty(retire) }),
  };
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

function guessProviders(scope: NameScope, table: Table): ModelTableConfig['providers'] {
  const key = table.foreignKeys.find(
    (candidate) => candidate.columns.some(namesProvider) && candidate.references !== table.id,
  );
  const provider = scope.catalog.tables.find((other) => other.id === key?.references);
  const column = key?.columns.find(namesProvider);
  const name =
    provider === undefined
      ? undefined
      : findWorded(provider, /^(provider_)?(name|slug|type|key|code)$/, ['text']);
  if (provider === undefined || column === undefined || name === undefined) return undefined;
  const usable = flag(provider, /^(is_)?(enabled|active)$/);
  return {
    table: tablePath(scope, provider),
    column,
    name: name.name,
    ...given({ usable }),
  };
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
