/** What a scan looks for: the texts and the key that name the source, and longer names of others that must not be taken for it. */
import { createMatcher } from '../../engine/inventory/matcher.ts';
import type { Matcher } from '../../engine/inventory/matcher.ts';
import { isVariantName } from '../../engine/inventory/report.ts';
import { foldText } from '../../engine/inventory/term.ts';
import type { Term } from '../../engine/inventory/term.ts';
import { textsNaming } from '../../engine/rules/mapping.ts';
import type { ModelPair } from '../../engine/rules/mapping.ts';
import type { Rules } from '../../engine/rules/references.ts';

/** The model of a term that means the source. A snapshot or variant of it has the name of its own. */
export const sourceTerm = '';
/** The model of a term that means another model altogether. */
export const unrelatedTerm = ' ';

export interface Sought {
  /** Those that mean the source. */
  readonly terms: readonly Term[];
  /** In lower case, longer names that mean another model altogether. */
  readonly unrelated: readonly string[];
  readonly matcher: Matcher;
}

/** Tenants mean the same few models by the same texts, and a matcher takes a millisecond to make. */
const known = new Map<string, Sought>();
const mostKnown = 200;

export function soughtOf(rules: Rules, { source, target }: ModelPair): Sought {
  const texts = textsNaming(source, rules.config, rules.places);
  const targets = textsNaming(target, rules.config, rules.places).filter((text) => !texts.includes(text));
  const { name = '', provider } = source.components;
  const written = rules.knowledge?.written(name, provider);
  const id = JSON.stringify([rules.knowledge?.name, texts, source.key, name, targets]);
  const before = known.get(id);
  if (before !== undefined) return before;
  // What the target is called means the target, also where the source could be written like that.
  const taken = new Set(targets.map(foldText));
  const own = [...new Set([...texts, ...(written?.forms ?? [])])].filter(
    (text) => !taken.has(foldText(text)),
  );
  const terms: Term[] = [
    ...own.map((text): Term => ({ model: sourceTerm, text, by: 'name' })),
    ...(source.key === undefined || own.includes(source.key)
      ? []
      : [{ model: sourceTerm, text: source.key, by: 'key' } as const]),
  ];
  const longer = [...targets.map((text) => ({ model: unrelatedTerm, text })), ...(written?.others ?? [])];
  const others = longer.map(({ model, text }): Term => {
    const isVariant = !taken.has(foldText(text)) && isVariantName(text, own);
    return { model: isVariant ? model : unrelatedTerm, text, by: 'name' };
  });
  const unrelated = others.flatMap(({ model, text }) =>
    model === unrelatedTerm ? [text.toLowerCase()] : [],
  );
  const sought = { terms, unrelated, matcher: createMatcher([...terms, ...others]) };
  if (known.size >= mostKnown) known.clear();
  known.set(id, sought);
  return sought;
}
