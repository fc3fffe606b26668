/** What the registry knows about a model, as the facts that a migration's plan compares. */
import type { ModelFacts, ParameterSupport } from '../../engine/models/model.ts';
import type { Model, Registry } from '../load/shape.ts';

type KnownFacts = Pick<
  ModelFacts,
  'family' | 'context' | 'output' | 'capabilities' | 'priceIn' | 'priceOut' | 'parameters'
>;

/**
 * The facts about a model that do not depend on a tenant. A capability that no page mentions is left out, which is not the
 * same as not having it.
 */
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

type Accepts = NonNullable<Model['parameters']>['accepts'];

function supportOf(accepts: Accepts, levels: Registry['levels']): Record<string, ParameterSupport> {
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
