/**
 * Patterns for model ids: a small, decidable part of regular expressions, so that two of them can be compared. Allowed are
 * literals, escapes, classes, `.`, groups, `|`, `?`, `*`, `+` and `{m,n}`, all of it anchored by `^` and `$`. Ids are
 * printable ASCII without spaces, and `.` means one such character.
 */

/** One character out of a set, a sequence, a choice, or a repetition. */
export type Pattern =
  | { readonly kind: 'one'; readonly of: ReadonlySet<string> }
  | { readonly kind: 'sequence'; readonly parts: readonly Pattern[] }
  | { readonly kind: 'choice'; readonly options: readonly Pattern[] }
  | { readonly kind: 'repeat'; readonly part: Pattern; readonly min: number; readonly max: number };

/** Every character that an id may have. */
const idCharacters: readonly string[] = Array.from({ length: 94 }, (_, at) => String.fromCharCode(33 + at));

const anything: Pattern = { kind: 'one', of: new Set(idCharacters) };
const maxRepeat = 64;

/** Why a text is no pattern; the message is for whoever wrote it. */
export class PatternError extends Error {}

/** Reads an anchored pattern. @throws PatternError */
export function parsePattern(text: string, ignoreCase: boolean): Pattern {
  if (!text.startsWith('^') || !text.endsWith('$') || text.endsWith('\\$'))
    throw new PatternError('a pattern is anchored: it begins with ^ and ends with $');
  const reader = new Reader(text.slice(1, -1), ignoreCase);
  const pattern = reader.choice();
  if (!reader.done()) throw new PatternError(`nothing fits the ${reader.peek()} at ${reader.at + 1}`);
  return pattern;
}

/** A literal vendor word, one of the separators, and at least one character more. */
export function wordPattern(word: string, after: readonly string[], ignoreCase: boolean): Pattern {
  const letters = word.split('').map((char) => one([char], ignoreCase));
  const rest: Pattern = { kind: 'repeat', part: anything, min: 1, max: Infinity };
  return { kind: 'sequence', parts: [...letters, one(after, false), rest] };
}

function one(chars: Iterable<string>, ignoreCase: boolean): Pattern {
  const of = new Set<string>();
  for (const char of chars) {
    of.add(char);
    if (ignoreCase) of.add(char.toLowerCase()).add(char.toUpperCase());
  }
  return { kind: 'one', of };
}

/** The characters that a pattern can begin with; undefined where it takes an empty text. */
export function firstCharacters(pattern: Pattern): ReadonlySet<string> | undefined {
  switch (pattern.kind) {
    case 'one':
      return pattern.of;
    case 'choice':
      return union(pattern.options.map(firstCharacters));
    case 'repeat':
      return pattern.min === 0 ? undefined : firstCharacters(pattern.part);
    case 'sequence':
      return firstOfSequence(pattern.parts);
    default:
      return pattern satisfies never;
  }
}

function firstOfSequence(parts: readonly Pattern[]): ReadonlySet<string> | undefined {
  const before = new Set<string>();
  for (const part of parts) {
    const first = firstCharacters(part);
    if (first !== undefined) return new Set([...before, ...first]);
    for (const char of possibleFirst(part)) before.add(char);
  }
  return undefined;
}

/** Like `firstCharacters` of a part that may also be empty. */
function possibleFirst(pattern: Pattern): ReadonlySet<string> {
  switch (pattern.kind) {
    case 'one':
      return pattern.of;
    case 'repeat':
      return possibleFirst(pattern.part);
    case 'choice':
      return new Set(pattern.options.flatMap((each) => [...possibleFirst(each)]));
    case 'sequence':
      return firstOfSequence(pattern.parts) ?? new Set(idCharacters);
    default:
      return pattern satisfies never;
  }
}

function union(sets: readonly (ReadonlySet<string> | undefined)[]): ReadonlySet<string> | undefined {
  const all = new Set<string>();
  for (const set of sets) {
    if (set === undefined) return undefined;
    for (const char of set) all.add(char);
  }
  return all;
}

/** Reads a pattern from left to right, one character ahead. */
class Reader {
  at = 0;
  readonly #text: string;
  readonly #ignoreCase: boolean;

  constructor(text: string, ignoreCase: boolean) {
    this.#text = text;
    this.#ignoreCase = ignoreCase;
  }

