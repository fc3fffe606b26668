/**
 * Which two models a run means in each tenant. Every tenant has rows of its own, so one model has another key in each tenant. What
 * the rows have in common is the name with the family, or with the provider where models have no family. A key names a row of one
 * tenant. In that tenant exactly that row is meant, and elsewhere its name.
 */
import { given } from '../given.ts';
import { keyText } from './model.ts';
import type { ModelFacts } from './model.ts';
import { compareText } from '../order.ts';
import type { Finding } from '../finding.ts';
import { nearMisses, otherTargets, ownNamesakes } from './resolution-findings.ts';
import { label, namesOf, nearest, nearestModels } from './select.ts';

/** What tells models of one name apart, beside the name. */
export type SecondName = 'family' | 'provider' | 'none';

/** A model as all tenants may have it. */
export interface WantedModel {
  /** The row that was named by its key; null where a name was given. */
  readonly key: string | null;
  /** The row of the key is a tenant's own, so elsewhere only rows that tenants own are meant. */
  readonly owned?: boolean;
  readonly name: string;
  /** The family or provider; null where models have neither. */
  readonly second: string | null;
  /** Who serves it, where models have families and it is known. `only`: no other provider's is meant. */
  readonly provider?: { readonly name: string; readonly only: boolean };
}

export type Identified =
  | { readonly wanted: WantedModel }
  | { readonly refused: 'MODEL_NOT_FOUND' | 'MODEL_AMBIGUOUS'; readonly message: string };

interface AboutText {
  readonly side: 'source' | 'target';
  readonly by: SecondName;
  /** Where no row is called so, those that hold the model of that text under another name. */
  readonly holding?: (rows: readonly ModelFacts[], text: string) => readonly ModelFacts[];
}

/** The model that a text means among the rows of all tenants. A name that fits several refuses and lists them. */
export function identifyModel(rows: readonly ModelFacts[], text: string, about: AboutText): Identified {
  const keyed = rows.filter((row) => row.key === text || keyText(row) === text);
  const named = keyed.length > 0 ? keyed : rows.filter((row) => namesOf(row).includes(text));
  // Where every tenant counts for itself, one key may be another model's in each.
  const found = distinct(named.length > 0 ? named : (about.holding?.(rows, text) ?? []), about.by);
  const [only, second] = [...found.values()];
  if (only === undefined) return { refused: 'MODEL_NOT_FOUND', message: missing(rows, text, about) };
  if (second === undefined) {
    // Every row of that key says whether it is a tenant's own.
    const owned =
      keyed.length === 0 ? {} : { owned: keyed.every(({ tenant }) => typeof tenant === 'string') };
    const provider = about.by === 'family' ? providerMeant(keyed, rows, text) : undefined;
    return { wanted: { ...only, key: keyed[0]?.key ?? null, ...owned, ...given({ provider }) } };
  }
  const fits = [...found.values()].map(wantedLabel).toSorted(compareText).join(', ');
  return {
    refused: 'MODEL_AMBIGUOUS',
    message: `${about.side}: "${text}" fits ${found.size} models: ${fits}. Say which as ${about.by}/name.`,
  };
}

/** A key names a row, which one provider serves; `provider/name` says that no other is meant. */
function providerMeant(
  keyed: readonly ModelFacts[],
  rows: readonly ModelFacts[],
  text: string,
): WantedModel['provider'] {
  const [row] = keyed;
  const own = row?.components['provider'];
  if (row !== undefined) return own === undefined ? undefined : { name: own, only: false };
  const named = rows.filter((each) => namesOf(each).includes(text));
  const names = new Set(named.map(({ components }) => components['provider']));
  const [provider] = names;
  const isSaid = named.every(
    ({ components: { name, family } }) => text !== name && text !== `${family}/${name}`,
  );
  return isSaid && names.size === 1 && provider !== undefined ? { name: provider, only: true } : undefined;
}

/**
 * Both models of a run. The same model from two providers is told apart by them, in every tenant: who has it from one of them alone has
 * nothing to move, or nothing to move to. Undefined where nothing tells the two apart.
 */
export function toldApart(
  from: WantedModel,
  to: WantedModel,
): { from: WantedModel; to: WantedModel } | undefined {
  if (from.name !== to.name || from.second !== to.second) return { from, to };
  if (from.provider !== undefined && to.provider !== undefined && from.provider.name !== to.provider.name)
    return { from: servedOnly(from, from.provider.name), to: servedOnly(to, to.provider.name) };
  return from.key === null || to.key === null ? undefined : { from, to };
}

