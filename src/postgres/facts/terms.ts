/** The values that a scan looks for: which columns can hold them, and by which piece of text a document is picked. */
import { isNumeric } from '../../engine/inventory/match.ts';

/** What members must agree about so that one scan serves them all. */
export function termShape(terms: readonly string[]): unknown {
  return [
    terms.map((term) => [isUuid(term), isNumeric(term), isInt8(term), needleOf(term) === undefined]),
    neededNeedles(terms.filter((term) => !isNumeric(term))),
  ];
}

export function isUuid(term: string): boolean {
  return /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(term);
}

export function isInt8(term: string): boolean {
  return isNumeric(term) && BigInt.asIntN(64, BigInt(term)) === BigInt(term);
}

/**
 * The longest piece of a term that JSON writes as it is. `openai/gpt-4o` may stand in a document as `openai\/gpt-4o`,
 * so `gpt-4o` is looked for. Undefined where no piece is usable.
 */
export function needleOf(term: string): string | undefined {
  const pieces = term.match(/[\w .:@+=,;()[\]{}*#$%!?|~^-]+/g) ?? [];
  const longest = pieces.toSorted((a, b) => b.length - a.length)[0];
  return longest?.trim() === '' ? undefined : longest;
}

/** The numbers of the terms whose needles must be looked for: a needle that contains another one is found by that one. */
export function neededNeedles(terms: readonly string[]): number[] {
  const needles = terms.map((term) => needleOf(term) ?? term);
  return [...needles.keys()].filter((at) => {
    const needle = needles[at] ?? '';
    return (
      needles.indexOf(needle) === at && !needles.some((other) => other !== needle && needle.includes(other))
    );
  });
}
