/** A page of models with how much each is used, read from one snapshot. */
import { modelTableOf } from '../engine/steps.ts';
import type { Tx } from '../postgres/database.ts';
import { listModels } from '../postgres/model-rows.ts';
import { readRules } from '../postgres/site.ts';
import { countUsage, type UsageByType } from '../postgres/usage.ts';
import type { ModelKind } from './resources/declaration.ts';
import { listPage, type Page, type PageRequest } from './rows/read.ts';
import { type Asked, reading } from './rows/unit.ts';

export interface ModelPage extends Page {
  /** In the order of the items. */
  readonly usage: readonly UsageByType[];
}

/** Counted through the places of the engine on every call: nothing is stored that could be wrong. */
export function listModelsInUse(asked: Asked, kind: ModelKind, request: PageRequest): Promise<ModelPage> {
  return reading(asked, async (tx) => {
    const page = await listPage(tx, asked, request);
    const ids = page.items.map(({ id }) => String(id));
    return { ...page, usage: ids.length === 0 ? [] : await usageOf(tx, asked, { kind, ids }) };
  });
}

async function usageOf(
  tx: Tx,
  { platform, caller }: Asked,
  { kind, ids }: { readonly kind: ModelKind; readonly ids: readonly string[] },
): Promise<UsageByType[]> {
  const tenant = caller.tenantId;
  const rules = await readRules(tx, platform.site);
  const model = modelTableOf(rules, kind);
  const all = model === undefined ? [] : await listModels(tx, rules, { model, tenant });
  const models = all.filter(({ key = '' }) => ids.includes(key));
  const counts = await countUsage(tx, { rules, models, tenant });
  const byId = new Map(models.map(({ key }, at) => [key, counts[at]]));
  return ids.map((id) => byId.get(id) ?? {});
}
