/**
 * Where a model of a tenant is used, what could follow it, and which models end. The places of the configuration say where to look, so a
 * new table needs no code here.
 */
import { findModelByKey } from '../../postgres/facts/find-models.ts';
import { readRules } from '../../postgres/catalogue/rules.ts';
import { withTenant } from '../../postgres/scope/site.ts';
import { countUsage, listUses } from '../../postgres/usage/usage.ts';
import type { UsageByType, Use, UseQuery } from '../../postgres/usage/usage.ts';
import { noModel } from './migrate-model.ts';
import type { Platform } from '../open.ts';
import type { ParameterPolicy } from '../../engine/plan/intent.ts';
import { DroverError } from '../../errors.ts';
import { suggestTargets } from '../../postgres/usage/suggest.ts';
import type { PlannedSuggestion } from '../../postgres/usage/suggest.ts';
import type { Retirement } from '../../engine/models/retirements.ts';
import { readRetirements, sharedUnit } from '../../postgres/usage/retirements.ts';
import { listTenants } from '../../postgres/scope/tenants.ts';

export type { UsageByType, Use };

interface UsagePage extends Omit<UseQuery, 'model'> {
  readonly tenantId: string;
  readonly kind: string;
  readonly modelId: string;
}

/** One page of the rows that name a model, and how many there are of each type. @throws NOT_FOUND */
export function getUsage(
  { site }: Platform,
  page: UsagePage,
): Promise<{ readonly counts: UsageByType; readonly uses: readonly Use[] }> {
  const { tenantId: tenant, kind, modelId, ...query } = page;
  return withTenant(site, { tenant, readOnly: true }, async (tx) => {
    const rules = await readRules(tx, site, tenant);
    const model = await findModelByKey(tx, { rules, tenant }, { kind, key: modelId.toLowerCase() });
    if (model?.kind !== kind) throw noModel(kind);
    const [counts = {}] = await countUsage(tx, { rules, tenant, models: [model] });
    return { counts, uses: await listUses(tx, { rules, tenant }, { ...query, model }) };
  });
}

/* Which models could follow one of the tenant's, with the plan to each. */

export type { PlannedSuggestion };

interface SuggestRequest {
  readonly tenantId: string;
  readonly kind: string;
  readonly modelId: string;
  readonly entityTypes?: readonly string[];
  readonly parameters: ParameterPolicy;
  readonly limit: number;
}

/** Best first; the plan of each can be applied by its hash. @throws NOT_FOUND, ENTITY_TYPE_UNKNOWN, ENTITY_TYPES_INCOMPLETE */
export async function suggestModels(
  platform: Platform,
  request: SuggestRequest,
): Promise<PlannedSuggestion[]> {
  const { tenantId, kind, modelId, entityTypes, parameters, limit } = request;
  const intent = {
    tenant: tenantId,
    kind,
    from: modelId.toLowerCase(),
    parameters,
    answers: {},
    leaveAsks: false,
  };
  const query = { ...intent, limit, ...(entityTypes === undefined ? {} : { entityTypes }) };
  const suggestions = await suggestTargets(platform.site, query).catch((error: unknown) => {
    if (error instanceof DroverError && error.code === 'MODEL_NOT_FOUND') throw noModel(kind);
    throw error;
  });
  for (const { plan } of suggestions) platform.plans.remember(plan);
  return suggestions;
}

/* The models in use that their providers take away: of one tenant, or of all for an operator. */

export type { Retirement };

/** By day, over all tenants and the rows that are nobody's alone; for an operator. */
export async function listAllRetirements({ site }: Platform): Promise<Retirement[]> {
  return readRetirements(site, [...(await listTenants(site)), sharedUnit]);
}

/** By day, of one tenant; it is the only one among `tenants`, by its key. */
export function listOwnRetirements({ site }: Platform, tenantId: string): Promise<Retirement[]> {
  return readRetirements(site, [{ key: tenantId, name: tenantId }]);
}
