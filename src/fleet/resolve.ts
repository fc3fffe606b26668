/** Which models a run means in which tenants: everything is read set-based, and decided by src/engine/models/resolve.ts. */
import { tenancyOf } from '../engine/rules/tenancy.ts';
import { ownMember } from '../engine/own.ts';
import { keyText, namedModel } from '../engine/models/model.ts';
import type { ModelFacts } from '../engine/models/model.ts';
import {
  identifyModel,
  naturalKey,
  possibleNames,
  resolveModels,
  toldApart,
} from '../engine/models/resolve.ts';
import type { Identified, Resolution, WantedModel } from '../engine/models/resolve.ts';
import { label } from '../engine/models/select.ts';
import { refusalOfRetired } from '../engine/models/successor.ts';
import { DroverError } from '../errors.ts';
import { readFleetModels, readModelNames } from '../postgres/runs/fleet-models.ts';
import type { FoundModels, FleetModelNames, FleetModelQuery } from '../postgres/runs/fleet-models.ts';
import { findSuccessor } from '../postgres/facts/find-models.ts';
import { refuseUnknown } from '../postgres/move/unknown.ts';
import { withTenant } from '../postgres/scope/site.ts';
import { readRules } from '../postgres/catalogue/rules.ts';
import type { Site } from '../postgres/scope/site.ts';
import { listTenants } from '../postgres/scope/tenants.ts';
import type { TenantName } from '../postgres/scope/tenants.ts';
import { intentOf, invalid } from './request.ts';
import type { FleetIntent } from './request.ts';

export interface ResolvedTenant {
  readonly tenant: TenantName;
  readonly resolution: Resolution;
}

export interface ResolvedRun {
  readonly kind: string;
  readonly from: WantedModel;
  readonly to: WantedModel;
  /** In the order in which they will be visited. */
  readonly tenants: readonly TenantName[];
  /** Reads the models of some of them: of all at once a large fleet has more than fits in memory. */
  readonly resolve: (some: readonly TenantName[]) => Promise<ResolvedTenant[]>;
}

/**
 * What a move means and in which tenants, or why it is refused as a whole.
 * @throws RUN_INVALID, TENANT_NOT_FOUND, MODEL_NOT_FOUND (in no tenant), MODEL_UNKNOWN, MODEL_AMBIGUOUS, SAME_MODEL, KINDS_DIFFER,
 *   KIND_UNKNOWN, ENTITY_TYPE_UNKNOWN, ENTITY_TYPES_INCOMPLETE
 */
export async function resolveRun(site: Site, asked: FleetIntent): Promise<ResolvedRun> {
  if (asked.from.trim() === asked.to.trim()) throw sameModel(asked.from);
  const of = asked.shared === 'only' ? 'shared' : 'tenants';
  const names = await readModelNames(site, { ...intentOf(asked), of });
  const all = await readTenants(site);
  const chosen = chooseTenants(all, asked);
  if (!names.rows) {
    await refuseUnknown(site, { intent: intentOf(asked), tenants: chosen.map(({ key }) => key) });
    return resolveTexts(names, chosen, asked);
  }
  const { kind } = names;
  const pair = await identifyPair(site, names, { all, asked });
  const query = { kind, names: [pair.from.name, pair.to.name], keys: mappedKeys(asked) };
  const resolve: ResolvedRun['resolve'] = async (some) => {
    const models = await readFleetModels(site, { ...query, tenants: some.map(({ key }) => key) });
    return some.map((tenant) => ({
      tenant,
      resolution: resolveOne(names, pair, { tenant, asked, found: models.get(tenant.key) ?? [] }),
    }));
  };
  return { kind, ...pair, tenants: chosen, resolve };
}

async function readTenants(site: Site): Promise<TenantName[]> {
  if (tenancyOf(site.config) === 'single')
    throw invalid('This database has a single tenant (tenant.root: none); there is nothing to run over.');
  return listTenants(site);
}

