/** A page of models with how much each is used, read from one snapshot. */
import type { ModelFacts } from '../../engine/models/model.ts';
import type { Rules } from '../../engine/rules/references.ts';
import type { Tx } from '../../postgres/driver/database.ts';
import { catalogueMark, rulesMarked } from '../../postgres/catalogue/rules.ts';
import { listModelsOfKind } from '../../postgres/facts/model-rows.ts';
import { countUsage, type UsageByType } from '../../postgres/usage/usage.ts';
import { endsOf, mayEnd, type ModelEnd, readModelEnds } from './model-ends.ts';
import type { ModelKind } from '../resources/declaration.ts';
import { listResource, type Page, pageOf, type PageRequest } from './read.ts';
import { type Asked, reading } from './unit.ts';

export interface ModelPage extends Page {
  /** In the order of the items. */
  readonly usage: readonly UsageByType[] | undefined;
  /** By id, of those that end. */
  readonly ends: ReadonlyMap<string, ModelEnd>;
}

/** Uses are counted anew on every call, at the places of the configuration. No stored count can be wrong. */
export function listModelsInUse(asked: Asked, kind: ModelKind, request: PageRequest): Promise<ModelPage> {
  return reading(asked, async (tx) => {
    const [page, mark] = await tx.together([pageOf(asked, request), catalogueMark]);
    const rules = await rulesMarked(tx, asked.platform.site, mark);
    const tenant = asked.caller.tenantId;
    const models = await listModelsOfKind(tx, { rules, tenant }, kind);
    const ids = page.items.map(({ id }) => String(id));
    const usage = await usageOf(tx, { rules, tenant, models }, ids);
    return { ...page, ends: endsOf(models, rules.knowledge), usage };
  });
}

/** The same without the uses: one statement, where none of the models can end. */
export async function listModelsAlone(
  asked: Asked,
  kind: ModelKind,
  request: PageRequest,
): Promise<ModelPage> {
  const page = await listResource(asked, request);
  const knowledge = asked.platform.site.knowledge();
  const some = page.items.some((row) => mayEnd(row, knowledge));
  return { ...page, ends: some ? await readModelEnds(asked, kind) : new Map(), usage: undefined };
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