function servedOnly(wanted: WantedModel, name: string): WantedModel {
  return { ...wanted, provider: { name, only: true } };
}

function distinct(rows: readonly ModelFacts[], by: SecondName): Map<string, ReturnType<typeof naturalKey>> {
  return new Map(rows.map((row) => [JSON.stringify(naturalKey(row, by)), naturalKey(row, by)]));
}

function missing(
  rows: readonly ModelFacts[],
  text: string,
  { side, by }: { side: string; by: SecondName },
): string {
  const near = nearestModels(rows, text);
  const labels = [...new Set(near.map((row) => wantedLabel(naturalKey(row, by))))];
  const hint = labels.length === 0 ? '' : ` Did you mean ${labels.slice(0, 5).join(', ')}?`;
  return `${side}: no tenant has a model "${text}".${hint}`;
}

/** The names to look for, so that every row that `text` may mean is found. */
export function possibleNames(text: string): string[] {
  const parts = text.split('/');
  return parts.map((_, at) => parts.slice(at).join('/'));
}

/** By what models of all tenants are the same. */
export function naturalKey(model: ModelFacts, by: SecondName): { name: string; second: string | null } {
  return {
    name: model.components['name'] ?? '',
    second: by === 'none' ? null : (model.components[by] ?? null),
  };
}

/** How a model of a run is shown. */
export function wantedLabel({
  name,
  second,
  provider,
}: Pick<WantedModel, 'name' | 'second' | 'provider'>): string {
  const details = [second ?? [], provider?.only === true ? provider.name : []].flat();
  return details.length === 0 ? name : `${name} (${details.join(', ')})`;
}

export interface ResolveInput {
  readonly tenant: { readonly key: string; readonly suspended: boolean };
  /** This tenant's rows and those of everybody that may be meant. */
  readonly candidates: readonly ModelFacts[];
  readonly from: WantedModel;
  readonly to: WantedModel;
  readonly by: SecondName;
  /** What somebody said about this tenant: keys of its rows. */
  readonly mapping?: { readonly from?: string; readonly to?: string };
  readonly includeSuspended: boolean;
}

export type Resolution =
  | {
      readonly status: 'pending';
      readonly from: ModelFacts;
      readonly to: ModelFacts;
      /** The source carries the mark of an earlier migration. */
      readonly sourceRetired: boolean;
      readonly findings: readonly Finding[];
    }
  | {
      readonly status: 'skipped' | 'failed';
      readonly code: string;
      readonly message: string;
      readonly findings: readonly Finding[];
    };

/** The two models of one tenant; or why nothing is to be done, or nothing can be done. */
export function resolveModels(input: ResolveInput): Resolution {
  if (input.tenant.suspended && !input.includeSuspended)
    return ended('skipped', 'TENANT_SUSPENDED', 'The tenant is suspended.');
  const source = findSource(input);
  if ('status' in source) return source;
  // What a key of one table is replaced by is a key of the same table.
  const beside = input.candidates.filter(({ table }) => table === source.model.table);
  const target = findTarget({ ...input, candidates: beside }, source.model);
  if ('status' in target) return target;
  if (source.model.key !== undefined && keyText(source.model) === keyText(target.model))
    return ended('failed', 'SAME_MODEL', `Source and target are the same model: ${label(source.model)}.`);
  return {
    status: 'pending',
    from: source.model,
    to: target.model,
    sourceRetired: source.model.marked === true,
    findings: [...source.findings, ...target.findings],
  };
}

type FoundModel = { readonly model: ModelFacts; readonly findings: readonly Finding[] };
type NotFound = Extract<Resolution, { code: string }>;

function ended(
  status: 'skipped' | 'failed',
  code: string,
  message: string,
  findings: readonly Finding[] = [],
): NotFound {
  return { status, code, message, findings };
}