/** @throws TENANT_NOT_FOUND, RUN_INVALID */
function chooseTenants(all: readonly TenantName[], { tenants, mapping = {} }: FleetIntent): TenantName[] {
  const byKey = new Map(all.map((tenant) => [tenant.key, tenant]));
  const known = (key: string): TenantName => {
    const tenant = byKey.get(key);
    if (tenant !== undefined) return tenant;
    // A login that may not list the tenants may still work for those that somebody names.
    if (all.length === 0) return { key, name: key, suspended: false };
    throw new DroverError('TENANT_NOT_FOUND', `There is no tenant "${key}".`, { tenant: key });
  };
  const chosen = tenants === undefined ? [...all] : tenants.map(known);
  if (chosen.length === 0) throw invalid('There is no tenant to run over.');
  const keys = new Set(chosen.map(({ key }) => key));
  if (keys.size < chosen.length) throw invalid('A tenant is named twice; each is visited once.');
  for (const key of Object.keys(mapping))
    if (!keys.has(known(key).key))
      throw invalid(`The mapping names the tenant ${key}, which the run leaves out.`);
  return chosen;
}

function mappedKeys({ from, to, mapping = {} }: FleetIntent): string[] {
  return [from, to, ...Object.values(mapping).flatMap((one) => [one.from, one.to])].filter(
    (key) => key !== undefined,
  );
}

interface WantedPair {
  readonly from: WantedModel;
  readonly to: WantedModel;
}

/** What the two texts mean, looked for among the rows of all tenants, those that the run leaves out included. */
async function identifyPair(
  site: Site,
  { kind, by, named, forms, holding }: FleetModelNames,
  { all, asked }: { all: readonly TenantName[]; asked: FleetIntent },
): Promise<WantedPair> {
  const texts = [asked.from.trim(), asked.to.trim()];
  const tenants = all.length > 0 ? all.map(({ key }) => key) : [...(asked.tenants ?? [])];
  const rows = await readDifferent(site, {
    kind,
    tenants,
    names: texts.flatMap((text) => [...possibleNames(text), ...forms(text)]),
    keys: texts,
  });
  const wanted = async (text: string, side: 'source' | 'target'): Promise<WantedModel> => {
    const identified = identifyModel(rows, text, { side, by, holding });
    if ('wanted' in identified) return identified.wanted;
    const known = identified.refused === 'MODEL_NOT_FOUND' ? named(text) : undefined;
    if (known !== undefined) return { key: null, ...naturalKey(known, by) };
    throw await notIdentified(site, { kind, tenants, refused: identified, text, side, by });
  };
  const pair = {
    from: await wanted(asked.from.trim(), 'source'),
    to: await wanted(asked.to.trim(), 'target'),
  };
  await refuseRetired(
    site,
    rows.find(({ key }) => key === pair.to.key),
  );
  const apart = toldApart(pair.from, pair.to);
  if (apart === undefined) throw sameModel(pair.from.name);
  return apart;
}

/** How many tenants are read before what is the same in several of them is left out. */
const readAtOnce = 500;

/** Of models that differ by tenant and key alone, the first; but each whose key somebody named, and that is a tenant's own or not. */
async function readDifferent(site: Site, query: FleetModelQuery): Promise<ModelFacts[]> {
  const different = new Map<string, ModelFacts>();
  for (let from = 0; from < query.tenants.length; from += readAtOnce) {
    const tenants = query.tenants.slice(from, from + readAtOnce);
    const found = await readFleetModels(site, { ...query, tenants });
    for (const row of [...found.values()].flatMap(modelsFound)) {
      const text = differenceOf(row, query.keys);
      if (!different.has(text)) different.set(text, row);
    }
  }
  return [...different.values()];
}

function differenceOf(row: ModelFacts, named: readonly string[]): string {
  const keys = [row.key, keyText(row)].filter((key) => key !== undefined && named.includes(key));
  return JSON.stringify([row.table ?? null, row.components, keys, typeof row.tenant]);
}

