/** What becomes of the elements of a list that names models: one rule for JSON lists, PostgreSQL arrays and lists in a text. */
import type { Mapping } from './value-rule.ts';

/** `to`: the element becomes that; `drop`: it goes, because the target stands elsewhere in the list; undefined: it stays. */
type ElementMove = { readonly to: string } | 'drop' | undefined;

/**
 * One move per element. A list says an order of preference: the target stands where the first of source and target stood, once. All
 * other elements stay, duplicates too. A list without the source stays as it is.
 * @param elements the values as text; undefined or null where an element is not a text or a number.
 * @param mappings tuples of one component.
 */
export function moveElements(
  elements: readonly (string | null | undefined)[],
  mappings: readonly Mapping[],
): ElementMove[] {
  const targets = elements.map((element) => targetOf(element, mappings));
  const arriving = new Set(targets);
  const standing = new Set<string>();
  return elements.map((element, at) => {
    const to = targets[at];
    const names = to ?? (typeof element === 'string' && arriving.has(element) ? element : undefined);
    if (names === undefined) return undefined;
    if (standing.has(names)) return 'drop';
    standing.add(names);
    return to === undefined ? undefined : { to };
  });
}

/** What a value becomes. Undefined where it is not a source. */
export function targetOf(value: string | null | undefined, mappings: readonly Mapping[]): string | undefined {
  if (value === undefined || value === null) return undefined;
  return mappings.find((mapping) => mapping.from[0] === value)?.to[0];
}
