/** Where a model of a tenant is used. The places of the configuration say where to look, so a new table needs no code here. */
import { findModelByKey } from '../../postgres/facts/find-models.ts';
import { readRules } from '../../postgres/catalogue/rules.ts';
import { withTenant } from '../../postgres/scope/site.ts';
import { countUsage, listUses } from '../../postgres/usage/usage.ts';
import type { UsageByType, Use, UseQuery } from '../../postgres/usage/usage.ts';
import { noModel } from './migrate-model.ts';
import type { Platform } from '../open.ts';

export type { UsageByType, Use };

export interface UsagePage extends Omit<UseQuery, 'model'> {
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
