/** Assessed assets as rows of a list. */
import { factText } from '../../engine/assess/facts.ts';
import type { Assessed } from '../../engine/assess/review.ts';
import { groupsOf } from '../../engine/assess/review.ts';
import { confidenceText } from '../../engine/assess/recommend.ts';
import type { ShownAssessment } from '../../postgres/assess/show.ts';
import type { TableContent } from '../terminal/table.ts';

/** An assessment and what its tenant is called. */
export interface NamedAssessment {
  readonly tenantName: string;
  readonly shown: ShownAssessment;
}

/** A row for each asset of all of them: for programs, and for the export. */
export function assetTable(assessments: readonly NamedAssessment[]): TableContent {
  return {
    head: [
      'tenant',
      'table',
      'key',
      'name',
      'kind',
      'model',
      'ends',
      'recommended',
      'confidence',
      'rule',
      'decided',
      'target',
      'until',
      'owner',
      'due',
      'reason',
      'decided by',
      'group',
      'wave',
    ],
    rows: assessments.flatMap(({ tenantName, shown }) => {
      const waves = new Map(shown.waves.map(({ asset, wave }) => [asset, wave]));
      return shown.assessed.map((one) => assetRow(tenantName, one, waves.get(one.asset)));
    }),
  };
}

function assetRow(
  tenantName: string,
  { facts, recommendation, decision, group }: Assessed,
  wave: number | undefined,
): string[] {
  return [
    tenantName,
    facts.table,
    facts.key,
    facts.name ?? '',
    facts.kind,
    facts.source,
    facts.ends ?? '',
    recommendation.strategy,
    confidenceText(recommendation.confidence),
    String(recommendation.rule),
    decision?.strategy ?? '',
    (decision === null ? recommendation.target : decision.target) ?? '',
    decision?.until ?? '',
    decision?.owner ?? '',
    decision?.due ?? '',
    decision?.reason ?? '',
    decision?.actor ?? '',
    group,
    wave === undefined ? '' : String(wave),
  ];
}

/** A row for each group of assets that are alike, the largest first. */
export function groupTable({ assessed }: Pick<ShownAssessment, 'assessed'>): TableContent {
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
