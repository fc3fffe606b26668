/**
 * Which tables hold models: by the values in them, by what points at them, by what they say about a model, and least by their name.
 * A table of agents names models, too. What tells them apart: a model is called by its own name, and others point at it.
 */
import type { Catalog, Column, Table, TableId } from '../catalogue/catalog.ts';
import { isCalledOwner } from '../catalogue/owner-words.ts';
import { mayBeAnyKey } from '../inventory/term.ts';
import { isModelName, type KnownWords, shareOf } from './known-words.ts';
import { guessHistory } from './history.ts';
import { byColumn, matchRate, type Observations, valuesOf } from './observation.ts';

import {
  isCalledModel,
  isConfiguration,
  mentionsModels,
  namesModelPointer,
  nameRank,
  otherRank,
} from '../catalogue/listed-models.ts';
import {
  findWorded,
  namesModel,
  namesProvider,
  singularWords,
  snake,
  wordSet,
} from '../catalogue/wording.ts';

/** A table that holds models, with the column that holds their names, and what speaks for it. */
export interface ModelCandidate {
  readonly table: Table;
  readonly name: Column;
  readonly reason: string;
  /** What kind of models they are, most of them. */
  readonly kind: string;
  /** Other tables point at it. */
  readonly incoming: number;
}

interface ModelEvidence {
  readonly catalog: Catalog;
  readonly seen: Observations;
  readonly words: KnownWords;
}

const enough = 4;

/** The tables of models. Permissions, defaults and records mention models, and are none. */
export function findModelTables({ catalog, seen, words }: ModelEvidence): ModelCandidate[] {
  const evidence = { catalog, seen: byColumn(seen), words };
  const weighed = evidence.catalog.tables.flatMap((table) => weigh(evidence, table));
  const strong = weighed.filter(({ score }) => score >= enough);
  const found = strong.filter(
    (each) => !strong.some((other) => other.score > each.score && refersTo(each.table, other.table)),
  );
  return found.map(({ candidate }) => candidate);
}

function refersTo(table: Table, other: Table): boolean {
  return table.id !== other.id && table.foreignKeys.some((key) => key.references === other.id);
}

function weigh(
  evidence: ModelEvidence,
  table: Table,
): { readonly table: Table; readonly candidate: ModelCandidate; readonly score: number }[] {
  const name = nameColumn(evidence, table);
  const isRecord = guessHistory(table)?.value === 'history';
  if (name === undefined || table.primaryKey.length === 0 || (isPair(table) && !hasFeatures(table)))
    return [];
  const values = valuesOf(evidence.seen, table.id, name.name);
  const called = isCalledModel(table);
  if (!called && isCalledOwner(table.name)) return [];
  const reads = (value: string): boolean =>
    isModelName(evidence.words, value) && (called || !mayBeAnyKey(value));
  const known = values.filter(reads).length;
  const incoming = countIncoming(evidence, table);
  if (incoming === 0 && isPriceList(table)) return [];
  // One model may happen to be the name of anything, and names that nobody knows prove nothing.
  const proven =
    called && !isConfiguration(table) ? known > 0 || incoming > 0 : known >= 2 && known * 2 >= values.length;
  if (!proven || (isRecord && (incoming === 0 || (!called && isCall(evidence, table))))) return [];
  const score =
    (called ? 3 : 0) +
    2 * Math.min(incoming, 3) +
    ownName(evidence, table, { name, called }) +
    Math.min(2, countFeatures(table)) -
    (mentionsModels(table) ? 3 : 0);
  const said =
    known > 0
      ? `${known} of ${values.length} values of ${name.name} are names of known models`
      : `no value of ${name.name} is the name of a known model: check this`;
  const kind = kindOf(table, values, evidence.words);
  const reason = `${said}; ${incoming} ${incoming === 1 ? 'column refers' : 'columns refer'} to it`;
  return [{ table, score, candidate: { table, name, incoming, reason, kind } }];
}

/** Prices from a day on, or for all names that a pattern fits: what is true of models, and none of them itself. */
function isPriceList(table: Table): boolean {
  const isPriced = table.columns.some(({ name }) => /(^|_)(price|cost)s?(_|$)/.test(snake(name)));
  return isPriced && findWorded(table, priceScope) !== undefined;
}

const priceScope =
  /^((start|begin|valid|effective|active)(_(from|since|date|at|on))?|since|(match_|model_)?(pattern|regexp?))$/;

/**
 * A call of a model says which one it called, and may have spans, scores and comments that refer to it. Whoever refers to a model says so.
 */
function isCall({ catalog }: ModelEvidence, table: Table): boolean {
  const isMeant = catalog.tables.some(({ foreignKeys }) =>
    foreignKeys.some(({ references, columns }) => references === table.id && columns.some(namesModel)),
  );
  return !isMeant && table.columns.some(({ name }) => spent.test(snake(name)));
}

/** What one call took. A model has limits of it, and prices. */
const spent =
  /^((prompt|completion|total|cached|reasoning|input|output)_)*tokens?(_used|_count)?$|^(duration|latency|elapsed)|^(ended|finished)_at$/;

