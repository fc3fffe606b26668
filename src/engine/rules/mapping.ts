/** Which values of a place mean the source, and what each becomes: every spelling of every component. */
import type { Config } from './config.ts';
import { separators } from '../edit/text-rule.ts';
import type { Mapping } from '../edit/value-rule.ts';
import type { ModelNames, ModelPair } from '../models/model.ts';
import { ownMember } from '../own.ts';
import type { Place } from './place.ts';
import { spellingPairs } from '../models/spelling.ts';

/** One way to write the components of the source, and the same way for the target. */
interface SpellingPair {
  readonly from: Readonly<Record<string, string>>;
  readonly to: Readonly<Record<string, string>>;
}

/** The components of a JSON place with members (`fields`), or the single value of a place. */
export function componentsOf(place: Place): readonly string[] {
  return place.json?.fields === undefined
    ? place.columns.map((part) => part.template)
    : Object.keys(place.json.fields).map((name) => `{${name}}`);
}

/**
 * The mappings of a place. A row is on the source where its values equal a `from`. Then the `to` of that mapping is written. The
 * style stays: where the source is written by its second spelling, so is the target, if it has one. Empty where the models lack a
 * component that the place needs: a place by key, where no table holds the models.
 */
export function mappingsOf(place: Place, pair: ModelPair, config: Config): Mapping[] {
  if (!mayName(place, pair.source) || !mayName(place, pair.target)) return [];
  const seen = new Set<string>();
  return formsOf(place).flatMap((templates) => {
    const names = namesIn(templates);
    // What the target lacks cannot be written; that the place holds the source is seen all the same.
    const stuck = lacks(pair, names);
    const written = stuck ? { source: pair.source, target: pair.source } : pair;
    return spellings(names, written, config).flatMap((spelling) => {
      const from = templates.map((template) => fill(template, spelling.from));
      const to = templates.map((template) => fill(template, spelling.to));
      const id = JSON.stringify(from);
      if (seen.has(id) || (!stuck && JSON.stringify(to) === id)) return [];
      seen.add(id);
      return [{ from, to }];
    });
  });
}

/** Is the target a model without a row, and does the row of the source say what it cannot? */
function lacks({ source, target }: ModelPair, names: readonly string[]): boolean {
  if (source.key === undefined || target.key !== undefined) return false;
  return names.some(
    (name) =>
      name !== 'spelling' &&
      componentValue(source, name) !== undefined &&
      componentValue(target, name) === undefined,
  );
}

/** Can the place name the model at all? A key means nothing without its table. */
export function mayName(
  place: Pick<Place, 'kind' | 'models'>,
  { kind, table }: Pick<ModelNames, 'kind' | 'table'>,
): boolean {
  return place.kind === kind && (place.models === undefined || table === undefined || place.models === table);
}

/** Equal for places that name any model by the same values. */
export function formOf(place: Place): string {
  return JSON.stringify([formsOf(place), place.models]);
}

/** Every way in which a place is written: its components, and other templates of its only column. */
export function formsOf(place: Place): (readonly string[])[] {
  return [componentsOf(place), ...(place.also ?? []).map((template) => [template])];
}

function namesIn(templates: readonly string[]): string[] {
  return [...new Set(templates.flatMap((template) => componentNames(template)))];
}

/** Says every tuple of values by which a place may name a model, in the order of `componentsOf`. */
export function tupleWriter(place: Place, config: Config): (model: ModelNames) => string[][] {
  const forms = formsOf(place).map((templates) => ({
    names: namesIn(templates),
    fillers: templates.map((template) => parsed(template).fill),
  }));
  return (model) => {
    if (!mayName(place, model)) return [];
    const tuples = forms.flatMap(({ names, fillers }) =>
      writings(names, model, config).map((values) => fillers.map((filler) => filler(values))),
    );
    return tuples.length <= 1
      ? tuples
      : [...new Map(tuples.map((tuple) => [JSON.stringify(tuple), tuple])).values()];
  };
}

/**
 * The first of these models that a place may mean where it names the source: it writes both alike, by their name alone, and no copy
 * beside it tells them apart.
 */
export function otherMeant(place: Place, { source, others, rules }: OtherModels): ModelNames | undefined {
  const isTold = place.copies.some((id) => {
    const copy = rules.places.find((each) => each.id === id);
    return copy !== undefined && alikeAt(copy, { source, others, rules }) === undefined;
  });
  return isTold ? undefined : alikeAt(place, { source, others, rules });
}

interface OtherModels {
  readonly source: ModelNames;
  readonly others: readonly ModelNames[];
  readonly rules: { readonly config: Config; readonly places: readonly Place[] };
}

function alikeAt(place: Place, { source, others, rules: { config } }: OtherModels): ModelNames | undefined {
  if (others.length === 0) return undefined;
  const write = tupleWriter(place, config);
  const own = new Set(write(source).map((tuple) => JSON.stringify(tuple)));
  return others.find((other) => write(other).some((tuple) => own.has(JSON.stringify(tuple))));
}

/** Are they one model by all that the rows say, in whichever spelling the configuration calls equal? */
export function isSameModel(one: ModelNames, other: ModelNames, config: Config): boolean {
  const names = new Set([...Object.keys(one.components), ...Object.keys(other.components)]);
  return [...names].every((name) => {
    const texts = new Set(textsOf(name, one, config));
    const theirs = textsOf(name, other, config);
    return texts.size === 0 ? theirs.length === 0 : theirs.some((text) => texts.has(text));
  });
}

