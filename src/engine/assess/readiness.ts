/** How ready a tenant is to move, 0 to 100: computed when it is read, and stored nowhere. */
import { canonicalText } from '../canonical.ts';
import type { Assessed, DigestText } from './review.ts';
import { targetOf } from './recommend.ts';
import { isMoving } from './strategy.ts';

/** What keeps an asset from being carried out. */
type Blocker = 'undecided' | 'asked' | 'target-gone' | 'order-broken';

export interface AssetReadiness {
  readonly blockers: readonly Blocker[];
  readonly points: number;
}

export interface Readiness {
  /** The floor of the mean of all assets; 100 where there is none. */
  readonly points: number;
  /** How many assets each blocker holds back. */
  readonly blocked: Readonly<Record<Blocker, number>>;
  /** Of all that it was computed from: equal where nothing changed. */
  readonly hash: string;
}

/** @param broken assets whose wave is before that of something that they depend on */
export function readinessOf(
  assessed: readonly Assessed[],
  broken: ReadonlySet<string>,
  digest: DigestText,
): Readiness {
  const each = assessed.map((one) => assetReadiness(one, broken));
  const count = (blocker: Blocker): number =>
    each.filter(({ blockers }) => blockers.includes(blocker)).length;
  return {
    points:
      each.length === 0 ? 100 : Math.floor(each.reduce((sum, { points }) => sum + points, 0) / each.length),
    blocked: {
      undecided: count('undecided'),
      asked: count('asked'),
      'target-gone': count('target-gone'),
      'order-broken': count('order-broken'),
    },
    hash: digest(
      canonicalText([assessed.map(({ facts, decision }) => [facts, decision]), [...broken].sort()]),
    ),
  };
}

/** Nothing where it is blocked; otherwise what somebody should still look at takes points away. */
export function assetReadiness(one: Assessed, broken: ReadonlySet<string>): AssetReadiness {
  const blockers = blockersOf(one, broken);
  const { decision, facts } = one;
  if (blockers.length > 0 || decision === null) return { blockers, points: 0 };
  const less = [
    decision.confidence < 80 && !decision.singly ? 15 : 0,
    facts.parameters === 'dropped' ? 10 : 0,
    facts.priceOver === true ? 10 : 0,
    decision.owner === null ? 5 : 0,
  ];
  return { blockers, points: 100 - less.reduce((sum, points) => sum + points, 0) };
}

function blockersOf({ asset, facts, decision }: Assessed, broken: ReadonlySet<string>): Blocker[] {
  const isGone =
    decision !== null &&
    isMoving(decision.strategy) &&
    targetOf(facts, decision.strategy) !== decision.target;
  return [
    ...(decision === null ? (['undecided'] as const) : []),
    ...(facts.asked ? (['asked'] as const) : []),
    ...(isGone ? (['target-gone'] as const) : []),
    ...(broken.has(asset) ? (['order-broken'] as const) : []),
  ];
}
