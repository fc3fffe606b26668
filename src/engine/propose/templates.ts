/** How the values of a place are written: the templates that cover all that was seen. */
import { given } from '../given.ts';
import type { PlaceConfig } from '../rules/place-config.ts';
import type { KnownWords } from './known-words.ts';
import { looksLikeModel } from '../catalogue/wording.ts';

export interface KnownNames {
  /** Names from the tables of models, and from columns that say that they hold one. */
  readonly names: ReadonlySet<string>;
  readonly keys: ReadonlySet<string>;
  readonly words: KnownWords;
  /** Do the models have a provider, by which a name can be told from its namesakes? */
  readonly hasProvider: boolean;
}

export interface ColumnWriting {
  readonly how: Pick<PlaceConfig, 'as' | 'also'>;
  /** Values that name a model. */
  readonly hits: readonly string[];
  /** Values that name a model in a way that no template says. */
  readonly left: readonly string[];
}

/** Plain numbers are keys only where `numbers` says so: small integers are everywhere. */
export function writingOf(known: KnownNames, values: readonly string[], numbers = false): ColumnWriting {
  const templates = new Map<string, number>();
  const hits: string[] = [];
  const left: string[] = [];
  for (const value of values) {
    const template = templateOf(known, value, numbers);
    if (template === undefined) continue;
    hits.push(value);
    if (template === '') left.push(value);
    else templates.set(template, (templates.get(template) ?? 0) + 1);
  }
  return { how: howOf([...templates.keys()]), hits, left };
}

/** `{name}` needs no word where it is the only or the first template. */
function howOf(found: readonly string[]): ColumnWriting['how'] {
  const order = ['key', '{name}', '{provider}/{name}', '{spelling}'];
  const rank = (template: string): number =>
    (order.indexOf(template) + order.length + 1) % (order.length + 1);
  const [first, ...rest] = found.toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const also = rest.map((template) => (template === 'key' ? '{key}' : template));
  return given({
    as: first === '{name}' ? undefined : first,
    also: also.length === 0 ? undefined : also,
  });
}

/** The template of one value; empty where it names a model in another way; undefined where it names none. */
function templateOf(known: KnownNames, value: string, numbers: boolean): string | undefined {
  const { names, keys, words, hasProvider } = known;
  if (keys.has(value) && (numbers || /\D/.test(value))) return 'key';
  if (names.has(value)) return '{name}';
  const last = value.slice(value.lastIndexOf('/') + 1);
  const isPrefixed = value.includes('/') && (names.has(last) || looksLikeModel(value));
  if (hasProvider && isPrefixed) return '{provider}/{name}';
  if (words.model(value) !== undefined) return isPlain(value) ? '{name}' : '{spelling}';
  if (isPrefixed && names.has(last)) return '';
  if (looksLikeModel(value)) return '{name}';
  return templateInside(words, value);
}

/** A name as its vendor writes it, without a prefix. */
export function isPlain(value: string): boolean {
  return /^[a-z0-9][a-z0-9.-]*$/.test(value) && !/^(\w+\.)?(anthropic|mistral)\./.test(value);
}

/** In a sentence a name stands between words; in a setting a sign stands before it. */
function isMention(
  text: string,
  { written, at }: { readonly written: string; readonly at: number },
): boolean {
  const before = text.slice(0, at).trimEnd();
  const words = text.replace(written, '').match(/\p{L}{2,}/gu) ?? [];
  return words.length >= 2 && !/[:=/,"'`[({|>-]$/.test(before) && before !== '';
}

/** `--model=gpt-4o` is one word with a name at its end. */
function templateInside(words: KnownWords, value: string): string | undefined {
  const [found, ...others] = words.inside(value).filter((each) => !isMention(value, each));
  if (found === undefined) return undefined;
  const before = value.slice(0, found.at);
  const isWord = /^[\w-]*=$/.test(before) && found.at + found.written.length === value.length;
  if (others.length > 0 || !isWord) return '';
  return `${before}${isPlain(found.written) ? '{name}' : '{spelling}'}`;
}