/** All texts by which data may name a model: its name, behind its provider too, and whatever the places write, in every spelling. */
export function textsNaming(model: ModelNames, config: Config, places: readonly Place[]): string[] {
  const used = places
    .filter((place) => mayName(place, model))
    .flatMap((place) => [...place.columns.map((part) => part.template), ...(place.also ?? [])]);
  const naming = used.filter((template) => /\{(?:name|spelling)\}/.test(template));
  const templates = [...new Set(['{name}', '{provider}/{name}', '{spelling}', ...naming])];
  const texts = templates.flatMap((template) =>
    writings(componentNames(template), model, config).map((values) => fill(template, values)),
  );
  return [...new Set(texts)].filter((text) => text.trim() !== '');
}

function componentNames(template: string): readonly string[] {
  return parsed(template).names;
}

type ComponentValues = Readonly<Record<string, string>>;
type Filler = (values: ComponentValues) => string;

function fill(template: string, values: ComponentValues): string {
  return parsed(template).fill(values);
}

interface Template {
  readonly names: readonly string[];
  readonly fill: Filler;
}

/** The templates of configurations are few, and filled for each place of each tenant. */
const parsedTemplates = new Map<string, Template>();
const mostTemplates = 1000;

function parsed(template: string): Template {
  const known = parsedTemplates.get(template);
  if (known !== undefined) return known;
  if (parsedTemplates.size >= mostTemplates) parsedTemplates.clear();
  const pieces = template.split(/\{(\w+)\}/);
  const names = pieces.filter((_, at) => at % 2 === 1);
  const made = { names, fill: fillerOf(pieces) };
  parsedTemplates.set(template, made);
  return made;
}

/** @param pieces text and names of components in turn */
function fillerOf(pieces: readonly string[]): Filler {
  const [before, only = '', after] = pieces;
  if (pieces.length === 3 && before === '' && after === '') return (values) => values[only] ?? '';
  return (values) => pieces.map((piece, at) => (at % 2 === 0 ? piece : (values[piece] ?? ''))).join('');
}

/** The values of a place that has single ones, where source and target are written alike: the same model from two providers. */
export function unchangedTexts(place: Place, pair: ModelPair, config: Config): ReadonlySet<string> {
  const { source, target } = pair;
  if (source.components['name'] !== target.components['name'] || !mayName(place, source)) return new Set();
  const alike = formsOf(place).flatMap(([template = '', ...others]) =>
    others.length > 0
      ? []
      : spellings(namesIn([template]), pair, config).flatMap(({ from, to }) => {
          const text = fill(template, to);
          return fill(template, from) === text ? [text] : [];
        }),
  );
  return new Set(alike);
}

/** Every combination of the ways to write the named components of a model. */
function writings(names: readonly string[], model: ModelNames, config: Config): ComponentValues[] {
  let result: Record<string, string>[] = [{}];
  for (const name of names) {
    const texts = textsOf(name, model, config);
    const [only] = texts;
    if (only !== undefined && texts.length === 1) for (const values of result) values[name] = only;
    else result = result.flatMap((values) => texts.map((text) => ({ ...values, [name]: text })));
  }
  return result;
}

/** Every way in which the configuration lets data write a component of the model. */
export function textsOf(name: string, model: ModelNames, config: Config): string[] {
  if (name === 'spelling') return (model.spellings ?? []).map(({ text }) => text);
  const value = componentValue(model, name);
  return value === undefined ? [] : equalSpellings(config, name, value);
}

/** All spellings that the configuration calls equal to a value, the value among them, in the order of the file. */
function equalSpellings(config: Config, component: string, value: string): string[] {
  const known = Object.entries(ownMember(config.model?.spellings, component) ?? {});
  const [found] = known.filter(([name, others]) => name === value || others.includes(value));
  return found === undefined ? [value] : [found[0], ...found[1]];
}

/** Every combination of the spellings of the named components. */
function spellings(names: readonly string[], pair: ModelPair, config: Config): SpellingPair[] {
  let result: SpellingPair[] = [{ from: {}, to: {} }];
  for (const name of names) {
    const choices = componentSpellings(name, pair, config);
    result = result.flatMap((spelling) =>
      choices.map((choice) => ({
        from: { ...spelling.from, [name]: choice.from },
        to: { ...spelling.to, [name]: choice.to },
      })),
    );
  }
  return result;
}

function componentSpellings(name: string, pair: ModelPair, config: Config): { from: string; to: string }[] {
  if (name === 'spelling') return spellingPairs(pair.source, pair.target);
  const from = componentValue(pair.source, name);
  const to = componentValue(pair.target, name);
  if (from === undefined || to === undefined) return [];
  const sources = equalSpellings(config, name, from);
  const targets = equalSpellings(config, name, to);
  return sources.map((spelling, at) => ({
    from: spelling,
    to: from === to ? spelling : (targets[at] ?? to),
  }));
}

function componentValue(model: ModelNames, name: string): string | undefined {
  if (name === 'key') return model.key;
  if (name === 'tenant') return model.tenant ?? undefined;
  return ownMember(model.components, name);
}

/** Would a list in a text (`comma`, `bars`) read the text as another element than it is, or as several? */
export function readsAsOther(text: string, { shape }: Place): boolean {
  if (shape !== 'comma' && shape !== 'bars') return false;
  return text.includes(separators[shape]) || text.trim() !== text;
}
