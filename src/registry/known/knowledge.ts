/** The registry as what plans know about models beside their rows. */
import type { KnownModel, ModelKnowledge } from '../../engine/models/knowledge.ts';
import { endingModels, lifecycleWith, listSuccessors, otherServers } from './lifecycle.ts';
import type { LoadedRegistry } from '../load/load.ts';
import { factsOfModel } from './model-facts.ts';
import { modelsByName, namesOf } from '../load/registry.ts';
import type { Model } from '../load/shape.ts';
import { spellingsOf } from './spellings.ts';

/** By id or alias, and by `vendor/id`; of each kind apart, because a name may mean another thing there. Made once of a registry. */
export function knowledgeOf(loaded: LoadedRegistry): ModelKnowledge {
  const knowledge = made.get(loaded) ?? makeKnowledge(loaded);
  made.set(loaded, knowledge);
  return knowledge;
}

const made = new WeakMap<LoadedRegistry, ModelKnowledge>();

function makeKnowledge(loaded: LoadedRegistry): ModelKnowledge {
  const { registry, routes } = loaded;
  const byName = modelsByName(registry);
  // A row of `gpt-oss-20b` means `openai/gpt-oss-20b` where its provider is called so.
  const lastParts = new Set([...byName.keys()].map((name) => name.slice(name.indexOf('/') + 1)));
  const others = otherServers(registry);
  const spellings = spellingsOf(loaded);
  const known = new Map<Model, Omit<KnownModel, 'lifecycle'>>();
  const describe = (model: Model, provider?: string): KnownModel => {
    const lasting = known.get(model) ?? {
      facts: factsOfModel(model, registry),
      successors: listSuccessors(registry, model.id).map(namesOf),
      spellings: spellings.get(model) ?? [],
    };
    known.set(model, lasting);
    return { ...lasting, lifecycle: { by: 'registry', ...lifecycleWith(model, others, provider) } };
  };
  return {
    name: `registry ${routes.version}`,
    find: (kind, name, provider) => {
      const model = byName.get(name) ?? byName.get(withoutVendor(byName, name));
      return model?.kind === kind ? describe(model, provider) : undefined;
    },
    mayKnow: (name) => name.includes('/') || lastParts.has(name),
    ending: (kind) =>
      endingModels(registry, kind).map((model) => ({ ...describe(model), components: componentsOf(model) })),
  };
}

/** `anthropic/claude-haiku-4-5` means the model of that vendor; another vendor's model of that name is not meant. */
function withoutVendor(byName: ReadonlyMap<string, Model>, name: string): string {
  const at = name.indexOf('/');
  const id = name.slice(at + 1);
  return byName.get(id)?.vendor === name.slice(0, at) ? id : '';
}

function componentsOf({ id, family, vendor }: Model): Record<string, string> {
  return { name: id, family, provider: vendor };
}
