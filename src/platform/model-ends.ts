/** What becomes of a tenant's models, by their rows and by the registry: for answers that show the rows themselves. */
import { statusOf } from '../engine/lifecycle.ts';
import type { LifecycleNote, LifecycleStatus } from '../engine/lifecycle.ts';
import type { ModelFacts } from '../engine/model.ts';
import type { Rules } from '../engine/references.ts';
import { modelTableOf } from '../engine/steps.ts';
import { successorOf } from '../engine/successor.ts';
import type { Successor } from '../engine/successor.ts';
import type { Tx } from '../postgres/database.ts';
import { rulesForReading } from '../postgres/kept-rules.ts';
import { listModels } from '../postgres/model-rows.ts';
import type { ModelKind } from './resources/declaration.ts';
import { type Asked, reading } from './rows/unit.ts';

export interface ModelEnd {
  readonly day: string | null;
  readonly announced: string | null;
  readonly status: LifecycleStatus;
  readonly says: readonly LifecycleNote[];
  readonly successor: Successor | undefined;
}

/** Of each model of the tenant by its id; what stays is left out. */
export function readModelEnds(asked: Asked, kind: ModelKind): Promise<ReadonlyMap<string, ModelEnd>> {
  const { platform, caller } = asked;
  return reading(asked, async (tx) => {
    const rules = await rulesForReading(tx, platform.site);
    return listModelEnds(tx, { rules, tenant: caller.tenantId }, kind);
  });
}

/** The same in a transaction that is open. */
export async function listModelEnds(
  tx: Tx,
  { rules, tenant }: { readonly rules: Rules; readonly tenant: string },
  kind: ModelKind,
): Promise<ReadonlyMap<string, ModelEnd>> {
  const table = modelTableOf(rules, kind);
  const models = table === undefined ? [] : await listModels(tx, rules, { model: table, tenant });
  const ending = models.filter((model) => (model.lifecycle ?? []).length > 0);
  return new Map(
    ending.map((model) => [model.key ?? '', endOf(model, successorOf(models, model, rules.knowledge))]),
  );
}

function endOf(model: ModelFacts, successor: Successor | undefined): ModelEnd {
  const { shutdown = null, announced = null, lifecycle = [] } = model;
  return { day: shutdown, announced, status: statusOf(model), says: lifecycle, successor };
}
