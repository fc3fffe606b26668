/** An assessment as people read it: its assets with what is recommended and decided, the waves, what changed since the survey before. */
import { hasLeftGroup, nameOf } from '../../engine/assess/review.ts';
import type { Assessed } from '../../engine/assess/review.ts';
import { changedFacts } from '../../engine/assess/facts.ts';
import { readinessOf } from '../../engine/assess/readiness.ts';
import type { Readiness } from '../../engine/assess/readiness.ts';
import { brokenOrder } from '../../engine/assess/waves.ts';
import type { AssetWave } from '../../engine/assess/waves.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import { sha256 } from '../catalogue/digest.ts';
import { withState } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { membersOf, wavesOf } from './accept.ts';
import { readAssessed, readAssetEdges } from './asset-rows.ts';
import { readWaves } from './decision-rows.ts';
import type { WaveMember } from './decision-rows.ts';
import { noAssessment } from './hold.ts';
import { findAssessment, hasAssessments, listLatest, readAssessedSources } from './rows.ts';
import type { AssessedSource, AssessmentRecord } from './rows.ts';

export interface ShownAssessment {
  readonly record: AssessmentRecord;
  readonly sources: readonly AssessedSource[];
  readonly assessed: readonly Assessed[];
  /** As accepted; before that as they would be by what is decided so far. */
  readonly waves: readonly WaveMember[];
  readonly readiness: Readiness;
  /** Since the survey before: facts that are others by now, assets that were added and that are gone. */
  readonly changes: {
    readonly facts: readonly {
      readonly asset: string;
      readonly fact: string;
      readonly before: string;
      readonly after: string;
    }[];
    readonly added: readonly string[];
    readonly gone: readonly string[];
  };
  /** Decided with a group that they are no longer alike with; their decisions are kept. */
  readonly left: readonly string[];
}

/** @throws ASSESSMENT_NOT_FOUND */
export function readAssessment(site: Site, tenant: TenantKey, id?: string): Promise<ShownAssessment> {
  return withState(site, tenant, async (state) => {
    const record = (await hasAssessments(state, site))
      ? await findAssessment(state, site, { tenant, id })
      : undefined;
    if (record === undefined) throw noAssessment();
    const assessed = await readAssessed(state, site, { record, survey: record.survey });
    const before = await readAssessed(state, site, { record, survey: record.survey - 1 });
    const edges = await readAssetEdges(state, site, tenant);
    const accepted = await readWaves(state, site, record);
    const planned = record.status === 'in_review' || accepted.length === 0;
    const waves = planned ? membersOf(wavesOf(assessed, edges)) : accepted;
    const broken = new Set(brokenOrder(groupedWaves(waves), edges).map(({ dependent }) => dependent));
    return {
      record,
      sources: await readAssessedSources(state, site, record),
      assessed,
      waves,
      readiness: readinessOf(assessed, broken, sha256),
      changes: changesOf(before, assessed),
      left: assessed.filter(hasLeftGroup).map(nameOf),
    };
  });
}

function groupedWaves(members: readonly WaveMember[]): AssetWave[] {
  const waves = [...Map.groupBy(members, ({ wave }) => wave)].toSorted(([a], [b]) => a - b);
  return waves.map(([, mine]) => ({
    canary: mine[0]?.canary ?? false,
    assets: mine.map(({ asset }) => asset),
  }));
}

/** Of the first survey nothing has changed. */
function changesOf(before: readonly Assessed[], after: readonly Assessed[]): ShownAssessment['changes'] {
  if (before.length === 0) return { facts: [], added: [], gone: [] };
  const was = new Map(before.map((one) => [nameOf(one), one]));
  const is = new Set(after.map(nameOf));
  return {
    facts: after.flatMap((one) => {
      const earlier = was.get(nameOf(one));
      if (earlier === undefined) return [];
      return changedFacts(earlier.facts, one.facts).map((change) => ({ asset: nameOf(one), ...change }));
    }),
    added: [...is].filter((name) => !was.has(name)),
    gone: [...was.keys()].filter((name) => !is.has(name)),
  };
}

/** The newest assessment of each tenant; one query where all records are in one place. */
export async function listAssessments(
  site: Site,
  tenants: readonly TenantKey[],
): Promise<AssessmentRecord[]> {
  const found: AssessmentRecord[] = [];
  for (const tenant of tenants)
    found.push(...(await withState(site, tenant, (state) => listLatest(state, site, tenant))));
  return found;
}
