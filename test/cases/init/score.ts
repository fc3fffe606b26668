/** A proposal beside its answer key: what is right, asked, missed or wrong. */
import { splitName } from '../../../src/engine/catalogue/names.ts';
import type { Config } from '../../../src/engine/rules/config.ts';
import type { PlaceConfig } from '../../../src/engine/rules/place-config.ts';
import type { SmallSchema, Verdict } from './schema.ts';

export interface Score {
  readonly right: readonly string[];
  /** A question where a person would need none. */
  readonly asked: readonly string[];
  readonly missed: readonly string[];
  /** What moves and should stay, or the other way round. */
  readonly wrong: readonly string[];
}

export function verdictOf({ role = 'reference' }: Pick<PlaceConfig, 'role'>): Verdict {
  if (role === 'ask') return 'ask';
  return role === 'reference' || role === 'grant' ? 'move' : 'stay';
}

/** What the answer key calls a place, however its names are quoted. */
export function placeName({ at, json = '' }: Pick<PlaceConfig, 'at' | 'json'>): string {
  const parts = splitName(at) ?? [at];
  return (parts[0] === 'public' ? parts.slice(1) : parts).join('.') + json;
}

/** A place that stays or asks beyond the key is no fault; one that moves is. */
export function scoreOf(config: Config, key: SmallSchema['places']): Score {
  const proposed = (config.places ?? []).map((place) => ({
    name: placeName(place),
    verdict: verdictOf(place),
  }));
  const judged = Object.entries(key).map(([name, wanted]) => {
    const found = proposed.filter((each) => leadsTo(name, each.name)).map(({ verdict }) => verdict);
    return { name, kind: judge(wanted, found) };
  });
  const extra = proposed.filter(
    ({ name, verdict }) => verdict === 'move' && !Object.keys(key).some((wanted) => leadsTo(wanted, name)),
  );
  const named = (kind: keyof Score): string[] =>
    judged.filter((each) => each.kind === kind).map(({ name }) => name);
  return {
    right: named('right'),
    asked: named('asked'),
    missed: named('missed'),
    wrong: [...named('wrong'), ...extra.map(({ name }) => name)],
  };
}

/** Does a name of the key, whose pointer may have wildcards, stand for that place? */
function leadsTo(wanted: string, name: string): boolean {
  const literal = wanted.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`);
  const pattern = literal.replaceAll('/**', '(/[^/]+)@').replaceAll('/*', '/[^/]+').replaceAll('@', '*');
  return name === wanted || new RegExp(`^${pattern}$`).test(name);
}

function judge(wanted: Verdict, found: readonly Verdict[]): keyof Score {
  if (found.length === 0) return 'missed';
  if (found.some((verdict) => verdict !== wanted && verdict !== 'ask')) return 'wrong';
  return found.includes(wanted) ? 'right' : 'asked';
}