/** A source that was retired counts only where there is no other. */
function findSource(input: ResolveInput): FoundModel | NotFound {
  const { mapping } = input;
  if (mapping?.from !== undefined) return findMapped(input, mapping.from, 'source');
  const fits = fitting(input.candidates, input.from, input.by).filter(
    ({ tenant }) => input.from.owned !== true || tenant !== null,
  );
  const unmarked = nearest(
    fits.filter((model) => model.marked !== true),
    { side: 'source' },
  );
  const [only, second] =
    unmarked.length > 0 ? unmarked : newestFirst(nearest(fits, { side: 'source' })).slice(0, 1);
  if (only === undefined) {
    const findings = nearMisses('source', near(input, input.from));
    const message = `The tenant has no ${wantedLabel(input.from)}.${hint(findings, '')}`;
    return ended('skipped', 'SOURCE_MISSING', message, findings);
  }
  const others = fits.filter((model) => model !== only && model.marked !== true);
  if (second === undefined) return { model: only, findings: ownNamesakes(only, others) };
  const [served, another] = unmarked.filter((model) => isServedBy(model, input.from.provider?.name));
  if (served !== undefined && another === undefined)
    return {
      model: served,
      findings: nearMisses(
        'source',
        unmarked.filter((model) => model !== served),
      ),
    };
  const all = `The tenant has ${unmarked.length} models that are the source: ${unmarked.map(label).join(', ')}.`;
  return ended('failed', 'MODEL_AMBIGUOUS', `${all} A mapping for this tenant says which.`);
}

function hint([first]: readonly Finding[], otherwise: string): string {
  return first === undefined ? otherwise : ` ${first.message}`;
}

/** Of several targets those of the provider that is meant come first, then the enabled ones, the one that was changed last, by key. */
function findTarget(input: ResolveInput, source: ModelFacts): FoundModel | NotFound {
  const { mapping } = input;
  if (mapping?.to !== undefined) return findMapped(input, mapping.to, 'target');
  const fits = nearest(fitting(input.candidates, input.to, input.by), { side: 'target', source });
  const [chosen, ...others] = newestFirst(fits, input.to.provider?.name);
  if (chosen !== undefined) return { model: chosen, findings: otherTargets(chosen, others) };
  const findings = nearMisses('target', near(input, input.to));
  const also = hint(findings, ' Add it, or map this tenant to another one.');
  const message = `The tenant has no ${wantedLabel(input.to)} to move to.${also}`;
  return ended('failed', 'MODEL_NOT_FOUND', message, findings);
}

function findMapped(
  { candidates }: ResolveInput,
  key: string,
  side: 'source' | 'target',
): FoundModel | NotFound {
  const model = candidates.find((candidate) => candidate.key === key || keyText(candidate) === key);
  if (model !== undefined) return { model, findings: [] };
  const message = `The mapping of this tenant names the ${side} ${key}, which it does not have.`;
  return ended('failed', 'MODEL_NOT_FOUND', message);
}

/** The row of that key where the tenant has it, otherwise the rows of the name: its own and everybody's. */
function fitting(candidates: readonly ModelFacts[], wanted: WantedModel, by: SecondName): ModelFacts[] {
  // Whoever identified the key has refused one that is another model's in another tenant.
  const exact = candidates.filter((model) => wanted.key !== null && model.key === wanted.key);
  if (exact.length > 0) return exact;
  return candidates.filter((model) => {
    const { name, second } = naturalKey(model, by);
    return name === wanted.name && second === wanted.second && isServed(model, wanted);
  });
}

function isServed(model: ModelFacts, { provider }: WantedModel): boolean {
  return provider?.only !== true || isServedBy(model, provider.name);
}

function isServedBy({ components }: ModelFacts, name: string | undefined): boolean {
  return name !== undefined && components['provider'] === name;
}

function newestFirst(models: readonly ModelFacts[], provider?: string): ModelFacts[] {
  return models.toSorted(
    (a, b) =>
      Number(isServedBy(b, provider)) - Number(isServedBy(a, provider)) ||
      Number(b.enabled) - Number(a.enabled) ||
      compareText(b.updated ?? '', a.updated ?? '') ||
      compareText(a.key ?? '', b.key ?? ''),
  );
}

/** Models of the wanted name but for its case, its family or its provider. */
function near({ candidates, by }: ResolveInput, wanted: WantedModel): ModelFacts[] {
  return candidates.filter((model) => {
    const { name, second } = naturalKey(model, by);
    const alike = name.toLowerCase() === wanted.name.toLowerCase();
    return alike && (name !== wanted.name || second !== wanted.second || !isServed(model, wanted));
  });
}
