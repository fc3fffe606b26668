/** Model rows of a tenant by their keys, and what a retired one was replaced by. */
import type { ModelFacts } from '../../engine/models/model.ts';
import { successorAmong } from '../../engine/models/successor.ts';
import { modelTableOf } from '../../engine/rules/references.ts';
import type { Rules } from '../../engine/rules/references.ts';
import type { Tx } from '../driver/database.ts';
import { listModels } from './model-rows.ts';

interface TenantRules {
  readonly rules: Rules;
  readonly tenant: string;
}

/**
 * The model of that key and kind; where there is none, one of another kind that has the key, so that somebody can be told. One key may be
 * a model's in each kind. Undefined where the tenant has none.
 */
export async function findModelByKey(
  tx: Tx,
  { rules, tenant }: TenantRules,
  { kind, key }: { readonly kind: string; readonly key: string },
): Promise<ModelFacts | undefined> {
  const tables = [...rules.modelTables].sort((a, b) => Number(b.kind === kind) - Number(a.kind === kind));
  for (const model of tables) {
    const found = (await listModels(tx, rules, { model, tenant })).find((one) => one.key === key);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * What to choose instead: the first in the line of successors of its row that may be chosen; where its row says none, the first of
 * those that its vendor recommends.
 */
export async function findSuccessor(
  tx: Tx,
  { rules, tenant }: TenantRules,
  model: ModelFacts,
): Promise<ModelFacts | undefined> {
  const table = modelTableOf(rules, model);
  if (table === undefined) return undefined;
  return successorAmong(await listModels(tx, rules, { model: table, tenant }), model);
}