/** What most of the known names are; where none is known, what the name of the table says. */
function kindOf(table: Table, names: readonly string[], words: KnownWords): string {
  const counts = new Map<string, number>();
  for (const name of names) {
    const kind = words.model(name)?.kind;
    if (kind !== undefined) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const [most] = [...counts].toSorted(([, a], [, b]) => b - a);
  return most?.[0] ?? kindByName(table);
}

function kindByName(table: Table): string {
  const words = singularWords(table.name);
  if (words.some((word) => word.startsWith('embed'))) return 'embedding';
  return words.some((word) => /^(transcri|speech|audio|whisper|stt)/.test(word))
    ? 'transcription'
    : 'completion';
}

/** Columns that lead to the table: foreign keys, and columns whose values are keys there and whose names speak of models. */
function countIncoming({ catalog, seen }: ModelEvidence, { id }: Table): number {
  const keys = catalog.tables.flatMap((other) =>
    other.id === id ? [] : other.foreignKeys.filter((key) => key.references === id),
  );
  const links = seen.links.filter(
    (link) =>
      link.target === id && namesModel(link.column) && link.sampled > 0 && (matchRate(link) ?? 0) >= 0.8,
  );
  return keys.length + links.length;
}

/** In a list of models the model is the row itself; where a row is called something else, the model is what it uses. */
function ownName(
  { seen }: ModelEvidence,
  table: Table,
  { name, called }: { readonly name: Column; readonly called: boolean },
): number {
  const text = snake(name.name);
  if (!called && usesModel(seen, table, name)) return -6;
  if (/^((ai_|llm_|base_)?model_?)?(name|slug|identifier|code|key|id|handle)$/.test(text)) return 2;
  if (called) return singularWords(table.name).length === 1 ? 1 : 0;
  const other = findWorded(table, /^(display_?|full_?)?(name|title|label)$/, ['text']);
  return namesModel(name.name) && other !== undefined ? -3 : 0;
}

/**
 * A row with a name of its own beside a model, and nothing that only a model has: an agent, whatever refers to it. So is one of many that
 * have the same model and other names: a model is called one thing.
 */
function usesModel(seen: Observations, table: Table, name: Column): boolean {
  const own = findWorded(table, /^(name|title)$/, ['text']);
  if (own === undefined || own.name === name.name || !namesModel(name.name)) return false;
  const [names, models] = [own, name].map((column) => new Set(valuesOf(seen, table.id, column.name)).size);
  const isModels = table.columns.some((column) => property.test(snake(column.name)));
  const says = table.columns.some((column) => saidTo.test(snake(column.name)));
  return says || !isModels || (names ?? 0) >= 2 * (models ?? 0);
}

/** What somebody tells a model, and how it is to answer. */
const saidTo = /^(system_)?(prompt|instructions?|message)$|^(temperature|top_p|persona|greeting)$/;

const property =
  /(^|_)(price|cost|vision|capabilit(y|ies)|modalit(y|ies)|context_(window|length|size)|deprecated|sunset|eol|dimensions?)(_|$)/;

/**
 * The column in which a model is called as its provider calls it: `gpt-4o`, not "GPT-4o (vision)". The one with the most known
 * names; of several the one that is called most like a name.
 */
function nameColumn({ seen, words }: ModelEvidence, table: Table): Column | undefined {
  const foreign = new Set(table.foreignKeys.flatMap((key) => key.columns));
  const texts = table.columns.filter(
    (column) => column.kind === 'text' && !foreign.has(column.name) && !namesModelPointer(column.name),
  );
  const shares = new Map(
    texts.map((column) => [
      column,
      shareOf(valuesOf(seen, table.id, column.name), (value) => isModelName(words, value)),
    ]),
  );
  const best = Math.max(0, ...shares.values());
  const named = texts.filter((column) => !namesProvider(column.name) && nameRank(column) < otherRank);
  const fitting = best === 0 ? named : texts.filter((column) => (shares.get(column) ?? 0) >= best * 0.75);
  return fitting.toSorted((a, b) => nameRank(a) - nameRank(b))[0];
}

/** A key of a provider and a name alone, without any property of a model, is a setting for a model. */
function isPair(table: Table): boolean {
  return table.primaryKey.length > 1 && table.primaryKey.some(namesProvider);
}

const features = wordSet(`
  family context deprecated retired sunset eol price cost vision multimodal max_input max_output max_prompt token_limit dimensions?
  capabilit(y|ies) modalit(y|ies) supports successor input output`);
const feature = new RegExp(`(^|_)(${[...features].join('|')})(_|$)|^(is_)?(enabled|active|available)$`);

function hasFeatures(table: Table): boolean {
  return countFeatures(table) > 0;
}

function countFeatures(table: Table): number {
  return table.columns.filter((column) => feature.test(snake(column.name))).length;
}

/** Of the lists of one kind in a schema those to which something refers, where there are any: the others are copies. */
export function mainModelTables(candidates: readonly ModelCandidate[]): ModelCandidate[] {
  const rivals = (one: ModelCandidate): ModelCandidate[] =>
    candidates.filter(({ table, kind }) => table.schema === one.table.schema && kind === one.kind);
  return candidates.filter((one) => one.incoming > 0 || !rivals(one).some(({ incoming }) => incoming > 0));
}

/** The tables of models by id. */
export function idsOf(candidates: readonly ModelCandidate[]): Set<TableId> {
  return new Set(candidates.map(({ table }) => table.id));
}
