/** Groups of assessed assets as rows of a list. */
import { factText } from '../../engine/assess/facts.ts';
import type { Assessed } from '../../engine/assess/review.ts';
import { groupsOf } from '../../engine/assess/review.ts';
import { confidenceText } from '../../engine/assess/recommend.ts';
import type { TableContent } from '../terminal/table.ts';

/** A row for each group of assets that are alike, the largest first. */
export function groupTable({ assessed }: { readonly assessed: readonly Assessed[] }): TableContent {
  const rows = groupsOf(assessed).flatMap(({ name, members, undecided }) => {
    const [first] = members;
    if (first === undefined) return [];
    const { facts, recommendation } = first;
    return [
      [
        `${name}:${members.length}`,
        facts.kind,
        facts.source,
        recommendation.strategy,
        recommendation.target ?? '',
        confidenceText(recommendation.confidence),
        undecided,
        whyOf(first),
      ],
    ];
  });
  return {
    head: ['group', 'kind', 'model', 'recommended', 'target', 'confidence', 'undecided', 'why'],
    rows,
  };
}

/** What the rule read, shortly: what is as one expects is left out. */
function whyOf({ facts, recommendation: { reasons } }: Assessed): string {
  const told = reasons.filter(
    ({ fact, value }) => !['no', 'none', 'kept'].includes(value) && !(fact === 'dependents' && value === '0'),
  );
  return told.map(({ fact }) => `${wordsOf(fact)} ${factText(facts, fact)}`).join('; ');
}

/** `capabilitiesLost` as people read it. */
function wordsOf(fact: string): string {
  return fact.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
