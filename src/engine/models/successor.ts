/** The successor of a model: what its own row says, otherwise what its vendor recommends. */
import { isEnding } from './lifecycle.ts';
import type { ModelFacts, Teller } from './model.ts';
import type { ModelKnowledge } from './knowledge.ts';

/** What to use instead. */
export interface Successor {
  readonly name: string;
  /** Its row among those of the tenant; null where the tenant has none yet. */
  readonly key: string | null;
  /** Who says so: the model's own row, or its vendor by way of the registry. */
  readonly by: Teller;
}

/** The row to use instead, among the rows of one tenant. A model that stays comes before one that ends; none is gone. */
export function successorAmong(models: readonly ModelFacts[], model: ModelFacts): ModelFacts | undefined {
  const chosen = chosenSuccessor(models, model);
  if (chosen !== undefined) return chosen;
  const recommended = (model.successors ?? []).flatMap((names) =>
    models.filter(
      (one) => !one.retired && one.key !== model.key && names.includes(one.components['name'] ?? ''),
    ),
  );
  return recommended.find((one) => !isEnding(one)) ?? recommended[0];
}

/** The first in the line of successors, by what the rows say, that is not gone. */
function chosenSuccessor(models: readonly ModelFacts[], model: ModelFacts): ModelFacts | undefined {
  const seen = new Set<string>();
  for (let { successor } = model; successor !== undefined && !seen.has(successor);) {
    seen.add(successor);
    const next = models.find(({ key }) => key === successor);
    if (next?.retired === false) return next;
    successor = next?.successor;
  }
  return undefined;
}

/** What to use instead, with who says so. By name alone where the tenant has no row of what the vendor recommends. */
export function successorOf(
  models: readonly ModelFacts[],
  model: ModelFacts,
  knowledge: ModelKnowledge | undefined,
): Successor | undefined {
  const found = successorAmong(models, model);
  if (found !== undefined) {
    const by = chosenSuccessor(models, model) === undefined ? 'registry' : 'database';
    return { name: found.components['name'] ?? '', key: found.key ?? null, by };
  }
  const names = (model.successors ?? []).flatMap(([name]) => (name === undefined ? [] : [name]));
  const staying = names.find((name) => stays(knowledge, model.kind, name));
  const name = staying ?? names.at(-1);
  return name === undefined ? undefined : { name, key: null, by: 'registry' };
}

/**
 * The refusal of a model that is gone and that somebody chose.
 * @param called what the sentence calls it
 * @param state what became of it
 */
export function refusalOfRetired(
  called: string,
  successor: Pick<ModelFacts, 'key' | 'components'> | undefined,
  state = 'retired',
) {
  const name = successor?.components['name'];
  const instead = name === undefined ? 'choose another one' : `its successor is ${name}`;
  return {
    message: `${called} is ${state} and cannot be chosen: ${instead}.`,
    successor: successor === undefined ? null : { id: successor.key, name },
  };
}

function stays(knowledge: ModelKnowledge | undefined, kind: string, name: string): boolean {
  const { status, shutdown } = knowledge?.find(kind, name)?.lifecycle ?? {};
  return status === 'active' && shutdown === undefined;
}
