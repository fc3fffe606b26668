/** A page of models with how much each is used, read from one snapshot. */
import type { ModelFacts } from '../engine/model.ts';
import type { Rules } from '../engine/references.ts';
import type { Tx } from '../postgres/database.ts';
import { rulesForReading } from '../postgres/kept-rules.ts';
import { countUsage, type UsageByType } from '../postgres/usage.ts';
import { endsOf, listModelsOfKind, mayEnd, type ModelEnd } from './model-ends.ts';
import type { ModelKind } from './resources/declaration.ts';
import { listPage, type Page, type PageRequest } from './rows/read.ts';
import { type Asked, reading } from './rows/unit.ts';

export interface ModelPage extends Page {
  /** In the order of the items. */
  readonly usage: readonly UsageByType[] | undefined;
  /** By id, of those that end. */
  readonly ends: ReadonlyMap<string, ModelEnd>;
}

/**
 * Uses are counted through the places of the engine on every call: nothing is stored that could be wrong. Where nobody asks for them and
 * nobody knows these models, nothing is read but the page.
 */
export function listModelsInUse(
  asked: Asked,
  { kind, counted }: { readonly kind: ModelKind; readonly counted: boolean },
  request: PageRequest,
): Promise<ModelPage> {
  const { site } = asked.platform;
  return reading(asked, async (tx) => {
    const [page, early] = await Promise.all([
      listPage(tx, asked, request),
      counted ? rulesForReading(tx, site) : undefined,
    ]);
    const knowledge = site.knowledge();
    if (!counted && !page.items.some((row) => mayEnd(row, knowledge)))
      return { ...page, ends: new Map(), usage: undefined };
    const tenant = asked.caller.tenantId;
    const rules = early ?? (await rulesForReading(tx, site));
    const models = await listModelsOfKind(tx, { rules, tenant }, kind);
    const ids = page.items.map(({ id }) => String(id));
    const usage = counted ? await usageOf(tx, { rules, tenant, models }, ids) : undefined;
    return { ...page, ends: endsOf(models, rules.knowledge), usage };
  });
}

async function usageOf(
  tx: Tx,
  {
    models,
    ...where
  }: { readonly rules: Rules; readonly tenant: string; readonly models: readonly ModelFacts[] },
  ids: readonly string[],
): Promise<UsageByType[]> {
  if (ids.length === 0) return [];
  const shown = models.filter(({ key = '' }) => ids.includes(key));
  const counts = await countUsage(tx, { ...where, models: shown });
  const byId = new Map(shown.map(({ key }, at) => [key, counts[at]]));
  return ids.map((id) => byId.get(id) ?? {});
}
