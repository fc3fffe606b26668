/** The models that a run may mean, of many tenants: set-based where the database can do that, tenant by tenant where not. */
import type { ModelFacts } from '../../engine/models/model.ts';
import type { ModelTable } from '../../engine/rules/place.ts';
import type { SecondName } from '../../engine/models/resolve.ts';
import { modelTableOf } from '../../engine/rules/references.ts';
import { DroverError } from '../../errors.ts';
import { checkIntent } from '../facts/pair.ts';
import { canReadTogether } from '../facts/model-owner.ts';
import { listModels, listModelsOfTenants } from '../facts/model-rows.ts';
import { withTenant } from '../scope/site.ts';
import { readRules } from '../catalogue/rules.ts';
import type { Site } from '../scope/site.ts';
import { asFleet, asOperator } from '../scope/tenant.ts';
import type { Intent } from '../../engine/plan/intent.ts';

/** What is true of the models of all tenants. */
export interface ModelNames {
  readonly kind: string;
  /** What tells models of one name apart. */
  readonly by: SecondName;
  /** A table holds the models; otherwise a model is its name, and every tenant has it. */
  readonly rows: boolean;
}

/**
 * Checks what can be checked of a move before any tenant is looked at.
 * @throws KIND_UNKNOWN, ENTITY_TYPE_UNKNOWN, ANSWER_UNKNOWN, CONFIG_MISMATCH
 */
export function readModelNames(site: Site, asked: Intent): Promise<ModelNames> {
  return asOperator(site.database, { ...site.scope, readOnly: true }, async (tx) => {
    const rules = await readRules(tx, site);
    const { kind = '' } = checkIntent(rules, asked);
    const model = modelTableOf(rules, kind);
    if (model === undefined) return { kind, by: 'none', rows: false };
    return { kind, by: secondName(model), rows: true };
  });
}

function secondName({ config }: ModelTable): SecondName {
  if (config.columns.family !== undefined) return 'family';
  return config.columns.provider === undefined ? 'none' : 'provider';
}

export interface FleetModelQuery {
  readonly kind: string;
  readonly tenants: readonly string[];
  readonly names: readonly string[];
  readonly keys: readonly string[];
}

/** How many tenants are named in one transaction. */
const batchSize = 500;

/** The models with one of the names or keys, by tenant; those of everybody are with each. */
export async function readFleetModels(
  site: Site,
  query: FleetModelQuery,
): Promise<Map<string, ModelFacts[]>> {
  const found = new Map<string, ModelFacts[]>(query.tenants.map((tenant) => [tenant, []]));
  for (let from = 0; from < query.tenants.length; from += batchSize) {
    const tenants = query.tenants.slice(from, from + batchSize);
    for (const [tenant, models] of await readBatch(site, { ...query, tenants })) found.set(tenant, models);
  }
  return found;
}

async function readBatch(site: Site, query: FleetModelQuery): Promise<Map<string, ModelFacts[]>> {
  const together = await readTogether(site, query).catch(unlessOneByOne);
  return together ?? readOneByOne(site, query);
}

/** A database that binds each transaction to one tenant refuses; then tenants are read one by one. */
function unlessOneByOne(error: unknown): undefined {
  if (error instanceof DroverError && error.code === 'FLEET_UNAVAILABLE') return undefined;
  throw error;
}

function readTogether(site: Site, query: FleetModelQuery): Promise<Map<string, ModelFacts[]> | undefined> {
  return asFleet(site.database, { ...site.scope, readOnly: true }, query.tenants, async (tx) => {
    const rules = await readRules(tx, site);
    const model = modelTableOf(rules, query.kind);
    if (model === undefined || !canReadTogether(rules, model)) return undefined;
    const models = await listModelsOfTenants(tx, rules, { ...query, model });
    const shared = models.filter(({ tenant }) => tenant === null);
    const own = Map.groupBy(models, ({ tenant }) => tenant);
    return new Map(query.tenants.map((tenant) => [tenant, [...(own.get(tenant) ?? []), ...shared]]));
  });
}

async function readOneByOne(site: Site, query: FleetModelQuery): Promise<Map<string, ModelFacts[]>> {
  const names = new Set(query.names.map((name) => name.toLowerCase()));
  const found = new Map<string, ModelFacts[]>();
  for (const tenant of query.tenants) {
    const models = await withTenant(site, { tenant, readOnly: true }, async (tx) => {
      const rules = await readRules(tx, site);
      const model = modelTableOf(rules, query.kind);
      return model === undefined ? [] : listModels(tx, rules, { model, tenant });
    });
    const isWanted = ({ key = '', components }: ModelFacts): boolean =>
      query.keys.includes(key) || names.has((components['name'] ?? '').toLowerCase());
    found.set(tenant, models.filter(isWanted));
  }
  return found;
}
