/** Models without a row: a table may hold only those of which somebody wants to say something. Text names the others all the same. */
import { canMove } from './place.ts';
import { given } from '../given.ts';
import { ownMember } from '../own.ts';
import { withKnowledge } from '../models/knowledge.ts';
import { type ModelFacts, namedModel } from '../models/model.ts';
import type { Place } from './place.ts';
import { modelTablesOf, type Rules } from './references.ts';

export interface NameSought {
  readonly kind: string;
  readonly text: string;
  /** The model beside it: what names no provider may be of the same one. */
  readonly beside?: ModelFacts;
}

/**
 * The model of that name by what the registry knows; without a provider where that is not known. Undefined where the registry knows no
 * such model, or where every reference is a key.
 */
export function modelByName(rules: Rules, { kind, text, beside }: NameSought): ModelFacts | undefined {
  const { knowledge } = rules;
  if (knowledge === undefined || !textPlaces(rules, kind).some((isText) => isText)) return undefined;
  const components = componentsOf(rules, { kind, text: text.trim(), ...given({ beside }) });
  const { name = '', provider } = components;
  const known = knowledge.find(kind, name, provider) !== undefined;
  return known
    ? withKnowledge(namedModel({ kind, components }), { knowledge, said: new Set<string>() })
    : undefined;
}

/** Those of the rows that hold the model which a text names, by what the registry knows, however they write its name. */
export function rowsOfModel(
  rules: Rules,
  models: readonly ModelFacts[],
  { kind, text }: NameSought,
): ModelFacts[] {
  const { name = '', provider } = componentsOf(rules, { kind, text: text.trim() });
  const forms = new Set(rules.knowledge?.written(name, provider)?.forms.map((form) => form.toLowerCase()));
  return models.filter(({ components }) => {
    const isServed = provider === undefined || (components['provider'] ?? provider) === provider;
    return isServed && forms.has((components['name'] ?? '').toLowerCase());
  });
}

/** Is every reference a text, so that no tenant needs a row to name a model? */
export function namesByTextOnly(rules: Rules, kind: string): boolean {
  const places = textPlaces(rules, kind);
  return places.length > 0 && places.every((isText) => isText);
}

/** Of each place that can move: does it name a model by text? */
function textPlaces(rules: Rules, kind: string): boolean[] {
  const moving = rules.places.filter((place) => place.kind === kind && canMove(place));
  return moving.map((place) => !holdsKey(place));
}

function holdsKey({ columns, json }: Place): boolean {
  return (
    columns.some(({ template }) => template.includes('{key}')) || Object.hasOwn(json?.fields ?? {}, 'key')
  );
}

function componentsOf(rules: Rules, { kind, text, beside }: NameSought): ModelFacts['components'] {
  const told = modelTablesOf(rules, kind).some(({ config }) => config.columns.provider !== undefined);
  if (!told) return { name: text };
  const at = text.indexOf('/');
  const name = text.slice(at + 1);
  const provider =
    at > 0 ? text.slice(0, at) : besideProvider(rules, { kind, text: name, ...given({ beside }) });
  return { name, ...given({ provider }) };
}

/**
 * Who serves a model of which only the name is said: of the same vendor the one who serves the model beside it; of another vendor that
 * vendor, where the model beside it comes from its own vendor. Whether a gateway serves other vendors' models nobody knows.
 */
function besideProvider(
  { knowledge, config }: Rules,
  { kind, text, beside }: NameSought,
): string | undefined {
  const own = beside?.components['provider'];
  if (own === undefined) return undefined;
  const vendor = knowledge?.find(kind, text)?.vendor;
  const other = knowledge?.find(kind, beside?.components['name'] ?? '', own)?.vendor;
  if (vendor === other) return own;
  const isVendor =
    other !== undefined &&
    [other, ...(ownMember(config.model.spellings?.['provider'], other) ?? [])].includes(own);
  return isVendor ? vendor : undefined;
}