interface NotIdentified extends Pick<FleetModelNames, 'kind' | 'by'> {
  readonly tenants: readonly string[];
  readonly refused: Extract<Identified, { refused: string }>;
  readonly text: string;
  readonly side: 'source' | 'target';
}

/** The first tenants show how the models are called that somebody may have meant. */
const shown = 50;

async function notIdentified(
  site: Site,
  { kind, by, tenants, refused, text, side }: NotIdentified,
): Promise<DroverError> {
  const data = { model: text };
  if (refused.refused !== 'MODEL_NOT_FOUND') return new DroverError(refused.refused, refused.message, data);
  const models = await readFleetModels(site, { kind, tenants: tenants.slice(0, shown), keys: [] });
  const again = identifyModel([...models.values()].flatMap(modelsFound), text, { side, by });
  const { message } = 'wanted' in again ? refused : again;
  return new DroverError('MODEL_NOT_FOUND', message, data);
}

/** Of a tenant that cannot be read there are none. */
function modelsFound(found: FoundModels): ModelFacts[] {
  return found instanceof DroverError ? [] : found;
}

/** A target that is named by its key may be retired, which no list would offer. @throws MODEL_RETIRED with its successor */
async function refuseRetired(site: Site, target: ModelFacts | undefined): Promise<void> {
  if (target?.retired !== true) return;
  const successor = await withTenant(
    site,
    { tenant: target.tenant ?? undefined, readOnly: true },
    async (tx) =>
      target.tenant === null || target.tenant === undefined
        ? undefined
        : findSuccessor(
            tx,
            { rules: await readRules(tx, site, target.tenant), tenant: target.tenant },
            target,
          ),
  );
  const refusal = refusalOfRetired(label(target), successor);
  throw new DroverError('MODEL_RETIRED', refusal.message, { successor: refusal.successor });
}

function resolveOne(
  { by, named }: FleetModelNames,
  pair: WantedPair,
  about: { tenant: TenantName; asked: FleetIntent; found: FoundModels },
): Resolution {
  const { found } = about;
  if (found instanceof DroverError)
    return { status: 'failed', code: found.code, message: found.message, findings: [] };
  const mapping = ownMember(about.asked.mapping, about.tenant.key);
  // Where text alone names models, a tenant has those that no row of its own is.
  const rowless = (rows: readonly ModelFacts[], wanted: readonly WantedModel[]): ModelFacts[] =>
    wanted
      .filter(({ name }) => !rows.some(({ components }) => components['name'] === name))
      .flatMap(
        ({ name, second }) => named(by === 'provider' && second !== null ? `${second}/${name}` : name) ?? [],
      );
  return resolveModels({
    ...pair,
    by,
    tenant: about.tenant,
    candidates: [...found, ...rowless(found, [pair.from, pair.to])],
    includeSuspended: about.asked.includeSuspended ?? false,
    ...(mapping === undefined ? {} : { mapping }),
  });
}

/** Where no table holds the models, a model is what it is called, in every tenant. */
function resolveTexts(
  { kind }: FleetModelNames,
  chosen: readonly TenantName[],
  { from, to, includeSuspended = false, mapping }: FleetIntent,
): ResolvedRun {
  if (mapping !== undefined)
    throw invalid('No table holds the models of this database, so there is nothing to map.');
  const model = (name: string): ModelFacts => namedModel({ kind, components: { name } });
  const wanted = (name: string): WantedModel => ({ key: null, name, second: null });
  const pair = { from: wanted(from), to: wanted(to) };
  const candidates = [model(from), model(to)];
  const resolveText = (tenant: TenantName): ResolvedTenant => {
    const resolution = resolveModels({ tenant, candidates, ...pair, by: 'none', includeSuspended });
    return { tenant, resolution };
  };
  const resolve: ResolvedRun['resolve'] = (some) => Promise.resolve(some.map(resolveText));
  return { kind, ...pair, tenants: chosen, resolve };
}

function sameModel(name: string): DroverError {
  return new DroverError('SAME_MODEL', `Source and target are the same model: ${name}.`);
}
