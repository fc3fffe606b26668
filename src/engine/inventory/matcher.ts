/** Which terms a text names, as a whole or inside. */
import { createNameSearch } from './name-search.ts';
import type { NamePlace } from './name-search.ts';
import { createSieve } from './sieve.ts';
import type { Sieve } from './sieve.ts';
import { foldText, isPlainWord, isWeakKey } from './term.ts';
import type { Term } from './term.ts';

/** One term in one text. */
export interface FoundTerm {
  readonly term: Term;
  /** The whole text but for blanks around it, or a part of it. */
  readonly form: 'exact' | 'inside';
  /** As it stands in the text. */
  readonly written: string;
  /** Where it stands. */
  readonly at: number;
  /** The name with a day behind it that no term has: another snapshot of the model. */
  readonly snapshot: boolean;
}

export interface Matcher {
  /** From left to right, of several at one place the longest. Weak keys are left out: see `findKey`. */
  readonly find: (text: string) => readonly FoundTerm[];
  /** The weak key that the text is. */
  readonly findKey: (text: string) => FoundTerm | undefined;
}

/** A matcher that also looks at values before they are texts. */
export interface SievedMatcher extends Matcher {
  /** Undefined where it could keep nothing back: a number, or a name without letters and digits of ASCII, may stand in any value. */
  readonly sieve: Sieve | undefined;
}

/** Of several terms that read alike the first one counts. */
export function createMatcher(terms: readonly Term[]): SievedMatcher {
  const numbers = new Map(terms.filter(isWeakKey).map((term) => [term.text, term]));
  const named = new Map(
    terms
      .filter((term) => !isWeakKey(term))
      .toReversed()
      .map((term) => [foldText(term.text), term]),
  );
  const { search, pieces } = createNameSearch(named);
  const hasPieces = pieces !== undefined && numbers.size === 0 && !named.has('');
  return {
    sieve: hasPieces ? createSieve(pieces) : undefined,
    find: (text) => {
      const places = search(text);
      // Where every name has a piece of ASCII, only other text can read like one without being found by it.
      if (places.length === 0 && !/^\s*$|[^\0-\x7f]/.test(text)) return [];
      const whole = text.length > longestWhole ? undefined : named.get(foldText(text));
      if (whole === undefined) return fromLeftToRight(text, places);
      const written = text.trim();
      return [{ term: whole, form: 'exact', written, at: text.indexOf(written), snapshot: false }];
    },
    findKey: (text) => {
      if (numbers.size === 0) return undefined;
      const term = numbers.get(text.trim());
      if (term === undefined) return undefined;
      return { term, form: 'exact', written: term.text, at: text.indexOf(term.text), snapshot: false };
    },
  };
}

/** Nobody's name is longer; folding a document of megabytes only to look it up would cost more than to search it. */
const longestWhole = 20_000;

/** Of places that overlap the first, and of those that begin together the longest. */
function fromLeftToRight(text: string, places: readonly NamePlace[]): FoundTerm[] {
  const length = text.trim().length;
  const found: FoundTerm[] = [];
  let from = 0;
  for (const { term, start, nameEnd, end } of places.toSorted(
    (a, b) => a.start - b.start || b.nameEnd - a.nameEnd,
  )) {
    if (start < from) continue;
    const written = text.slice(start, end);
    const form = written.length === length ? 'exact' : 'inside';
    if (form === 'inside' && isPlainWord(term.text)) continue;
    found.push({ term, form, written, at: start, snapshot: end > nameEnd });
    from = end;
  }
  return found;
}
