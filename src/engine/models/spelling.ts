/** How a model is written beside its name. */
import type { ModelFacts } from './model.ts';

/**
 * Each spelling of the source (`anthropic/claude-haiku-4-5`, or one with a date behind it), and what takes its place. Empty where
 * nobody knows how the source is written.
 */
export function spellingPairs(source: ModelFacts, target: ModelFacts): { from: string; to: string }[] {
  return (source.spellings ?? []).map(({ text, prefix }) => ({
    from: text,
    to: source === target ? text : inStyleOf(prefix, target),
  }));
}

/**
 * A reference keeps its style where the target is written in that style, too. First comes the target's own name behind the same prefix,
 * then another spelling with that prefix, then one whose prefix ends alike, then the same prefix before the target's name.
 */
function inStyleOf(prefix: string, { spellings = [], components: { name = '' } }: ModelFacts): string {
  const prefixed = spellings.filter((each) => each.prefix === prefix);
  const same = prefixed.find(({ text }) => text === prefix + name) ?? prefixed[0];
  const alike = spellings.find((each) => each.prefix.at(-1) === prefix.at(-1));
  return (same ?? alike)?.text ?? prefix + name;
}
