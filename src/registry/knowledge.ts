/** The registry as what plans know about models beside their rows. */
import type { KnownModel, ModelKnowledge } from '../engine/model-knowledge.ts';
import { listSuccessors } from './lifecycle.ts';
import type { LoadedRegistry } from './load.ts';
import { factsOfModel } from './model-facts.ts';
import { modelsByName } from './registry.ts';
import type { Model, Registry } from './shape.ts';

/** By id or alias, and by `vendor/id`; of each kind apart, because a name may mean another thing there. */
export function knowledgeOf({ registry }: Pick<LoadedRegistry, 'registry'>): ModelKnowledge {
  const byName = modelsByName(registry);
  const known = new Map<Model, KnownModel>();
  return {
    find: (kind, name) => {
      const model = byName.get(name) ?? byName.get(withoutVendor(byName, name));
      if (model === undefined || model.kind !== kind) return undefined;
      const facts = known.get(model) ?? knownModel(registry, model);
      known.set(model, facts);
      return facts;
    },
  };
}

/** `anthropic/claude-haiku-4-5` means the model of that vendor; another vendor's model of that name is not meant. */
function withoutVendor(byName: ReadonlyMap<string, Model>, name: string): string {
  const at = name.indexOf('/');
  const id = name.slice(at + 1);
  return byName.get(id)?.vendor === name.slice(0, at) ? id : '';
}

function knownModel(registry: Registry, model: Model): KnownModel {
  const { kind: _kind, retired: _retired, ...facts } = factsOfModel(model, registry);
  const successors = listSuccessors(registry, model.id).map(({ id, aliases = [] }) => [id, ...aliases]);
  return { facts, successors };
}
