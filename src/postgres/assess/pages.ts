/** Assessments, their assets and their decisions, a page at a time. */
import type { Assessed } from '../../engine/assess/review.ts';
import { withState } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { readAssessed } from './asset-rows.ts';
import type { AssetPage } from './asset-rows.ts';
import { pageDecisions } from './decision-rows.ts';
import type { DecisionPage, KeptDecision } from './decision-rows.ts';
import { noAssessment } from './hold.ts';
import { findAssessment, pageAssessments } from './rows.ts';
import type { AssessmentChosen, AssessmentPage, AssessmentRecord } from './rows.ts';

export function pageOfAssessments(site: Site, page: AssessmentPage): Promise<AssessmentRecord[]> {
  return withState(site, page.tenant, (state) => pageAssessments(state, site, page));
}

/** @throws ASSESSMENT_NOT_FOUND */
export function pageAssets(site: Site, chosen: AssessmentChosen, page: AssetPage): Promise<Assessed[]> {
  return withState(site, chosen.tenant, async (state) => {
    const record = await findAssessment(state, site, chosen);
    if (record === undefined) throw noAssessment();
    return readAssessed(state, site, { record, survey: record.survey, page });
  });
}

/** @throws ASSESSMENT_NOT_FOUND */
export function pageOfDecisions(
  site: Site,
  chosen: AssessmentChosen,
  page: DecisionPage,
): Promise<KeptDecision[]> {
  return withState(site, chosen.tenant, async (state) => {
    const record = await findAssessment(state, site, chosen);
    if (record === undefined) throw noAssessment();
    return pageDecisions(state, site, { record, page });
  });
}
