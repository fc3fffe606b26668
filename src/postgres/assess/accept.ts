/** Accepts what was decided, opens it again, or gives it up. One transaction each, under the lock of the assessment. */
import { undecided, nameOf } from '../../engine/assess/review.ts';
import type { Assessed } from '../../engine/assess/review.ts';
import { confidenceText } from '../../engine/assess/recommend.ts';
import { isMoving } from '../../engine/assess/strategy.ts';
import { brokenOrder, planWaves } from '../../engine/assess/waves.ts';
import type { AssetEdge, AssetWave } from '../../engine/assess/waves.ts';
import { DroverError } from '../../errors.ts';
import type { Site } from '../scope/site.ts';
import { readAssessed, readAssetEdges } from './asset-rows.ts';
import { changeStatus } from './change-status.ts';
import { saveWaves } from './decision-rows.ts';
import type { WaveMember } from './decision-rows.ts';
import { withHeld, withReview } from './hold.ts';
import type { ReviewAsked } from './hold.ts';
import type { AssessmentRecord } from './rows.ts';

export interface AcceptedAssessment {
  readonly record: AssessmentRecord;
  readonly waves: readonly AssetWave[];
}

/**
 * Nobody decides any more: the waves are fixed. Carrying them out begins here.
 * @throws ASSESSMENT_NOT_FOUND, ASSESSMENT_CONFLICT, UNDECIDED with the assets that lack a decision, DEPENDENCY_ORDER
 */
export function accept(site: Site, asked: ReviewAsked): Promise<AcceptedAssessment> {
  return withReview(site, asked, async (state, record) => {
    const assessed = await readAssessed(state, site, { record, survey: record.survey });
    const open = undecided(assessed);
    if (open.length > 0) throw openDecisions(open);
    const edges = await readAssetEdges(state, site, record.tenant);
    const waves = wavesOf(assessed, edges);
    const [broken] = brokenOrder(waves, edges);
    if (broken !== undefined) throw wrongOrder(assessed, broken);
    await saveWaves(state, site, { record, members: membersOf(waves) });
    const detail = { survey: record.survey, waves: waves.map(({ assets }) => assets.length) };
    const accepted = await changeStatus(state, site, {
      record,
      to: 'accepted',
      role: 'admin',
      actor: asked.actor,
      detail,
    });
    return { record: accepted, waves };
  });
}

const mostListed = 20;

function openDecisions(open: readonly Assessed[]): DroverError {
  const lines = open
    .slice(0, mostListed)
    .map(
      (one) =>
        `  ${nameOf(one)}: ${one.recommendation.strategy} is recommended (${confidenceText(one.recommendation.confidence)})`,
    );
  const more = open.length > lines.length ? [`  and ${open.length - lines.length} more`] : [];
  const count = open.length === 1 ? 'One asset is' : `${open.length} assets are`;
  return new DroverError('UNDECIDED', [`${count} not decided:`, ...lines, ...more].join('\n'), {
    assets: open.map(nameOf),
  });
}

function wrongOrder(assessed: readonly Assessed[], { dependent, dependency }: AssetEdge): DroverError {
  const called = (asset: string): string => {
    const found = assessed.find((one) => one.asset === asset);
    return found === undefined ? asset : nameOf(found);
  };
  const message =
    `${called(dependent)} depends on ${called(dependency)}, which is retired with the last wave, after it. ` +
    'Decide otherwise about one of them, with --instead.';
  return new DroverError('DEPENDENCY_ORDER', message, {
    dependent: called(dependent),
    dependency: called(dependency),
  });
}

/** What moves, in waves; what is retired goes with the last of them. */
export function wavesOf(assessed: readonly Assessed[], edges: readonly AssetEdge[]): AssetWave[] {
  const decidedAs = (test: (one: Assessed) => boolean): string[] => [
    ...new Set(assessed.filter(test).map(({ asset }) => asset)),
  ];
  const moving = new Set(decidedAs(({ decision }) => decision !== null && isMoving(decision.strategy)));
  const retired = decidedAs(({ asset, decision }) => decision?.strategy === 'retire' && !moving.has(asset));
  const uses = new Map(assessed.map(({ asset, facts }) => [asset, facts.uses]));
  const waves = planWaves(
    [...moving].map((id) => ({ id, uses: uses.get(id) ?? null })),
    edges,
  );
  if (retired.length === 0) return waves;
  const last = waves.at(-1);
  const joined = [...(last?.assets ?? []), ...retired].sort();
  return [...waves.slice(0, -1), { canary: last?.canary ?? false, assets: joined }];
}

export function membersOf(waves: readonly AssetWave[]): WaveMember[] {
  return waves.flatMap(({ assets, canary }, at) => assets.map((asset) => ({ asset, wave: at + 1, canary })));
}

/** @throws ASSESSMENT_NOT_FOUND, ASSESSMENT_CONFLICT, DECISION_NEEDS_REASON */
export function reopen(site: Site, asked: ReviewAsked): Promise<AssessmentRecord> {
  const { reason = '', actor } = asked;
  return withHeld(site, asked, (state, record) => {
    if (reason.trim() !== '')
      return changeStatus(state, site, { record, to: 'in_review', role: 'admin', actor, detail: { reason } });
    const message = 'What was accepted is opened again for a reason: say it with --reason.';
    throw new DroverError('DECISION_NEEDS_REASON', message, { lacks: ['reason'] });
  });
}

/** @throws ASSESSMENT_NOT_FOUND, ASSESSMENT_CONFLICT */
export function cancel(site: Site, asked: ReviewAsked): Promise<AssessmentRecord> {
  const { reason = null, actor } = asked;
  return withHeld(site, asked, (state, record) =>
    changeStatus(state, site, { record, to: 'cancelled', role: 'admin', actor, detail: { reason } }),
  );
}
