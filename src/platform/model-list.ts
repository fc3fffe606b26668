/** A page of models with how much each is used, read from one snapshot. */
import type { Rules } from '../engine/references.ts';
import { modelTableOf } from '../engine/steps.ts';
import type { Tx } from '../postgres/database.ts';
import { rulesForReading } from '../postgres/kept-rules.ts';
import { listModels } from '../postgres/model-rows.ts';
import { countUsage, type UsageByType } from '../postgres/usage.ts';
import { listModelEnds, type ModelEnd } from './model-ends.ts';
import type { ModelKind } from './resources/declaration.ts';
import { listPage, type Page, type PageRequest } from './rows/read.ts';
import { type Asked, reading } from './rows/unit.ts';

export interface ModelPage extends Page {
  /** In the order of the items. */
  readonly usage: readonly UsageByType[] | undefined;
  /** By id, of those that end. */
  readonly ends: ReadonlyMap<string, ModelEnd>;
}

/** Uses are counted through the places of the engine on every call: nothing is stored that could be wrong. */
export function listModelsInUse(
  asked: Asked,
  { kind, counted }: { readonly kind: ModelKind; readonly counted: boolean },
  request: PageRequest,
): Promise<ModelPage> {
  return reading(asked, async (tx) => {
    const [page, rules] = await Promise.all([
      listPage(tx, asked, request),
      rulesForReading(tx, asked.platform.site),
    ]);
    const ids = page.items.map(({ id }) => String(id));
    const tenant = asked.caller.tenantId;
    const ends = await listModelEnds(tx, { rules, tenant }, kind);
    const usage = counted ? await usageOf(tx, { rules, tenant }, { kind, ids }) : undefined;
    return { ...page, ends, usage };
  });
}

async function usageOf(
  tx: Tx,
  { rules, tenant }: { readonly rules: Rules; readonly tenant: string },
  { kind, ids }: { readonly kind: ModelKind; readonly ids: readonly string[] },
): Promise<UsageByType[]> {
  if (ids.length === 0) return [];
  const model = modelTableOf(rules, kind);
  const all = model === undefined ? [] : await listModels(tx, rules, { model, tenant });
  const models = all.filter(({ key = '' }) => ids.includes(key));
  const counts = await countUsage(tx, { rules, models, tenant });
  const byId = new Map(models.map(({ key }, at) => [key, counts[at]]));
  return ids.map((id) => byId.get(id) ?? {});
}
