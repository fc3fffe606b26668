/** A proposal beside its answer key: what is right, asked, missed or wrong. */
import type { Config, PlaceConfig } from '../../../src/engine/rules/config.ts';
import type { SmallSchema, Verdict } from './schema.ts';

export interface Score {
  readonly right: readonly string[];
  /** A question where a person would need none. */
  readonly asked: readonly string[];
  readonly missed: readonly string[];
  /** What moves and should stay, or the other way round. */
  readonly wrong: readonly string[];
}

export function verdictOf({ role = 'reference' }: PlaceConfig): Verdict {
  if (role === 'ask') return 'ask';
  return role === 'reference' || role === 'grant' ? 'move' : 'stay';
}

/** What the answer key calls a place. */
export function placeName({ at, json = '' }: PlaceConfig): string {
  return at + json;
}

/** A place that stays or asks beyond the key is no fault; one that moves is. */
export function scoreOf(config: Config, places: SmallSchema['places']): Score {
  const proposed = new Map((config.places ?? []).map((place) => [placeName(place), verdictOf(place)]));
  const judged = Object.entries(places).map(([name, wanted]) => ({
    name,
    ...judge(wanted, proposed.get(name)),
  }));
  const extra = [...proposed].filter(([name, verdict]) => verdict === 'move' && places[name] === undefined);
  const named = (kind: string): string[] =>
    judged.filter((each) => each.kind === kind).map(({ name }) => name);
  return {
    right: named('right'),
    asked: named('asked'),
    missed: named('missed'),
    wrong: [...named('wrong'), ...extra.map(([name]) => name)],
  };
}

function judge(wanted: Verdict, found: Verdict | undefined): { readonly kind: string } {
  if (found === undefined) return { kind: 'missed' };
  if (found === wanted) return { kind: 'right' };
  return { kind: found === 'ask' ? 'asked' : 'wrong' };
}
