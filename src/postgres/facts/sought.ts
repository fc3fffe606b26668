/** What a scan looks for: the texts and the key that name the source, and longer names of others that must not be taken for it. */
import { createMatcher } from '../../engine/inventory/matcher.ts';
import type { Matcher } from '../../engine/inventory/matcher.ts';
import { isVariantName } from '../../engine/inventory/report.ts';
import type { Term } from '../../engine/inventory/term.ts';
import type { ModelFacts } from '../../engine/models/model.ts';
import { textsNaming } from '../../engine/rules/mapping.ts';
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

export function soughtOf(rules: Rules, source: ModelFacts): Sought {
  const texts = textsNaming(source, rules.config, rules.places);
  const { name = '', provider } = source.components;
  const written = rules.knowledge?.written(name, provider);
  const id = JSON.stringify([rules.knowledge?.name, texts, source.key, name]);
  const before = known.get(id);
  if (before !== undefined) return before;
  const own = [...new Set([...texts, ...(written?.forms ?? [])])];
  const terms: Term[] = [
    ...own.map((text): Term => ({ model: sourceTerm, text, by: 'name' })),
    ...(source.key === undefined || own.includes(source.key)
      ? []
      : [{ model: sourceTerm, text: source.key, by: 'key' } as const]),
  ];
  const others = (written?.others ?? []).map(({ model, text }): Term => {
    return { model: isVariantName(text, own) ? model : unrelatedTerm, text, by: 'name' };
  });
  const unrelated = others.flatMap(({ model, text }) =>
    model === unrelatedTerm ? [text.toLowerCase()] : [],
  );
  const sought = { terms, unrelated, matcher: createMatcher([...terms, ...others]) };
  if (known.size >= mostKnown) known.clear();
  known.set(id, sought);
  return sought;
}
