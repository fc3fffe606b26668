/** Decisions about assets: of all that are as recommended, of a group, or of one. One transaction under the lock of the assessment. */
import { draftDecision, lacksOf, undecided, nameOf } from '../../engine/assess/review.ts';
import type { Assessed, DecisionAsked, DecisionLack } from '../../engine/assess/review.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import { DroverError } from '../../errors.ts';
import { readToday } from '../facts/snapshot.ts';
import type { Site } from '../scope/site.ts';
import { auditAssessment, touch } from './change-status.ts';
import { readAssessed } from './asset-rows.ts';
import { saveDecisions } from './decision-rows.ts';
import { withReview } from './hold.ts';
import type { AssessmentRecord } from './rows.ts';

/** Which assets a decision is about. */
export type DecidedAssets =
  /** Those that nobody has decided, as far as their recommendation is that sure, in hundredths. */
  | { readonly recommended: number }
  /** The assets of a group, as many as somebody saw. */
  | { readonly group: string; readonly count: number }
  /** One row, by its key or by `table/key`; of one source where it names several. */
  | { readonly asset: string; readonly source?: string | undefined };

export interface DecideAsked extends DecisionAsked {
  readonly tenant: TenantKey;
  readonly id?: string | undefined;
  readonly about: DecidedAssets;
  readonly actor: string;
  /** In the place of decisions that stand. */
  readonly instead?: boolean | undefined;
  /** The version that was seen; where it is not the last one any more, nothing is decided. */
  readonly version?: number | undefined;
}

/** Assets that stay undecided, because the decision would lack something. */
interface NotDecided {
  readonly assessed: Assessed;
  readonly lacks: readonly DecisionLack[];
}

export interface DecidedCount {
  readonly record: AssessmentRecord;
  readonly decided: number;
  readonly left: readonly NotDecided[];
}

/**
 * Keeps a decision for each of the assets. What is recommended is decided as far as it can be; what it lacks is told. Of a group and of
 * one asset nothing is kept where something is lacking.
 * @throws ASSESSMENT_NOT_FOUND, ASSESSMENT_CONFLICT, PRECONDITION_FAILED, DECISION_NEEDS_REASON, DECISION_INCOMPLETE
 */
export function decide(site: Site, asked: DecideAsked): Promise<DecidedCount> {
  return withReview(site, asked, async (state, record) => {
    const today = await readToday(state);
    const assessed = await readAssessed(state, site, { record, survey: record.survey });
    const chosen = chooseAssets(assessed, asked);
    const drafts = chosen.map((one) => {
      const draft = draftDecision(one, asked, record.horizon);
      return { assessed: one, draft, lacks: lacksOf(draft, one.recommendation, today) };
    });
    const left = drafts.filter(({ lacks }) => lacks.length > 0);
    if (!('recommended' in asked.about) && left.length > 0) throw lacking(left);
    const kept = drafts.filter(({ lacks }) => lacks.length === 0);
    if (kept.length === 0) return { record, decided: 0, left };
    await saveDecisions(state, site, {
      record,
      decisions: kept.map(({ assessed: { asset, facts, recommendation, group }, draft }) => ({
        asset,
        source: facts.source,
        decision: {
          ...draft,
          group: 'group' in asked.about ? group : null,
          singly: 'asset' in asked.about,
          actor: asked.actor,
          recommended: recommendation.strategy,
          recommendedTarget: recommendation.target,
          confidence: recommendation.confidence,
          rule: recommendation.rule,
        },
      })),
    });
    await touch(state, site, record);
    await auditAssessment(state, site, {
      record,
      actor: asked.actor,
      action: 'assessment.decided',
      detail: {
        ...asked.about,
        decided: kept.length,
        strategies: countBy(kept.map(({ draft }) => draft.strategy)),
      },
    });
    return { record: { ...record, version: record.version + 1 }, decided: kept.length, left };
  });
}

function countBy(words: readonly string[]): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(words, (word) => word)].map(([word, all]) => [word, all.length]));
}

function chooseAssets(assessed: readonly Assessed[], { about, instead }: DecideAsked): readonly Assessed[] {
  if ('recommended' in about)
    return undecided(assessed).filter(({ recommendation }) => recommendation.confidence >= about.recommended);
  if ('group' in about) return ofGroup(assessed, about, instead === true);
  const found = assessed.filter(
    ({ facts: { table, key, source } }) =>
      (key === about.asset || `${table}/${key}` === about.asset) &&
      (about.source === undefined || about.source === source),
  );
  const [first, ...others] = found;
  if (first === undefined) throw noSuch(`There is no asset "${about.asset}"`);
  if (others.length > 0)
    throw new DroverError(
      'ASSESSMENT_CONFLICT',
      `"${about.asset}" is ${found.length} assets: ${found.map(nameOf).join(', ')}. Say which with TABLE/KEY, and with --source.`,
      { assets: found.map(nameOf) },
    );
  if (first.decision !== null && instead !== true) throw alreadyDecided([first]);
  return [first];
}

function ofGroup(
  assessed: readonly Assessed[],
  { group, count }: { readonly group: string; readonly count: number },
  instead: boolean,
): readonly Assessed[] {
  const members = assessed.filter((one) => one.group === group);
  if (members.length === 0) throw noSuch(`There is no group "${group}"`);
  if (members.length !== count)
    throw new DroverError(
      'PRECONDITION_FAILED',
      `The group ${group} has ${members.length} assets, not ${count}: look at it again, then --group ${group}:${members.length}.`,
      { group, count: members.length },
    );
  const open = instead ? members : undecided(members);
  if (open.length === 0) throw alreadyDecided(members);
  return open;
}

function noSuch(what: string): DroverError {
  return new DroverError(
    'ASSESSMENT_CONFLICT',
    `${what} in this assessment. \`drover assess show\` lists what there is.`,
  );
}

/** Of two reviewers the second one is told what the first one decided. */
function alreadyDecided(assessed: readonly Assessed[]): DroverError {
  const [first] = assessed;
  const { strategy = '', actor = '', at = '' } = first?.decision ?? {};
  const which = first === undefined ? '' : nameOf(first);
  return new DroverError(
    'PRECONDITION_FAILED',
    `${actor} has decided ${strategy} for ${which} on ${at.slice(0, 10)}. --instead decides in its place.`,
    { decisions: assessed.map((one) => ({ asset: nameOf(one), decision: one.decision })) },
  );
}

const lackWords: Readonly<Record<DecisionLack, string>> = {
  reason: 'a reason, because it is not what is recommended (--reason)',
  until: 'the day until which it stays (--until)',
  owner: 'who answers for it (--owner)',
  due: 'the day by which it is done (--due)',
  target: 'a model to move to: the survey found none; `drover assess start --target MODEL=TARGET` gives one',
  past: 'a day after today',
};

export function lacksText(lacks: readonly DecisionLack[]): string {
  return lacks.map((lack) => lackWords[lack]).join('; ');
}

function lacking(left: readonly NotDecided[]): DroverError {
  const [first] = left;
  const lacks = [...new Set(left.flatMap((one) => one.lacks))];
  const code = lacks.includes('reason') ? 'DECISION_NEEDS_REASON' : 'DECISION_INCOMPLETE';
  const which = first === undefined ? '' : nameOf(first.assessed);
  const many = left.length === 1 ? which : `${which} and ${left.length - 1} more`;
  return new DroverError(code, `Nothing is decided. The decision about ${many} lacks ${lacksText(lacks)}.`, {
    lacks,
  });
}
