/**
 * How a model is written beside its name: `anthropic/claude-haiku-4-5`, or with a date behind it. A reference keeps its way of
 * writing when it moves, as far as the target is written that way, too.
 */
import type { ModelFacts } from './model.ts';

/** One way to write a model. */
export interface Spelling {
  readonly text: string;
  /** What stands before the model's own id: empty, `anthropic/`, `anthropic:`. */
  readonly prefix: string;
}

/** Each spelling of the source with what takes its place. Nothing where nobody knows how the source is written. */
export function spellingPairs(source: ModelFacts, target: ModelFacts): { from: string; to: string }[] {
  return (source.spellings ?? []).map(({ text, prefix }) => ({
    from: text,
    to: source === target ? text : inStyleOf(prefix, target),
  }));
}

/** The same prefix, else one that ends alike, else the same one before the target's name: nobody knows better, and it is not lost. */
function inStyleOf(prefix: string, { spellings = [], components: { name = '' } }: ModelFacts): string {
  const same = spellings.find((each) => each.prefix === prefix);
  const alike = spellings.find((each) => each.prefix.at(-1) === prefix.at(-1));
  return (same ?? alike)?.text ?? prefix + name;
}
