/** What becomes of the parameters of each row that would move. */
import type { ParameterFate } from '../../engine/assess/facts.ts';
import type { ParameterPolicy } from '../../engine/plan/intent.ts';
import { parameterChanges } from '../../engine/plan/parameter-changes.ts';
import type { Place } from '../../engine/rules/place.ts';
import type { Rules } from '../../engine/rules/references.ts';
import type { Tx } from '../driver/database.ts';
import type { Use } from '../usage/usage.ts';
import { readDocuments } from './around.ts';
import type { AroundAsked } from './around.ts';
import type { EndingSource } from './sources.ts';

/** A row that names a source. */
export interface NamedUse {
  readonly source: EndingSource;
  readonly use: Use;
}

/** What a translation would do to the parameters of each row, whatever place of it names the source. */
export async function readFates(
  tx: Tx,
  asked: AroundAsked,
  { mine, policy }: { readonly mine: readonly NamedUse[]; readonly policy: ParameterPolicy },
): Promise<(one: NamedUse) => ParameterFate | null> {
  const named = new Set(mine.flatMap(({ use }) => use.places));
  const places = asked.rules.places.filter(({ id, parameters }) => parameters !== undefined && named.has(id));
  const documents = await readDocuments(tx, asked, places);
  return ({ source, use }) => {
    const fates = places.flatMap((place, at) => {
      const text = documents.get(use.key)?.[at] ?? null;
      return use.places.includes(place.id) ? [fateOf(asked.rules, { place, source, text, policy })] : [];
    });
    return worst(fates);
  };
}

interface FateAsked {
  readonly place: Place;
  readonly source: EndingSource;
  readonly text: string | null;
  readonly policy: ParameterPolicy;
}

function fateOf(rules: Rules, { place, source, text, policy }: FateAsked): ParameterFate | null {
  const { model, target } = source;
  if (text === null || text === '{}' || policy === 'keep') return 'kept';
  if (target === null) return null;
  const entry = {
    place: place.id,
    table: place.table,
    column: place.parameters ?? '',
    unset: 0,
    documents: [{ text, rows: 1 }],
  };
  const changed = parameterChanges({ rules, source: model, target }, entry, policy);
  if (changed === undefined) return null;
  const effects = changed.flatMap(({ changes }) => changes.map(({ change }) => change));
  if (effects.includes('dropped')) return 'dropped';
  return effects.some((effect) => effect !== 'kept' && effect !== 'renamed') ? 'changed' : 'kept';
}

/** What is unknown may be the worst, and is said to be unknown, unless something is known to be dropped. */
function worst(fates: readonly (ParameterFate | null)[]): ParameterFate | null {
  if (fates.includes('dropped')) return 'dropped';
  if (fates.includes(null)) return null;
  return fates.includes('changed') ? 'changed' : 'kept';
}
