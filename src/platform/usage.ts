/** Where the models of a tenant are used, found through the places of the engine: a new table is counted by being configured. */
import type { ModelFacts } from '../engine/model.ts';
import type { Rules } from '../engine/references.ts';
import { modelTableOf } from '../engine/steps.ts';
import type { Tx } from '../postgres/database.ts';
import { listModels } from '../postgres/model-rows.ts';
import { readRules, withTenant } from '../postgres/site.ts';
import { countUsage as countUses, listUses } from '../postgres/usage.ts';
import type { UsageByType, Use, UseQuery } from '../postgres/usage.ts';
import { noModel } from './migrate-model.ts';
import type { Platform } from './open.ts';

export type { UsageByType, Use };

interface InTenant {
  readonly tenantId: string;
}

/**
 * The usage of several models of one kind by entity type, disabled and retired ones too; by id, with an entry for each that the
 * tenant has. One statement for each table, whatever the number of models.
 */
export function countUsage(
  platform: Platform,
  { tenantId }: InTenant,
  kind: string,
  modelIds: readonly string[],
): Promise<Map<string, UsageByType>> {
  if (modelIds.length === 0) return Promise.resolve(new Map());
  const wanted = new Set(modelIds.map((id) => id.toLowerCase()));
  return withModels(platform, { tenantId, kind }, async (tx, rules, all) => {
    const models = all.filter(({ key = '' }) => wanted.has(key));
    const counts = await countUses(tx, { rules, models, tenant: tenantId });
    return new Map(models.map(({ key = '' }, at) => [key, counts[at] ?? {}]));
  });
}

export interface UsagePage extends Omit<UseQuery, 'model'> {
  readonly tenantId: string;
  readonly kind: string;
  readonly modelId: string;
}

export interface ModelUse {
  readonly counts: UsageByType;
  readonly uses: readonly Use[];
}

/** One page of the rows that name a model, and how many there are of each type. @throws NOT_FOUND */
export function getUsage(platform: Platform, page: UsagePage): Promise<ModelUse> {
  const { tenantId, kind, modelId, ...query } = page;
  return withModels(platform, { tenantId, kind }, async (tx, rules, all) => {
    const model = all.find(({ key }) => key === modelId.toLowerCase());
    if (model === undefined) throw noModel(kind);
    const scope = { rules, tenant: tenantId };
    const [counts = {}] = await countUses(tx, { ...scope, models: [model] });
    return { counts, uses: await listUses(tx, scope, { ...query, model }) };
  });
}

function withModels<T>(
  { site }: Platform,
  { tenantId, kind }: { tenantId: string; kind: string },
  work: (tx: Tx, rules: Rules, models: readonly ModelFacts[]) => Promise<T>,
): Promise<T> {
  return withTenant(site, { tenant: tenantId, readOnly: true }, async (tx) => {
    const rules = await readRules(tx, site);
    const model = modelTableOf(rules, kind);
    return work(
      tx,
      rules,
      model === undefined ? [] : await listModels(tx, rules, { model, tenant: tenantId }),
    );
  });
}
