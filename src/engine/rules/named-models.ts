/** Models without a row: a table may hold only those of which somebody wants to say something. Text names the others all the same. */
import { canMove } from './place.ts';
import { given } from '../given.ts';
import { ownMember } from '../own.ts';
import { type ModelKnowledge, modelOfKnowledge, withKnowledge } from '../models/knowledge.ts';
import { canonicalSpelling } from '../models/select.ts';
import { type ModelFacts, namedModel } from '../models/model.ts';
import type { Place } from './place.ts';
import { modelTablesOf, type Rules } from './references.ts';

interface NameSought {
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

/** The names that a row may have which holds the model that a text names, by what the registry knows. */
export function namesOfRows(rules: Rules, { kind, text }: NameSought): readonly string[] {
  const { name = '', provider } = componentsOf(rules, { kind, text: text.trim() });
  return rules.knowledge?.written(name, provider)?.forms ?? [];
}

/** The rows that hold the model which a text names, by what the registry knows, however they write its name. */
export function rowsOfModel(
  rules: Rules,
  models: readonly ModelFacts[],
  { kind, text }: NameSought,
): ModelFacts[] {
  const { name = '', provider } = componentsOf(rules, { kind, text: text.trim() });
  const forms = new Set(rules.knowledge?.written(name, provider)?.forms.map((form) => form.toLowerCase()));
  const called = (text: string): string => lettersOf(canonicalSpelling(rules.config, 'provider', text));
  return models.filter(({ components }) => {
    const own = components['provider'];
    const isServed = provider === undefined || own === undefined || called(own) === called(provider);
    return isServed && forms.has((components['name'] ?? '').toLowerCase());
  });
}

/** `Azure OpenAI` and `azure_openai` are one provider. */
function lettersOf(text: string): string {
  return text.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
}

/** The models that a text may name although no table holds them: of one kind; where no table holds any models, of all kinds. */
export function knownModels(rules: Rules, kind: string): ModelFacts[] {
  const known = rules.knowledge?.models(rules.modelTables.length === 0 ? undefined : kind) ?? [];
  return known.map((one) => modelOfKnowledge(kind, one));
}

/** Is a row the model that is known without one? Then the row counts. */
export function isRowOf(row: ModelFacts, known: ModelFacts): boolean {
  return known.spellings?.some(({ text }) => text === row.components['name']) === true;
}

/** A model without a row as people know it; to places it is of the kind that they name. */
export function ofItsKind(model: ModelFacts): ModelFacts {
  return model.key === undefined ? { ...model, kind: model.knownKind ?? model.kind } : model;
}

/** Of the models that rows name where no table holds any, those that are none of the known ones. */
export function othersInUse(
  { knowledge, config }: Rules,
  known: readonly ModelFacts[],
  used: readonly ModelFacts['components'][],
): ModelFacts[] {
  const served = Map.groupBy(known.flatMap(spelled), ([text]) => text);
  const isKnown = ({ name = '', provider }: ModelFacts['components']): boolean =>
    served
      .get(name)
      ?.some(([, by]) => provider === undefined || canonicalSpelling(config, 'provider', provider) === by) ===
    true;
  return used
    .filter((components) => !isKnown(components))
    .map((components) => {
      const kind = known[0]?.kind ?? 'completion';
      const model = withKnowledge(namedModel({ kind, components }), { knowledge, said: new Set<string>() });
      // How a model of that name is written elsewhere says nothing of this provider's.
      const { spellings: _spellings, ...own } = model;
      return own;
    });
}

function spelled({ components, spellings = [] }: ModelFacts): (readonly [string, string | undefined])[] {
  return spellings.map(({ text }) => [text, components['provider']] as const);
}

/**
 * The rules where no table holds models, with what the registry calls a model beside its id as other spellings of its name: a row that
 * has an alias names the model.
 */
export function withKnownNames(rules: Rules): Rules {
  const { config, knowledge, modelTables } = rules;
  if (knowledge === undefined || modelTables.length > 0) return rules;
  const { spellings } = config.model ?? {};
  const name = { ...namesOfModels(knowledge), ...spellings?.['name'] };
  return { ...rules, config: { ...config, model: { ...config.model, spellings: { ...spellings, name } } } };
}

function namesOfModels(knowledge: ModelKnowledge): Record<string, readonly string[]> {
  const named = knowledge.models().map(({ components: { name = '' }, spellings }) => {
    const plain = spellings.filter(({ prefix, text }) => prefix === '' && text !== name);
    return [name, plain.map(({ text }) => text)] as const;
  });
  return Object.fromEntries(named);
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
    [other, ...(ownMember(config.model?.spellings?.['provider'], other) ?? [])].includes(own);
  return isVendor ? vendor : undefined;
}
