/** Assessed assets: facts with what is recommended and what was decided. Groups of those that are alike, and what is decided about them. */
import { canonicalText } from '../canonical.ts';
import { compareText } from '../order.ts';
import { sizeOf } from './facts.ts';
import type { AssetFacts } from './facts.ts';
import { targetOf } from './recommend.ts';
import type { Recommendation } from './recommend.ts';
import { isMoving, isTask } from './strategy.ts';
import type { Strategy } from './strategy.ts';

/** What somebody decided about one asset and one source, with what was recommended then. */
export interface Decision {
  readonly strategy: Strategy;
  readonly target: string | null;
  readonly reason: string | null;
  /** Of `retain`: the day until which it stays. */
  readonly until: string | null;
  /** Of what a person does: who, and by which day. */
  readonly owner: string | null;
  readonly due: string | null;
  /** The group that it was decided with. Null where it was decided by itself, or as recommended. */
  readonly group: string | null;
  /** Somebody looked at this asset alone. */
  readonly singly: boolean;
  readonly actor: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly recommended: Strategy;
  readonly recommendedTarget: string | null;
  readonly confidence: number;
  readonly rule: number;
}

export interface Assessed {
  /** The id of the asset: one row, though it may name several sources. */
  readonly asset: string;
  readonly facts: AssetFacts;
  readonly recommendation: Recommendation;
  /** The name of the group of assets that are alike. */
  readonly group: string;
  readonly decision: Decision | null;
}

/** A digest as text; the engine computes none itself. */
export type DigestText = (text: string) => string;

/** What is alike in assets of one group: all that a reviewer weighs, and not which row it is. */
export function groupName(facts: AssetFacts, { rule, strategy }: Recommendation, digest: DigestText): string {
  const { source, target, kind, errors, asked, parameters, capabilitiesLost, contextLower, priceOver, uses } =
    facts;
  const needs = { capabilitiesLost, contextLower };
  const alike = {
    source,
    target,
    kind,
    strategy,
    rule,
    errors,
    asked,
    parameters,
    needs,
    priceOver,
    uses: sizeOf(uses),
  };
  return digest(canonicalText(alike)).slice(0, 8);
}

/** `public.agents/7 (gpt-4o)`. */
export function nameOf({ facts: { table, key, source } }: Assessed): string {
  return `${table}/${key} (${source})`;
}

export interface AssetGroup {
  readonly name: string;
  readonly members: readonly Assessed[];
  readonly undecided: number;
}

/** The largest first. */
export function groupsOf(assessed: readonly Assessed[]): AssetGroup[] {
  return [...Map.groupBy(assessed, ({ group }) => group)]
    .map(([name, members]) => ({ name, members, undecided: undecided(members).length }))
    .toSorted((a, b) => b.members.length - a.members.length || compareText(a.name, b.name));
}

export function undecided(assessed: readonly Assessed[]): Assessed[] {
  return assessed.filter(({ decision }) => decision === null);
}

/** Decided with a group, and by now in another one, because its facts are others. Its decision is kept. */
export function hasLeftGroup({ group, decision }: Assessed): boolean {
  return decision?.group !== undefined && decision.group !== null && decision.group !== group;
}

/** What somebody decides, for one asset or for many. What is left out is as recommended. */
export interface DecisionAsked {
  readonly strategy?: Strategy | undefined;
  readonly reason?: string | undefined;
  readonly until?: string | undefined;
  readonly owner?: string | undefined;
  readonly due?: string | undefined;
}

/** What a decision lacks, by what it would have to say. */
export type DecisionLack = 'reason' | 'until' | 'owner' | 'due' | 'target' | 'past';

export interface DecisionDraft {
  readonly strategy: Strategy;
  readonly target: string | null;
  readonly reason: string | null;
  readonly until: string | null;
  readonly owner: string | null;
  readonly due: string | null;
}

/** The decision about one asset. A row that stays as recommended stays until the horizon. */
export function draftDecision(
  { facts, recommendation }: Pick<Assessed, 'facts' | 'recommendation'>,
  asked: DecisionAsked,
  horizon: string,
): DecisionDraft {
  const strategy = asked.strategy ?? recommendation.strategy;
  const stays = strategy === 'retain' && recommendation.strategy === 'retain';
  return {
    strategy,
    target: isMoving(strategy) ? targetOf(facts, strategy) : null,
    reason: textOrNull(asked.reason),
    until: strategy === 'retain' ? (asked.until ?? (stays ? horizon : null)) : null,
    owner: textOrNull(asked.owner),
    due: isTask(strategy) ? (asked.due ?? null) : null,
  };
}

function textOrNull(text: string | undefined): string | null {
  return text === undefined || text.trim() === '' ? null : text.trim();
}

/** Empty where the decision can be kept. */
export function lacksOf(
  draft: DecisionDraft,
  { strategy }: Pick<Recommendation, 'strategy'>,
  today: string,
): DecisionLack[] {
  const task = isTask(draft.strategy);
  const day = draft.until ?? draft.due;
  const lacks: readonly (readonly [DecisionLack, boolean])[] = [
    ['reason', draft.strategy !== strategy && draft.reason === null],
    ['until', draft.strategy === 'retain' && draft.until === null],
    ['owner', task && draft.owner === null],
    ['due', task && draft.due === null],
    ['target', isMoving(draft.strategy) && draft.target === null],
    ['past', day !== null && day <= today],
  ];
  return lacks.flatMap(([lack, holds]) => (holds ? [lack] : []));
}
