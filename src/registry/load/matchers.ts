/**
 * Which model ids belong to a provider. A form describes ids: its characters stand for themselves, `#` is a number (all the
 * digits that stand there), and `*` at the end is the rest of a name (one or more letters, digits, `.`, `_` or `-`). Behind a
 * word and its separator the rest may be anything: `**`. Forms are so plain that a match reads an id once, and that comparing
 * two forms place by place decides whether one id fits both.
 */

/** As the registry writes it: `word` with `after`, or `forms`. */
export interface IdMatcher {
  readonly word?: string | undefined;
  /** What stands between the word and the rest. `claude` after which `-` stands takes `claude-x` and not `claudette`. */
  readonly after?: readonly string[] | undefined;
  readonly forms?: readonly string[] | undefined;
  readonly ignoreCase?: boolean | undefined;
}

/** All matchers of a provider as one test. */
export interface CompiledMatchers {
  readonly takes: (id: string) => boolean;
  /** What may stand before a vendor's own id: `anthropic/`. */
  readonly prefixes: readonly string[];
  /** What stands behind such a prefix. Undefined where none stands before it. */
  readonly behindWord: (id: string) => string | undefined;
  /** Does one of the matchers that ignore case take it? */
  readonly inAnyCase: (id: string) => boolean;
}

function formsOf({ word = '', after = [], forms = [] }: IdMatcher): readonly string[] {
  return [...after.map((separator) => `${word}${separator}**`), ...forms];
}

/** One test for all matchers of a provider. */
export function compileMatchers(matchers: readonly IdMatcher[]): CompiledMatchers {
  const expressions = matchers.map(expressionOf);
  const ignoring = expressions.filter((_, at) => matchers[at]?.ignoreCase === true);
  return {
    takes: (id) => expressions.some((expression) => expression.test(id)),
    prefixes: matchers.flatMap(prefixesOf),
    behindWord: (id) =>
      matchers.map((matcher) => behindPrefix(matcher, id)).find((rest) => rest !== undefined),
    inAnyCase: (id) => ignoring.some((expression) => expression.test(id)),
  };
}

function behindPrefix(matcher: IdMatcher, id: string): string | undefined {
  const fold = (text: string): string => (matcher.ignoreCase === true ? text.toLowerCase() : text);
  const prefix = prefixesOf(matcher).find((each) => fold(id).startsWith(fold(each)));
  return prefix === undefined ? undefined : id.slice(prefix.length);
}

/** The look-ahead makes a number whole. So an id can be read in one way only, and the expression never tries another. */
function expressionOf(matcher: IdMatcher): RegExp {
  const forms = formsOf(matcher).map((form) =>
    form
      .replaceAll(/[^\w#*]/g, String.raw`\$&`)
      .replace('**', '[!-~]+')
      .replace('*', String.raw`[\w.-]+`)
      .replaceAll('#', '[0-9]+(?![0-9])'),
  );
  return new RegExp(`^(?:${forms.join('|')})$`, matcher.ignoreCase === true ? 'i' : '');
}

function prefixesOf({ word = '', after = [] }: IdMatcher): string[] {
  return after.filter((separator) => separator !== '-').map((separator) => `${word}${separator}`);
}

/** For a person: `claude-…`, `gpt-#`. */
export function describeMatcher(matcher: IdMatcher): string {
  const forms = formsOf(matcher).map((form) => form.replace(/\*+/, '…'));
  return `${forms.join(', ')}${matcher.ignoreCase === true ? ' (any case)' : ''}`;
}

/** An id that both matchers take. Undefined where there is none. */
export function findSharedId(a: IdMatcher, b: IdMatcher): string | undefined {
  for (const left of formsOf(a)) {
    for (const right of formsOf(b)) {
      const both = { left: placesOf(left), right: placesOf(right), placeOfBoth: placeOfBoth(a, b) };
      const shared = sharedId(both);
      if (shared !== undefined) return shared;
    }
  }
  return undefined;
}

/** A number is one place, whether it is written or is `#`. So is the rest, and any other character. */
function placesOf(form: string): string[] {
  return form.match(/\d+|\*+|\D/g) ?? [];
}

interface TwoForms {
  readonly left: readonly string[];
  readonly right: readonly string[];
  readonly placeOfBoth: (left: string, right: string) => string | undefined;
}

function sharedId({ left, right, placeOfBoth }: TwoForms): string | undefined {
  let id = '';
  for (const [at, place] of left.entries()) {
    const other = right[at];
    if (other === undefined) return undefined;
    if (place.startsWith('*')) return fitting(id, place, right.slice(at));
    if (other.startsWith('*')) return fitting(id, other, left.slice(at));
    const both = placeOfBoth(place, other);
    if (both === undefined) return undefined;
    id += both;
  }
  return left.length === right.length ? id : undefined;
}

/** Of two forms that are alike until one says what the rest may be. */
function fitting(id: string, rest: string, places: readonly string[]): string | undefined {
  const example = exampleOf(places);
  return rest === '**' || /^[\w.-]+$/.test(example) ? id + example : undefined;
}

/** What fits both places, as the side spells it that does not ignore case. */
function placeOfBoth(a: IdMatcher, b: IdMatcher): TwoForms['placeOfBoth'] {
  return (left, right) => {
    if (left === '#') return /[\d#]/.test(right) ? exampleOf([right]) : undefined;
    if (right === '#') return /\d/.test(left) ? left : undefined;
    if (left === right) return left;
    const alike = left.toLowerCase() === right.toLowerCase();
    if (alike && a.ignoreCase === true) return right;
    return alike && b.ignoreCase === true ? left : undefined;
  };
}

/** An id that fits these places. */
function exampleOf(places: readonly string[]): string {
  return places.map((place) => (place === '#' ? '1' : place.startsWith('*') ? 'x' : place)).join('');
}
