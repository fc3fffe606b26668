/** Which values of a place mean the source, and what each becomes: every spelling of every component. */
import type { Config } from './config.ts';
import type { Mapping } from '../edit/value-rule.ts';
import type { ModelFacts, ModelNames } from '../models/model.ts';
import { ownMember } from '../own.ts';
import type { Place } from './place.ts';
import { spellingPairs } from '../models/spelling.ts';

export interface ModelPair {
  readonly source: ModelFacts;
  readonly target: ModelFacts;
}

/** One way to write the components of the source, and the same way for the target. */
interface Spelling {
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
  const seen = new Set<string>();
  return formsOf(place).flatMap((templates) =>
    spellings(namesIn(templates), pair, config).flatMap((spelling) => {
      const from = templates.map((template) => fill(template, spelling.from));
      const to = templates.map((template) => fill(template, spelling.to));
      const id = JSON.stringify(from);
      if (seen.has(id) || JSON.stringify(to) === id) return [];
      seen.add(id);
      return [{ from, to }];
    }),
  );
}

/** Equal for places that name any model by the same values. */
export function formOf(place: Place): string {
  return JSON.stringify(formsOf(place));
}

/** Every way in which a place is written: its components, and other templates of its only column. */
function formsOf(place: Place): (readonly string[])[] {
  return [componentsOf(place), ...(place.also ?? []).map((template) => [template])];
}

function namesIn(templates: readonly string[]): string[] {
  return [...new Set(templates.flatMap((template) => componentNames(template)))];
}

/** Says every tuple of values by which a place may name a model, in the order of `componentsOf`. */
export function tupleWriter(place: Place, config: Config): (model: ModelNames) => string[][] {
  const forms = formsOf(place).map((templates) => ({
    names: namesIn(templates),
    fillers: templates.map(fillerOf),
  }));
  return (model) => {
    const tuples = forms.flatMap(({ names, fillers }) =>
      writings(names, model, config).map((values) => fillers.map((filler) => filler(values))),
    );
    return tuples.length <= 1
      ? tuples
      : [...new Map(tuples.map((tuple) => [JSON.stringify(tuple), tuple])).values()];
  };
}

/** All values by which a scan may meet a model: its key, its name, and the combined forms that the places use. */
export function termsOf(model: ModelFacts, config: Config, places: readonly Place[]): string[] {
  const templates = new Set(
    places
      .filter((place) => place.kind === model.kind)
      .flatMap((place) => [...place.columns.map((part) => part.template), ...(place.also ?? [])]),
  );
  const useful = [...templates].filter((template) => /\{(?:name|spelling)\}/.test(template));
  const texts = [...new Set(['{name}', ...useful])].flatMap((template) =>
    spellings(componentNames(template), { source: model, target: model }, config).map((spelling) =>
      fill(template, spelling.from),
    ),
  );
  return [
    ...new Set([...(model.key === undefined || /^\d{1,18}$/.test(model.key) ? [] : [model.key]), ...texts]),
  ];
}

function componentNames(template: string): string[] {
  return [...template.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
}

type Values = Readonly<Record<string, string>>;
type Filler = (values: Values) => string;

function fill(template: string, values: Values): string {
  return fillerOf(template)(values);
}

/** A template that is taken apart once for many models. */
function fillerOf(template: string): Filler {
  const pieces = template.split(/\{(\w+)\}/);
  const [before, only = '', after] = pieces;
  if (pieces.length === 3 && before === '' && after === '') return (values) => values[only] ?? '';
  return (values) => pieces.map((piece, at) => (at % 2 === 0 ? piece : (values[piece] ?? ''))).join('');
}

/** Every combination of the ways to write the named components of a model. */
function writings(names: readonly string[], model: ModelNames, config: Config): Values[] {
  let result: Record<string, string>[] = [{}];
  for (const name of names) {
    const texts = textsOf(name, model, config);
    const [only] = texts;
    if (only !== undefined && texts.length === 1) for (const values of result) values[name] = only;
    else result = result.flatMap((values) => texts.map((text) => ({ ...values, [name]: text })));
  }
  return result;
}

function textsOf(name: string, model: ModelNames, config: Config): string[] {
  if (name === 'spelling') return (model.spellings ?? []).map(({ text }) => text);
  const value = componentValue(model, name);
  return value === undefined
    ? []
    : [value, ...(ownMember(ownMember(config.model.spellings, name), value) ?? [])];
}

/** Every combination of the spellings of the named components. */
function spellings(names: readonly string[], pair: ModelPair, config: Config): Spelling[] {
  let result: Spelling[] = [{ from: {}, to: {} }];
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
  const known = ownMember(config.model.spellings, name);
  const sources = [from, ...(ownMember(known, from) ?? [])];
  const targets = [to, ...(ownMember(known, to) ?? [])];
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
