/**
 * What is known about models by their names, whoever's row it is: limits, capabilities, dates. What a database has a column for is
 * its own business, an empty value included; knowledge fills in what it has no column for, so that it gets the same findings.
 */
import type { ModelFacts } from './model.ts';

/** What somebody knows about the models of one name. */
export interface KnownModel {
  readonly facts: Pick<
    ModelFacts,
    'deprecated' | 'capabilities' | 'context' | 'output' | 'priceIn' | 'priceOut' | 'parameters' | 'shutdown'
  >;
  /** What takes its place, nearest first; each by all its names. */
  readonly successors: readonly (readonly string[])[];
}

export interface ModelKnowledge {
  /** Undefined where nobody knows such a model of that kind. */
  readonly find: (kind: string, name: string) => KnownModel | undefined;
}

/** What a database has a word for itself: facts by the names of the configuration, and `deprecated`. */
export type Said = ReadonlySet<string>;

const factNames = {
  context: 'context',
  output: 'output',
  price_in: 'priceIn',
  price_out: 'priceOut',
  parameters: 'parameters',
  shutdown: 'shutdown',
} as const;

/** The model with what its database has no column for filled in. Prices only where it has none at all: two currencies would be compared. */
export function withKnowledge(
  model: ModelFacts,
  { knowledge, said }: { knowledge: ModelKnowledge | undefined; said: Said },
): ModelFacts {
  const known = knowledge === undefined ? undefined : findKnown(model, knowledge);
  if (known === undefined) return model;
  const { facts, successors } = known;
  const priced = said.has('price_in') || said.has('price_out');
  const filled = Object.entries(factNames).filter(
    ([fact, name]) => !said.has(fact) && facts[name] !== undefined && !(priced && fact.startsWith('price')),
  );
  const able = Object.entries(facts.capabilities).filter(([name]) => !said.has(name));
  return {
    ...Object.fromEntries(filled.map(([, name]) => [name, facts[name]])),
    ...model,
    deprecated: model.deprecated || (!said.has('deprecated') && facts.deprecated),
    capabilities: { ...Object.fromEntries(able), ...model.capabilities },
    ...(successors.length === 0 ? {} : { successors }),
  };
}

function findKnown({ kind, components }: ModelFacts, knowledge: ModelKnowledge): KnownModel | undefined {
  const { name = '', provider } = components;
  const names = [name, ...(provider === undefined ? [] : [`${provider}/${name}`])];
  return names.map((each) => knowledge.find(kind, each)).find((each) => each !== undefined);
}
