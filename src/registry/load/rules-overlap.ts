/**
 * Two arms of one runtime that go by name must not take the same id, because nothing would decide between them. The one
 * exception are arms of one vendor whose secrets differ (a key and a subscription): there the available secrets decide.
 */
import type { Entries, Placed } from './documents.ts';
import { describeMatcher, patternOf } from '../match/matcher.ts';
import type { Matcher } from '../match/matcher.ts';
import { findWitness } from '../match/overlap.ts';
import { problemAt } from './positions.ts';
import type { RegistryProblem } from './positions.ts';
import { armMatchers, goesByName, vendorOf } from './registry.ts';
import type { Provider, Runtime } from './shape.ts';

export function overlapProblems({ runtimes, providers }: Entries): RegistryProblem[] {
  const byId = new Map(providers.map(({ entry }) => [entry.id, entry]));
  const findOverlap = rememberOverlaps();
  return runtimes.flatMap((placed) => runtimeOverlaps(placed, byId, findOverlap));
}

interface Overlap {
  readonly example: string;
  readonly first: string;
  readonly second: string;
}

type FindOverlap = (a: readonly Matcher[], b: readonly Matcher[]) => Overlap | undefined;

/** The same two providers meet on many runtimes. */
function rememberOverlaps(): FindOverlap {
  const known = new Map<string, Overlap | undefined>();
  return (a, b) => {
    const key = JSON.stringify([a, b]);
    if (!known.has(key)) known.set(key, overlapOf(a, b));
    return known.get(key);
  };
}

function overlapOf(left: readonly Matcher[], right: readonly Matcher[]): Overlap | undefined {
  for (const a of left) {
    for (const b of right) {
      const example = findWitness(patternOf(a), patternOf(b));
      if (example !== undefined) return { example, first: describeMatcher(a), second: describeMatcher(b) };
    }
  }
  return undefined;
}

function runtimeOverlaps(
  placed: Placed<Runtime>,
  byId: ReadonlyMap<string, Provider>,
  findOverlap: FindOverlap,
): RegistryProblem[] {
  const named = (placed.entry.arms ?? []).flatMap((arm, at) => {
    const provider = byId.get(arm.provider);
    return provider !== undefined && goesByName(arm)
      ? [{ provider, matchers: armMatchers(arm, provider), at }]
      : [];
  });
  return named.flatMap(({ provider, matchers, at }, index) =>
    named.slice(0, index).flatMap(({ provider: earlier, matchers: earlierMatchers }) => {
      if (provider.id === earlier.id || secretsDecide(earlier, provider)) return [];
      const overlap = findOverlap(earlierMatchers, matchers);
      if (overlap === undefined) return [];
      const { example, first, second } = overlap;
      const message = `${placed.entry.id}: ${earlier.id} (${first}) and ${provider.id} (${second}) both take ${example}`;
      return [problemAt(placed.opened, [...placed.path, 'arms', at, 'provider'], message)];
    }),
  );
}

function secretsDecide(a: Provider, b: Provider): boolean {
  return vendorOf(a) === vendorOf(b) && a.secrets.every((name) => !b.secrets.includes(name));
}
