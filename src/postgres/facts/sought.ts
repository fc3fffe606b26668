/** What a scan looks for: the texts and the key that name the source, and longer names of others that must not be taken for it. */
import { createMatcher } from '../../engine/inventory/matcher.ts';
import type { Matcher } from '../../engine/inventory/matcher.ts';
import { isVariantName } from '../../engine/inventory/report.ts';
import { likePatterns } from '../../engine/inventory/rough-pattern.ts';
import { foldText } from '../../engine/inventory/term.ts';
import type { Term } from '../../engine/inventory/term.ts';
import type { WrittenForms } from '../../engine/models/knowledge.ts';
import { keyTexts, mostLookedFor } from '../../engine/models/key-forms.ts';
import { textsNaming } from '../../engine/rules/mapping.ts';
import { keysOf } from '../../engine/models/model.ts';
import type { ModelFacts, ModelPair } from '../../engine/models/model.ts';
import type { Rules } from '../../engine/rules/references.ts';

/** The model of a term that means the source. A snapshot or variant of it has the name of its own. */
export const sourceTerm = '';
/** The model of a term that means another model altogether. */
export const unrelatedTerm = ' ';

export interface Sought {
  /** Names and keys that mean the source. */
  readonly terms: readonly Term[];
  /** Patterns for LIKE over values in lower case, of which one fits every value that names a term; undefined where none are sure. */
  readonly patterns: readonly string[] | undefined;
  /** In lower case, longer names that mean another model altogether. */
  readonly unrelated: readonly string[];
  readonly matcher: Matcher;
  /** The matcher without the key, which the schema does not name. */
  readonly names: Matcher;
}

type SoughtNames = Omit<Sought, 'matcher'> & { readonly others: readonly Term[] };

/** Tenants mean the same few models by the same texts, and a matcher takes a millisecond to make. */
const known = new Map<string, SoughtNames>();
const mostKnown = 200;

export function soughtOf(rules: Rules, pair: ModelPair): Sought {
  const { source, target } = pair;
  if (rules.subject !== undefined) return soughtKeys(keysOf(pair).map(({ from }) => from));
  const texts = textsNaming(source, rules.config, rules.places);
  const targets = textsNaming(target, rules.config, rules.places).filter(
    (text) => !texts.includes(text) || isOnly(rules, { source, target }, text),
  );
  const { name = '', provider } = source.components;
  const id = JSON.stringify([rules.knowledge?.name, texts, name, provider, targets]);
  const names = known.get(id) ?? soughtNames(texts, targets, rules.knowledge?.written(name, provider));
  if (known.size >= mostKnown) known.clear();
  known.set(id, names);
  return withKey(names, source.key);
}

/** Where source and target are two names of one model: is it what the target alone was called? */
function isOnly({ config, places }: Rules, { source, target }: ModelPair, text: string): boolean {
  const called = ({ spellings: _others, ...model }: ModelFacts): string[] =>
    textsNaming(model, config, places);
  return called(target).includes(text) && !called(source).includes(text);
}

/** The keys of rows. One that tells nothing is not looked for, nor are very many. */
function soughtKeys(keys: readonly string[]): Sought {
  const looked = keys.length > mostLookedFor ? [] : keys;
  const terms = looked.flatMap((key) => keyTexts(key).map((text): Term => ({ model: sourceTerm, ...text })));
  const matcher = createMatcher(terms);
  return { terms, patterns: likePatterns(terms), unrelated: [], matcher, names: matcher };
}

function soughtNames(
  texts: readonly string[],
  targets: readonly string[],
  written: WrittenForms | undefined,
): SoughtNames {
  // What the target is called means the target, also where the source could be written like that.
  const taken = new Set(targets.map(foldText));
  const own = [...new Set([...texts, ...(written?.forms ?? [])])].filter(
    (text) => !taken.has(foldText(text)),
  );
  const terms = own.map((text): Term => ({ model: sourceTerm, text, by: 'name' }));
  const longer = [...targets.map((text) => ({ model: unrelatedTerm, text })), ...(written?.others ?? [])];
  const others = longer.map(({ model, text }): Term => {
    const isVariant = !taken.has(foldText(text)) && isVariantName(text, own);
    return { model: isVariant ? model : unrelatedTerm, text, by: 'name' };
  });
  const unrelated = others.flatMap(({ model, text }) =>
    model === unrelatedTerm ? [text.toLowerCase()] : [],
  );
  return {
    terms,
    patterns: likePatterns(terms),
    unrelated,
    names: createMatcher([...terms, ...others]),
    others,
  };
}

/** The key is each tenant's own. Most tenants have no text with a name in it, so that nobody asks for their matcher. */
function withKey(names: SoughtNames, key: string | undefined): Sought {
  const { others, ...sought } = names;
  if (key === undefined || sought.terms.some(({ text }) => text === key))
    return { ...sought, matcher: sought.names };
  const own: Term = { model: sourceTerm, text: key, by: 'key' };
  const terms = [...sought.terms, own];
  const patterns = sought.patterns && [...sought.patterns, ...(likePatterns([own]) ?? [])];
  let made: Matcher | undefined;
  const matcher = (): Matcher => (made ??= createMatcher([...terms, ...others]));
  return {
    ...sought,
    terms,
    patterns,
    matcher: { find: (text) => matcher().find(text), findKey: (text) => matcher().findKey(text) },
  };
}
