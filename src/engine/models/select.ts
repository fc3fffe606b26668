/** Which model somebody means: by key, name, `family/name` or `provider/name`. Ambiguity is never resolved silently. */
import type { ModelKnowledge } from './knowledge.ts';
import { keyText, type ModelFacts, modelLabel, namedModel } from './model.ts';
import { nearestNames } from '../nearest.ts';
import { compareText } from '../order.ts';
import { ownMember } from '../own.ts';

/** How a database that has no table of models names them: the part of the configuration that says so. */
export interface Naming {
  readonly model?: {
    /** The components that name a model, in order. */
    readonly identity?: readonly string[];
    /** By component and value, how else the value is spelled. */
    readonly spellings?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  };
}

/** The model that was meant, or why nobody can say. */
export type Selection =
  | { readonly model: ModelFacts }
  | {
      readonly refused: 'MODEL_NOT_FOUND' | 'MODEL_AMBIGUOUS';
      readonly message: string;
      readonly fits: readonly string[];
    };

/** Which of the two models of a move is looked for. */
export type ModelSide =
  | { readonly side: 'source' }
  | { readonly side: 'target'; readonly source: ModelFacts };

/**
 * The one model that `text` means among the candidates: this tenant's models and those of everybody. Where both have the name, a
 * move begins at the row of everybody, and ends on the side on which it began: see `nearest`. Where none fits, the refusal names near
 * misses; it is the same for a missing row and for another tenant's. Where several fit, the refusal lists them.
 */
export function selectModel(candidates: readonly ModelFacts[], text: string, about: ModelSide): Selection {
  const named = candidates.filter((model) => namesOf(model).includes(text.trim()));
  const keyed = named.filter(({ key }) => key === text.trim());
  if (named.length === 0) return notFound(candidates, text, about.side);
  return onlyModel(keyed.length > 0 ? keyed : nearest(named, about), text, about.side);
}

/** The one model of those that fit, at least one; several are refused by their names. */
export function onlyModel(found: readonly ModelFacts[], text: string, side: ModelSide['side']): Selection {
  const [only, second] = found;
  if (only !== undefined && second === undefined) return { model: only };
  const fits = found.map(label);
  return {
    refused: 'MODEL_AMBIGUOUS',
    message: `${side}: "${text}" fits ${found.length} models: ${fewOf(fits)}. Say which by ${wayOut(found)}.${doubtOf(found)}`,
    fits,
  };
}

const shown = 10;

function fewOf(fits: readonly string[]): string {
  const more = fits.length > shown ? ` and ${fits.length - shown} more` : '';
  return `${fits.slice(0, shown).join(', ')}${more}`;
}

/** Nobody has that many models of one name in one list; many agents of one model have. */
function doubtOf(found: readonly ModelFacts[]): string {
  const [table, ...others] = new Set(found.map((model) => model.table));
  if (found.length <= shown || table === undefined || others.length > 0) return '';
  return ` If the rows of ${table} use models and are none, take it out of model.tables, and name its column under places.`;
}

/** What tells them apart. */
function wayOut(found: readonly ModelFacts[]): string {
  const tables = new Set(found.map(({ table }) => table));
  if (tables.size > 1) return 'its table and key, as table/key';
  const word = (['family', 'provider'] as const).find((each) => {
    const values = new Set(found.map(({ components }) => components[each]));
    return values.size === found.length && !values.has(undefined);
  });
  return word === undefined ? 'its key' : `its key or as ${word}/name`;
}

/**
 * Of models of one name those that are meant. What everybody has is meant by a name, so that the same words mean the same model in
 * every tenant; a tenant's own row of that name is meant where there is no other, or by its key. A move off a tenant's own row goes
 * to its own row, where it has one.
 */
export function nearest(models: readonly ModelFacts[], about: ModelSide): readonly ModelFacts[] {
  const own = about.side === 'target' && typeof about.source.tenant === 'string';
  const wanted = models.filter(({ tenant }) => (tenant === null) !== own);
  return wanted.length > 0 ? wanted : models;
}

/**
 * Without a table of models: the components that `provider/name` gives, by the configured identity.
 * @param knowledge says who makes a model whose provider was left out; others may serve it
 */
