/**
 * What should become of an asset: the first rule that fits. The rules are total, so each asset gets a strategy, a confidence and the
 * facts that were read. The table of the documents is written from them (`rulesTable`).
 */
import { factText } from './facts.ts';
import type { AssetFacts, FactName } from './facts.ts';
import { isMoving } from './strategy.ts';
import type { Strategy } from './strategy.ts';

export interface SurveySettings {
  /** The day of the survey, ISO. */
  readonly today: string;
  /** What ends after this day can wait. */
  readonly horizon: string;
  /** Without use for so many days something counts as unused. */
  readonly useDays: number;
}

export interface Recommendation {
  readonly strategy: Strategy;
  /** What follows, where the strategy moves the row. */
  readonly target: string | null;
  /** Hundredths, 10 to 95. Whole numbers, because tenths cannot be added exactly. */
  readonly confidence: number;
  /** The number of the rule. */
  readonly rule: number;
  /** What the rule read. */
  readonly reasons: readonly { readonly fact: FactName; readonly value: string }[];
}

interface AssessmentRule {
  readonly strategy: Strategy;
  /** As people read it. */
  readonly when: string;
  readonly confidence: string;
  readonly reads: readonly FactName[];
  /** In hundredths; undefined where the rule does not fit. */
  readonly weigh: (facts: AssetFacts, settings: SurveySettings) => number | undefined;
}

const rules: readonly AssessmentRule[] = [
  {
    strategy: 'retire',
    when: 'the row is dead or disabled, and nothing live depends on it',
    confidence: '0.90',
    reads: ['dead', 'dependents'],
    weigh: ({ dead, dependents }) => (dead && dependents === 0 ? 90 : undefined),
  },
  {
    strategy: 'retire',
    when: 'use is recorded for its kind, none in the days of use; it is older, and nothing live depends on it',
    confidence: '0.70',
    reads: ['uses', 'created', 'dependents'],
    weigh: ({ uses, created, dependents }, settings) =>
      uses === 0 && dependents === 0 && created !== null && created < dayBefore(settings) ? 70 : undefined,
  },
  {
    strategy: 'refactor',
    when: 'what it holds belongs to the model that made it (embeddings)',
    confidence: '0.90',
    reads: ['dataBound'],
    weigh: ({ dataBound }) => (dataBound ? 90 : undefined),
  },
  {
    strategy: 'retain',
    when: 'the end of its model is unknown, or beyond the horizon; until the horizon',
    confidence: '0.80',
    reads: ['ends'],
    weigh: ({ ends }, { horizon }) => (ends === null || ends > horizon ? 80 : undefined),
  },
  {
    strategy: 'rehost',
    when: 'the same model is at another provider, usable, and stays beyond the horizon',
    confidence: '0.95',
    reads: ['elsewhere'],
    weigh: ({ elsewhere }) => (elsewhere === null ? undefined : 95),
  },
  {
    strategy: 'replatform',
    when:
      'there is a target without an error, and no need is lost; parameters are kept, changed in meaning, ' +
      'dropped, or it costs more than `priceLimit`',
    confidence: '0.95, 0.85, 0.75, 0.65',
    reads: ['target', 'errors', 'capabilitiesLost', 'contextLower', 'parameters', 'priceOver'],
    weigh: (facts) =>
      facts.target !== null && facts.errors.length === 0 && !losesNeed(facts) ? fitOf(facts) : undefined,
  },
  {
    strategy: 'refactor',
    when: 'there is a target, and a capability or context is lost, or an error of the plan names the row',
    confidence: '0.70',
    reads: ['target', 'errors', 'capabilitiesLost', 'contextLower'],
    weigh: ({ target }) => (target === null ? undefined : 70),
  },
  {
    strategy: 'repurchase',
    when: 'its vendor has none, and the model of another vendor covers every need',
    confidence: '0.50',
    reads: ['otherVendor'],
    weigh: ({ otherVendor }) => (otherVendor === null ? undefined : 50),
  },
  {
    strategy: 'refactor',
    when: 'anything else: there is no target',
    confidence: '0.30',
    reads: ['target'],
    weigh: () => 30,
  },
];

/** The first rule that fits. Each unknown fact that it reads costs ten hundredths, down to ten. */
export function recommend(facts: AssetFacts, settings: SurveySettings): Recommendation {
  for (const [at, { strategy, reads, weigh }] of rules.entries()) {
    const weight = weigh(facts, settings);
    if (weight === undefined) continue;
    const unknown = reads.filter((fact) => canBeUnknown.has(fact) && facts[fact] === null).length;
    return {
      strategy,
      target: isMoving(strategy) ? targetOf(facts, strategy) : null,
      confidence: Math.max(10, weight - 10 * unknown),
      rule: at + 1,
      reasons: reads.map((fact) => ({ fact, value: reasonText(facts, fact) })),
    };
  }
  throw new Error('the last rule fits everything');
}

/** Of these null is no knowledge. Of the others it is "there is none". */
const canBeUnknown: ReadonlySet<FactName> = new Set([
  'uses',
  'created',
  'ends',
  'capabilitiesLost',
  'contextLower',
  'parameters',
  'priceOver',
]);

function reasonText(facts: AssetFacts, fact: FactName): string {
  return facts[fact] === null && !canBeUnknown.has(fact) ? 'none' : factText(facts, fact);
}

/** The model that a strategy moves to. Null where the facts know none, so that the strategy cannot be chosen. */
export function targetOf(facts: Pick<AssetFacts, 'elsewhere' | 'target'>, strategy: Strategy): string | null {
  return strategy === 'rehost' ? facts.elsewhere : facts.target;
}

function losesNeed({ capabilitiesLost, contextLower }: AssetFacts): boolean {
  return (capabilitiesLost ?? []).length > 0 || contextLower === true;
}

function fitOf({ parameters, priceOver }: AssetFacts): number {
  if (priceOver === true) return 65;
  return parameters === 'dropped' ? 75 : parameters === 'changed' ? 85 : 95;
}

function dayBefore({ today, useDays }: SurveySettings): string {
  return new Date(Date.parse(today) - useDays * 86_400_000).toISOString().slice(0, 10);
}

/** The rules as a table of Markdown, a line each. */
export function rulesTable(): string {
  const rows = rules.map(
    ({ when, strategy, confidence }, at) => `| ${at + 1} | ${when} | ${strategy} | ${confidence} |`,
  );
  return ['| # | facts | strategy | confidence |', '|---|---|---|---|', ...rows].join('\n');
}

/** `0.85`. */
export function confidenceText(confidence: number): string {
  return (confidence / 100).toFixed(2);
}