  peek(): string {
    return this.#text[this.at] ?? '';
  }

  done(): boolean {
    return this.at >= this.#text.length;
  }

  choice(): Pattern {
    const options = [this.#sequence()];
    while (this.#skip('|')) options.push(this.#sequence());
    return options.length === 1 && options[0] !== undefined ? options[0] : { kind: 'choice', options };
  }

  #sequence(): Pattern {
    const parts: Pattern[] = [];
    while (!this.done() && this.peek() !== '|' && this.peek() !== ')') parts.push(this.#repeated());
    return { kind: 'sequence', parts };
  }

  #repeated(): Pattern {
    const part = this.#single();
    if (this.#skip('?')) return { kind: 'repeat', part, min: 0, max: 1 };
    if (this.#skip('*')) return { kind: 'repeat', part, min: 0, max: Infinity };
    if (this.#skip('+')) return { kind: 'repeat', part, min: 1, max: Infinity };
    return this.peek() === '{' ? this.#counted(part) : part;
  }

  #counted(part: Pattern): Pattern {
    const match = /^\{(\d{1,2})(?:(,)(\d{1,2})?)?\}/.exec(this.#text.slice(this.at));
    if (match === null) throw new PatternError('a count is written {2}, {2,} or {2,5}');
    this.at += match[0].length;
    const min = Number(match[1]);
    const max = match[2] === undefined ? min : match[3] === undefined ? Infinity : Number(match[3]);
    const tooMany = min > maxRepeat || (max !== Infinity && max > maxRepeat);
    if (max < min || tooMany) throw new PatternError(`a count goes up, and to ${maxRepeat} at most`);
    return { kind: 'repeat', part, min, max };
  }

  #single(): Pattern {
    const char = this.#take();
    if (char === '(') return this.#group();
    if (char === '[') return this.#characterClass();
    if (char === '.') return anything;
    if (char === '\\') return one(this.#escaped(), this.#ignoreCase);
    if ('?*+{}]^$'.includes(char))
      throw new PatternError(`${char} has nothing to stand for; write \\${char}`);
    return one([this.#printable(char)], this.#ignoreCase);
  }

  #group(): Pattern {
    if (this.#skip('?') && !this.#skip(':')) throw new PatternError('only plain groups: ( … ) or (?: … )');
    const inner = this.choice();
    if (!this.#skip(')')) throw new PatternError('a group is not closed');
    return inner;
  }

  #characterClass(): Pattern {
    const negated = this.#skip('^');
    const chars = new Set<string>();
    while (!this.#skip(']')) {
      const from = this.#classMember();
      const range = this.peek() === '-' && this.#text[this.at + 1] !== ']' && from.length === 1;
      if (range) this.at += 1;
      const to = range ? this.#classMember() : from;
      for (const char of range ? between(from, to) : from) chars.add(char);
    }
    const named = one(chars, this.#ignoreCase);
    if (named.kind !== 'one' || named.of.size === 0) throw new PatternError('a class is empty');
    if (!negated) return named;
    return { kind: 'one', of: new Set(idCharacters.filter((char) => !named.of.has(char))) };
  }

  #classMember(): string {
    if (this.done()) throw new PatternError('a class is not closed');
    const char = this.#take();
    return char === '\\' ? this.#escaped() : this.#printable(char);
  }

  #escaped(): string {
    const char = this.#take();
    if (char === 'd') return '0123456789';
    if (char === 'w') return idCharacters.filter((each) => /\w/.test(each)).join('');
    if (char === '' || /[A-Za-z0-9]/.test(char)) throw new PatternError(`\\${char} is not known here`);
    return this.#printable(char);
  }

  #printable(char: string): string {
    if (!idCharacters.includes(char)) throw new PatternError('model ids are printable ASCII without spaces');
    return char;
  }

  #take(): string {
    this.at += 1;
    return this.#text[this.at - 1] ?? '';
  }

  #skip(char: string): boolean {
    if (this.peek() !== char || this.done()) return false;
    this.at += 1;
    return true;
  }
}

function between(from: string, to: string): string[] {
  const chars = idCharacters.filter((char) => char >= from && char <= to);
  if (to.length !== 1 || chars.length === 0) throw new PatternError(`the range ${from}-${to} goes nowhere`);
  return chars;
}
