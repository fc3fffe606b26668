/** What plans know of models beside their rows: facts, ends, successors, and how a model is written where it runs. */
import type { NameKnowledge, ModelKnowledge, WrittenForms } from '../../engine/models/knowledge.ts';
import type { ModelFacts, ParameterSupport } from '../../engine/models/model.ts';
import { lifecycleWith, listSuccessors, otherServers } from './lifecycle.ts';
import type { LoadedRegistry } from '../load/load.ts';
import { modelsByName, namesOf } from '../load/registry.ts';
import type { Model, Registry } from '../load/shape.ts';
import { spellingsOf } from './spellings.ts';
import { writtenForms } from './written-forms.ts';

/** By id, by alias and by `vendor/id`. Each kind is apart, because a name may mean another model there. */
export function knowledgeOf(loaded: LoadedRegistry): ModelKnowledge {
  const { registry, routes } = loaded;
  const byName = modelsByName(registry);
  // A row of `gpt-oss-20b` means `openai/gpt-oss-20b` where its provider is called so.
  const lastParts = new Set([...byName.keys()].map((name) => name.slice(name.indexOf('/') + 1)));
  const others = otherServers(registry);
  const spellings = spellingsOf(loaded);
  const forms = formFinder(loaded);
  const known = new Map<Model, Omit<NameKnowledge, 'lifecycle'>>();
  const describe = (model: Model, provider?: string): NameKnowledge => {
    const lasting = known.get(model) ?? {
      facts: factsOfModel(model, registry),
      vendor: model.vendor,
      successors: listSuccessors(registry, model.id).map(namesOf),
      spellings: spellings.get(model) ?? [],
    };
    known.set(model, lasting);
    return { ...lasting, lifecycle: { by: 'registry', ...lifecycleWith(model, others, provider) } };
  };
  let byForm: ReadonlyMap<string, Model> | undefined;
  const anyForm = (): ReadonlyMap<string, Model> => (byForm ??= modelsByForm(loaded));
  return {
    name: `registry ${routes.version}`,
    find: (kind, name, provider) => {
      const model = byName.get(name) ?? byName.get(withoutVendor(byName, name));
      return model?.kind === kind ? describe(model, provider) : undefined;
    },
    written: (name) => {
      const model = byName.get(name) ?? byName.get(withoutVendor(byName, name));
      return model && forms(model);
    },
    parameterNames: parameterNames(registry),
    mayKnow: (name) => name.includes('/') || lastParts.has(name),
    kindOf: (text) => anyForm().get(text.toLowerCase())?.kind,
    names: (kind) => registry.models.filter((model) => model.kind === (kind ?? model.kind)).flatMap(namesOf),
    models: (kind) =>
      registry.models
        .filter((model) => model.kind === (kind ?? model.kind))
        .map((model) => ({ ...describe(model), kind: model.kind, components: componentsOf(model) })),
  };
}

function parameterNames({ models }: Registry): ReadonlySet<string> {
  const accepted = models.flatMap(({ parameters }) =>
    Object.entries(parameters?.accepts ?? {}).flatMap(([name, { aliases = [] }]) => [name, ...aliases]),
  );
  return new Set(accepted);
}

/** Every form in which a model is written, in small letters → the model. */
function modelsByForm(loaded: LoadedRegistry): ReadonlyMap<string, Model> {
  const forms = [...writtenForms(loaded)];
  return new Map(forms.flatMap(([model, all]) => all.map(({ text }) => [text.toLowerCase(), model])));
}

/** `anthropic/claude-haiku-4-5` means that vendor's model, and never another vendor's model of the same name. */
function withoutVendor(byName: ReadonlyMap<string, Model>, name: string): string {
  const at = name.indexOf('/');
  const id = name.slice(at + 1);
  return byName.get(id)?.vendor === name.slice(0, at) ? id : '';
}

function componentsOf({ id, family, vendor }: Model): Record<string, string> {
  return { name: id, family, provider: vendor };
}

type KnownFacts = Pick<
  ModelFacts,
  'family' | 'context' | 'output' | 'capabilities' | 'priceIn' | 'priceOut' | 'parameters'
>;

/** The facts that a plan compares. A capability that no page mentions is left out; that is not the same as not having it. */
export function factsOfModel(model: Model, { levels }: Pick<Registry, 'levels'>): KnownFacts {
  const { family, context, maxOutput, prices, parameters } = model;
  return {
    family,
    capabilities: capabilitiesOf(model),
    ...(context !== undefined && { context }),
    ...(maxOutput !== undefined && { output: maxOutput }),
    ...(prices?.input !== undefined && { priceIn: prices.input }),
    ...(prices?.output !== undefined && { priceOut: prices.output }),
    ...(parameters !== undefined && { parameters: supportOf(parameters.accepts, levels) }),
  };
}

function capabilitiesOf({ input, tools, structured, reasoning }: Model): Record<string, boolean> {
  const known = {
    vision: input?.includes('image'),
    audio: input?.includes('audio'),
    tools,
    structured,
    reasoning,
  };
  return Object.fromEntries(
    Object.entries(known).filter((pair): pair is [string, boolean] => pair[1] !== undefined),
  );
}

function supportOf(
  accepts: NonNullable<Model['parameters']>['accepts'],
  levels: Registry['levels'],
): Record<string, ParameterSupport> {
  return Object.fromEntries(
    Object.entries(accepts).map(([name, { min, max, levels: words, meaning, aliases }]) => [
      name,
      {
        ...(min !== undefined && { min }),
        ...(max !== undefined && { max }),
        ...(aliases !== undefined && { aliases }),
        ...(words !== undefined && { levels: words, meaning: meaningOf(words, { ...levels, ...meaning }) }),
      },
    ]),
  );
}

/** A word that nobody explains means its rank among the others. */
function meaningOf(
  words: readonly string[],
  known: Readonly<Record<string, number>>,
): Record<string, number> {
  return Object.fromEntries(
    words.map((word, at) => [
      word,
      Object.hasOwn(known, word) ? (known[word] ?? 0) : (at + 1) / words.length,
    ]),
  );
}

/** The forms of each model, found out when somebody asks for them: most programs never look for a model in data. */
function formFinder(loaded: LoadedRegistry): (model: Model) => WrittenForms {
  const known = new Map<Model, WrittenForms>();
  let all: ReadonlyMap<Model, readonly { readonly text: string }[]> | undefined;
  return (model) => {
    const before = known.get(model);
    if (before !== undefined) return before;
    all ??= writtenForms(loaded);
    const found = formsOf(model, all);
    known.set(model, found);
    return found;
  };
}

/** Its forms, and the longer forms of other models in which one of them stands. */
function formsOf(model: Model, all: ReadonlyMap<Model, readonly { readonly text: string }[]>): WrittenForms {
  const forms = (all.get(model) ?? []).map(({ text }) => text);
  const folded = forms.map((text) => text.toLowerCase());
  const shortest = folded.filter((text) => !folded.some((other) => other !== text && text.includes(other)));
  const others = [...all].flatMap(([other, texts]) =>
    other === model ? [] : texts.map(({ text }) => ({ model: other.id, text })),
  );
  const around = others.filter(({ text }) => {
    const longer = text.toLowerCase();
    return shortest.some((own) => own !== longer && longer.includes(own));
  });
  return { forms, others: around };
}
