/** Which model ids belong to a provider: by a vendor word with its boundary, or by an anchored pattern. */
import { automatonOf, compileAutomaton } from './automaton.ts';
import { firstCharacters, parsePattern, wordPattern } from './pattern.ts';
import type { Pattern } from './pattern.ts';

/** As the registry writes it: `word` with `after`, or `pattern`. */
export interface Matcher {
  readonly word?: string | undefined;
  /** What may stand between the word and the rest: the boundary, so that `claude-` does not own `claudette`. */
  readonly after?: readonly string[] | undefined;
  readonly pattern?: string | undefined;
  readonly ignoreCase?: boolean | undefined;
}

/** All matchers of a provider as one test. */
export interface CompiledMatchers {
  readonly takes: (id: string) => boolean;
  /** The characters with which an id can begin that is taken; undefined for any. */
  readonly first: ReadonlySet<string> | undefined;
  /** What may stand before a vendor's own id: `anthropic/`. */
  readonly prefixes: readonly string[];
}

/** What a matcher means. @throws PatternError where it means nothing. */
export function patternOf({ word, after, pattern, ignoreCase }: Matcher): Pattern {
  if (pattern !== undefined) return parsePattern(pattern, ignoreCase ?? false);
  return wordPattern(word ?? '', after ?? [], ignoreCase ?? false);
}

/** @throws PatternError where a matcher means nothing, or too much. */
export function checkMatcher(matcher: Matcher): void {
  automatonOf(patternOf(matcher));
}

/** One test for all matchers of a provider. @throws PatternError */
export function compileMatchers(matchers: readonly Matcher[]): CompiledMatchers {
  const whole: Pattern = { kind: 'choice', options: matchers.map(patternOf) };
  return {
    takes: compileAutomaton(whole),
    first: firstCharacters(whole),
    prefixes: matchers.flatMap(prefixesOf),
  };
}

function prefixesOf({ word, after = [] }: Matcher): string[] {
  const separators = after.filter((separator) => separator !== '-');
  return word === undefined ? [] : separators.map((separator) => `${word}${separator}`);
}

/** For a person: `claude-…`, `anthropic/…`, `/^o[0-9]$/`. */
export function describeMatcher({ word, after, pattern, ignoreCase }: Matcher): string {
  const cases = ignoreCase === true ? ' (any case)' : '';
  if (pattern !== undefined) return `/${pattern}/${cases}`;
  return `${(after ?? []).map((separator) => `${word}${separator}…`).join(', ')}${cases}`;
}