export function modelFromText(
  config: Naming,
  { kind, text, knowledge }: { kind: string; text: string; knowledge?: ModelKnowledge | undefined },
): Selection {
  const identity = config.model?.identity ?? ['name'];
  const at = splitAt(config, text);
  const provider = at > 0 ? text.slice(0, at) : undefined;
  const name = at > 0 ? text.slice(at + 1) : text;
  if (identity.includes('provider') && provider === undefined) {
    const vendor = knowledge?.find(kind, text)?.vendor;
    const way = vendor === undefined ? 'provider/name' : `provider/name, such as ${vendor}/${text}`;
    const message = `"${text}" names no provider: write ${way}, because this database names a model by ${identity.join(' and ')}.`;
    return { refused: 'MODEL_NOT_FOUND', message, fits: [] };
  }
  const canonical = provider === undefined ? undefined : canonicalSpelling(config, 'provider', provider);
  const components =
    identity.includes('provider') && canonical !== undefined
      ? { provider: canonical, name: canonicalSpelling(config, 'name', name) }
      : { name: canonicalSpelling(config, 'name', text) };
  return { model: namedModel({ kind, components }) };
}

/**
 * A model that is meant by its name alone, although a table holds the models of tenants: for rows of everybody, which can refer to no
 * tenant's row. `second` is what tells models of one name apart there.
 */
export function modelOfSharedRows(
  kind: string,
  text: string,
  second: 'family' | 'provider' | undefined,
): Selection {
  const at = text.indexOf('/');
  if (second === undefined)
    return { model: { ...namedModel({ kind, components: { name: text } }), tenant: null } };
  if (at > 0 && at < text.length - 1) {
    const components = { [second]: text.slice(0, at), name: text.slice(at + 1) };
    return { model: { ...namedModel({ kind, components }), tenant: null } };
  }
  const message = `"${text}" names no ${second}: write ${second}/name, because shared rows name a model by ${second} and name.`;
  return { refused: 'MODEL_NOT_FOUND', message, fits: [] };
}

/** Where the provider ends: at the slash after the longest known spelling of a provider, otherwise at the first slash. */
function splitAt(config: Naming, text: string): number {
  const known = Object.entries(config.model?.spellings?.['provider'] ?? {}).flatMap(([name, others]) => [
    name,
    ...others,
  ]);
  const longest = known
    .filter((name) => text.startsWith(`${name}/`))
    .toSorted((a, b) => b.length - a.length)[0];
  return longest?.length ?? text.indexOf('/');
}

/** The spelling that the configuration puts first, of those that it calls equal. */
export function canonicalSpelling(config: Naming, component: string, value: string): string {
  const known = ownMember(config.model?.spellings, component) ?? {};
  return Object.keys(known).find((name) => name === value || known[name]?.includes(value) === true) ?? value;
}

/** Every text by which a person may name the model. */
export function namesOf(model: ModelFacts): string[] {
  const { name = '', family, provider } = model.components;
  const names = [
    name,
    ...(family === undefined ? [] : [`${family}/${name}`]),
    ...(provider === undefined ? [] : [`${provider}/${name}`]),
    ...(model.key === undefined ? [] : [model.key]),
  ];
  return model.table === undefined ? names : [...names, ...names.map((text) => `${model.table}/${text}`)];
}

/** How a model is shown where it must be told from others. */
export function label(model: ModelFacts): string {
  const key = keyText(model);
  return `${modelLabel(model)}${key === undefined ? '' : ` [${key}]`}${model.tenant === null ? ' global' : ''}`;
}

function notFound(candidates: readonly ModelFacts[], text: string, what: string): Selection {
  const fits = nearestModels(candidates, text).map(label).slice(0, 5);
  const names = new Set(candidates.map(({ components }) => components['name'] ?? ''));
  const known = [...names].toSorted(compareText);
  const all =
    known.length === 0 ? '' : ` It has ${known.slice(0, 10).join(', ')}${known.length > 10 ? ' …' : ''}.`;
  const hint = fits.length === 0 ? all : ` Did you mean ${fits.join(', ')}?`;
  return { refused: 'MODEL_NOT_FOUND', message: `${what}: this tenant has no model "${text}".${hint}`, fits };
}

/** The models of the three nearest names, the nearest first. */
export function nearestModels<Each extends Pick<ModelFacts, 'components'>>(
  models: readonly Each[],
  text: string,
): Each[] {
  const byName = Map.groupBy(models, ({ components }) => components['name'] ?? '');
  return nearestOf(text, [...byName.keys()]).flatMap((name) => byName.get(name) ?? []);
}

/** The three nearest names; whoever wrote a provider in front may have meant what stands behind it. */
export function nearestOf(text: string, names: readonly string[]): string[] {
  const near = nearestNames(text, names);
  return near.length > 0 ? near : nearestNames(text.slice(text.lastIndexOf('/') + 1), names);
}
