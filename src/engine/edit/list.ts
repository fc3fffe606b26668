/** What becomes of the elements of a list that names models: the one rule for JSON lists, arrays and comma lists. */
import type { Mapping } from '../plan/plan-types.ts';

/** `to`: the element becomes that; `drop`: it goes, because the target is in the list already; undefined: it stays. */
export type ElementMove = { readonly to: string } | 'drop' | undefined;

/**
 * One move per element. An element equal to a source becomes its target; where the list holds the target already, or
 * an earlier element has become it, the source element is dropped. All other elements stay, duplicates too.
 * @param elements the values as text; undefined or null where an element is not a text or a number.
 * @param mappings tuples of one component.
 */
export function moveElements(
  elements: readonly (string | null | undefined)[],
  mappings: readonly Mapping[],
): ElementMove[] {
  const targets = elements.map((element) => targetOf(element, mappings));
  const present = new Set(elements.filter((_, at) => targets[at] === undefined));
  return targets.map((to) => {
    if (to === undefined) return undefined;
    if (present.has(to)) return 'drop';
    present.add(to);
    return { to };
  });
}

/** What a value becomes. Undefined where it is not a source. */
export function targetOf(value: string | null | undefined, mappings: readonly Mapping[]): string | undefined {
  if (value === undefined || value === null) return undefined;
  return mappings.find((mapping) => mapping.from[0] === value)?.to[0];
}
