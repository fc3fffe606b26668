/** The models that a run may mean, of many tenants: set-based where the database can do that, tenant by tenant where not. */
import { keyText } from '../../engine/models/model.ts';
import type { ModelFacts } from '../../engine/models/model.ts';
import type { TypesOf } from '../../engine/rules/entity-types.ts';
import type { ModelTable } from '../../engine/rules/place.ts';
import type { SecondName } from '../../engine/models/resolve.ts';
import { given } from '../../engine/given.ts';
import { modelByName, namesByTextOnly, namesOfRows, rowsOfModel } from '../../engine/rules/named-models.ts';
import { modelTablesOf } from '../../engine/rules/references.ts';
import { DroverError, isConnectionLost } from '../../errors.ts';
import { checkIntent } from '../facts/pair.ts';
import { canReadTogether } from '../facts/model-owner.ts';
import { listModelsOfKind, listModelsOfTenants } from '../facts/model-rows.ts';
import { withTenant } from '../scope/site.ts';
import { readRules } from '../catalogue/rules.ts';
import type { Site } from '../scope/site.ts';
import { asFleet, asOperator } from '../scope/tenant.ts';
import type { Intent } from '../../engine/plan/intent.ts';

/** What is true of the models of all tenants. */
export interface FleetModelNames {
  readonly kind: string;
  /** What tells models of one name apart. */
  readonly by: SecondName;
  /** A table holds the models; otherwise a model is its name, and every tenant has it. */
  readonly rows: boolean;
  /** A model that no row is, by what the registry knows; never where a reference may be a key, so that a tenant needs a row. */
  readonly named: (text: string, beside?: ModelFacts) => ModelFacts | undefined;
  /** What rows may be called that hold the model of that text; and which of some rows do. */
  readonly forms: (text: string) => readonly string[];
  readonly holding: (rows: readonly ModelFacts[], text: string) => ModelFacts[];
}

/**
 * Checks what can be checked of a move before any tenant is looked at.
 * @throws KIND_UNKNOWN, ENTITY_TYPE_UNKNOWN, ENTITY_TYPES_INCOMPLETE, ANSWER_UNKNOWN, CONFIG_MISMATCH
 */
export function readModelNames(
  site: Site,
  { of, ...asked }: Intent & { readonly of: TypesOf },
): Promise<FleetModelNames> {
  return asOperator(site.database, { ...site.scope, readOnly: true }, async (tx) => {
    const rules = await readRules(tx, site, undefined);
    const { kind = '' } = checkIntent(rules, asked, of);
    const models = modelTablesOf(rules, kind);
    const byText = namesByTextOnly(rules, kind);
    const named: FleetModelNames['named'] = (text, beside) =>
      byText ? modelByName(rules, { kind, text, ...given({ beside }) }) : undefined;
    return {
      kind,
      by: secondName(models[0]),
      rows: models.length > 0,
      named,
      forms: (text) => namesOfRows(rules, { kind, text }),
      holding: (rows, text) => rowsOfModel(rules, rows, { kind, text }),
    };
  });
}

function secondName(model: ModelTable | undefined): SecondName {
  if (model?.config.columns.family !== undefined) return 'family';
  return model?.config.columns.provider === undefined ? 'none' : 'provider';
}

export interface FleetModelQuery {
  readonly kind: string;
  readonly tenants: readonly string[];
  /** Left out: every name. */
  readonly names?: readonly string[];
  readonly keys: readonly string[];
}

/** How many tenants are named in one transaction. */
const batchSize = 500;

/** What a tenant has, or what keeps it from being read: that tenant's error alone. */
export type FoundModels = ModelFacts[] | DroverError;

/** The models with one of the names or keys, by tenant; those of everybody are with each. */
export async function readFleetModels(site: Site, query: FleetModelQuery): Promise<Map<string, FoundModels>> {
  const found = new Map<string, FoundModels>(query.tenants.map((tenant) => [tenant, []]));
  for (let from = 0; from < query.tenants.length; from += batchSize) {
    const tenants = query.tenants.slice(from, from + batchSize);
    for (const [tenant, models] of await readBatch(site, { ...query, tenants })) found.set(tenant, models);
  }
  return found;
}

async function readBatch(site: Site, query: FleetModelQuery): Promise<Map<string, FoundModels>> {
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
    const rules = await readRules(tx, site, undefined);
    const tables = modelTablesOf(rules, query.kind);
    if (!tables.every((model) => canReadTogether(rules, model))) return undefined;
    const models: ModelFacts[] = [];
    for (const model of tables) models.push(...(await listModelsOfTenants(tx, rules, { ...query, model })));
    const shared = models.filter(({ tenant }) => tenant === null);
    const own = Map.groupBy(models, ({ tenant }) => tenant);
    return new Map(query.tenants.map((tenant) => [tenant, [...(own.get(tenant) ?? []), ...shared]]));
  });
}

async function readOneByOne(site: Site, query: FleetModelQuery): Promise<Map<string, FoundModels>> {
  const names = query.names && new Set(query.names.map((name) => name.toLowerCase()));
  const isWanted = (model: ModelFacts): boolean =>
    [model.key, keyText(model)].some((key) => key !== undefined && query.keys.includes(key)) ||
    (names?.has((model.components['name'] ?? '').toLowerCase()) ?? true);
  const found = new Map<string, FoundModels>();
  for (const tenant of query.tenants) {
    const models = await withTenant(site, { tenant, readOnly: true }, async (tx) =>
      listModelsOfKind(tx, { rules: await readRules(tx, site, tenant), tenant }, query.kind),
    ).catch(unlessEverybodys);
    found.set(tenant, models instanceof DroverError ? models : models.filter(isWanted));
  }
  return found;
}

/** A schema that lacks a column, or that the login may not read, is its tenant's affair. */
function unlessEverybodys(error: unknown): DroverError {
  if (error instanceof DroverError && !isConnectionLost(error)) return error;
  throw error;
}
