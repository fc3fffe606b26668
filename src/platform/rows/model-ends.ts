/** What becomes of a tenant's models, by their rows and by the registry. For answers that show these rows. */
import { statusOf } from '../../engine/models/lifecycle.ts';
import type { LifecycleNote } from '../../engine/models/model.ts';
import { listModelsOfKind } from '../../postgres/facts/model-rows.ts';
import type { LifecycleStatus, ModelFacts } from '../../engine/models/model.ts';
import type { ModelKnowledge } from '../../engine/models/knowledge.ts';
import { successorOf } from '../../engine/models/successor.ts';
import type { Successor } from '../../engine/models/successor.ts';
import { readRules } from '../../postgres/catalogue/rules.ts';
import type { ModelKind, Values } from '../resources/declaration.ts';
import type { ResourceRequest } from './unit.ts';
import { reading } from './unit.ts';

export interface ModelEnd {
  readonly day: string | null;
  readonly announced: string | null;
  readonly status: LifecycleStatus;
  readonly says: readonly LifecycleNote[];
  readonly successor: Successor | undefined;
}

/** What becomes of the model of a row; undefined where it stays. */
export async function readModelEnd(
  asked: ResourceRequest,
  kind: ModelKind,
  row: Values,
): Promise<ModelEnd | undefined> {
  if (!mayEnd(row, asked.platform.site.knowledge())) return undefined;
  return (await readModelEnds(asked, kind)).get(String(row['id']));
}

/** Of each model of the tenant that ends, by its id. */
export function readModelEnds(
  asked: ResourceRequest,
  kind: ModelKind,
): Promise<ReadonlyMap<string, ModelEnd>> {
  const { platform, caller } = asked;
  return reading(asked, async (tx) => {
    const rules = await readRules(tx, platform.site, caller.tenantId);
    const models = await listModelsOfKind(tx, { rules, tenant: caller.tenantId }, kind);
    return endsOf(models, rules.knowledge);
  });
}

/** Could the row or the registry say that the model ends? Asked first, so that nothing is read in vain. */
export function mayEnd(row: Values, knowledge: ModelKnowledge | undefined): boolean {
  const { is_deprecated: marked, lifecycle, deprecated_at: since = null, shutdown_on: until = null } = row;
  if (marked === true || lifecycle !== 'active' || since !== null || until !== null) return true;
  return knowledge?.mayKnow(String(row['name'])) === true;
}

/** By the id of the model; of those that end. */
export function endsOf(
  models: readonly ModelFacts[],
  knowledge: ModelKnowledge | undefined,
): ReadonlyMap<string, ModelEnd> {
  const ending = models.filter((model) => (model.lifecycle ?? []).length > 0);
  return new Map(
    ending.map((model) => [model.key ?? '', endOf(model, successorOf(models, model, knowledge))]),
  );
}

function endOf(model: ModelFacts, successor: Successor | undefined): ModelEnd {
  const { shutdown = null, announced = null, lifecycle = [] } = model;
  return { day: shutdown, announced, status: statusOf(model), says: lifecycle, successor };
}
