/**
 * Begins the assessment of a tenant, or surveys it again: decisions that stand are kept, new assets are added, those that are gone are
 * closed. The survey reads only; what it found is written in one transaction, so whoever dies leaves all of it or nothing.
 */
import { randomUUID } from 'node:crypto';
import { groupName } from '../../engine/assess/review.ts';
import { recommend } from '../../engine/assess/recommend.ts';
import { isClosed, mayBecome } from '../../engine/assess/status.ts';
import type { ParameterPolicy } from '../../engine/plan/intent.ts';
import { recordedTenant } from '../../engine/tenant.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import { DroverError } from '../../errors.ts';
import { sha256 } from '../catalogue/digest.ts';
import type { Tx } from '../driver/database.ts';
import { prepareState, stateTable, withState } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { changeStatus } from './change-status.ts';
import { assetName, saveAssets, saveEdges, saveFacts } from './asset-rows.ts';
import type { SurveyedAsset } from './asset-rows.ts';
import { noAssessment, requireVersion } from './hold.ts';
import { findAssessment, hasAssessments, holdLatest, readAssessedSources, saveSources } from './rows.ts';
import type { AssessmentRecord } from './rows.ts';
import { surveyTenant } from './survey.ts';
import type { RowId, Survey } from './survey.ts';

export interface StartAsked {
  readonly tenant: TenantKey;
  readonly actor: string;
  /** Only where there is none that is open, or only this one again, where it still has the version that was seen. */
  readonly expects?: 'none' | { readonly id: string; readonly version?: number | undefined } | undefined;
  /** Each as it was in the survey before, where it is left out. */
  readonly horizon?: string | undefined;
  readonly useDays?: number | undefined;
  readonly parameters?: ParameterPolicy | undefined;
  readonly targets?: Readonly<Record<string, string>>;
}

export interface Started {
  /** Null where no row names a model that ends, so that there is nothing to decide. */
  readonly record: AssessmentRecord | null;
  readonly survey: Survey;
}

const usualUseDays = 90;

/** @throws ASSESSMENT_CONFLICT where it is accepted or under way, or somebody else began one meanwhile; what a survey throws */
export async function startAssessment(site: Site, asked: StartAsked): Promise<Started> {
  const before = await withState(site, asked.tenant, async (state) => {
    const record = (await hasAssessments(state, site))
      ? await findAssessment(state, site, { tenant: asked.tenant })
      : undefined;
    const open = record === undefined || isClosed(record.status) ? undefined : record;
    requireExpected(open, asked.expects);
    const sources = open === undefined ? [] : await readAssessedSources(state, site, open);
    return {
      open,
      targets: Object.fromEntries(
        sources.flatMap(({ source, target }) => (target === null ? [] : [[source, target]])),
      ),
    };
  });
  const { open } = before;
  if (open !== undefined && !mayBecome(open.status, 'assessing', 'admin')) throw standing(open);
  const { tenant, horizon = open?.horizon, useDays = open?.useDays ?? usualUseDays } = asked;
  const parameters = asked.parameters ?? open?.parameters ?? site.parameters;
  const survey = await surveyTenant(site, {
    tenant,
    horizon,
    useDays,
    parameters,
    targets: { ...before.targets, ...asked.targets },
  });
  if (survey.facts.length === 0 && open === undefined) return { record: null, survey };
  await prepareState(site);
  const record = await withState(site, tenant, (state) =>
    saveSurvey(state, site, { survey, open, asked: { ...asked, parameters } }),
  ).catch((error: unknown) => {
    throw error instanceof DroverError && error.code === 'ALREADY_EXISTS' ? alreadyBegun() : error;
  });
  return { record, survey };
}

/** @throws ASSESSMENT_CONFLICT, ASSESSMENT_NOT_FOUND, PRECONDITION_FAILED */
function requireExpected(open: AssessmentRecord | undefined, expects: StartAsked['expects']): void {
  if (expects === undefined) return;
  if (expects === 'none') {
    if (open !== undefined) throw standing(open);
  } else if (open?.id !== expects.id) throw noAssessment();
  else requireVersion(open, expects.version);
}

function standing({ status, version }: AssessmentRecord): DroverError {
  return new DroverError(
    'ASSESSMENT_CONFLICT',
    `There is an assessment, and it is ${status}. \`drover assess reopen --reason TEXT\` opens an accepted one again, ` +
      '`drover assess cancel` ends it.',
    { status, version },
  );
}

function alreadyBegun(): DroverError {
  return new DroverError(
    'ASSESSMENT_CONFLICT',
    'Somebody else has begun or surveyed this assessment meanwhile. `drover assess show` says how far it is.',
  );
}

interface SurveyToSave {
  readonly survey: Survey;
  readonly open: AssessmentRecord | undefined;
  readonly asked: StartAsked & { readonly parameters: ParameterPolicy };
}

async function saveSurvey(
  state: Tx,
  site: Site,
  { survey, open, asked }: SurveyToSave,
): Promise<AssessmentRecord> {
  const { tenant, actor } = asked;
  const held = await holdLatest(state, site, { tenant });
  const same =
    held === undefined || isClosed(held.status)
      ? open === undefined
      : held.id === open?.id && held.version === open.version;
  if (!same) throw alreadyBegun();
  const draft = open ?? (await insertDraft(state, site, { survey, asked }));
  const assessing = await changeStatus(state, site, { record: draft, to: 'assessing', role: 'admin', actor });
  const record = { ...assessing, survey: assessing.survey + 1 };
  const assets = await saveAssets(state, site, { tenant, facts: survey.facts });
  const idOf = ({ table, key }: RowId): string => assets.get(assetName(table, key)) ?? '';
  await saveEdges(state, site, {
    tenant,
    edges: survey.edges.map(({ dependent, dependency }) => ({
      dependent: idOf(dependent),
      dependency: idOf(dependency),
    })),
  });
  const surveyed = survey.facts.map((facts): SurveyedAsset => {
    const recommendation = recommend(facts, survey.settings);
    return { asset: idOf(facts), facts, recommendation, group: groupName(facts, recommendation, sha256) };
  });
  await saveFacts(state, site, { record, assets: surveyed });
  await saveSources(state, site, {
    record,
    sources: survey.sources.map(({ source, label, kind, ends, says, targetText, given }) => ({
      source,
      label,
      kind,
      ends,
      says,
      target: given ? targetText : null,
    })),
  });
  const { horizon, useDays, today } = survey.settings;
  await state.run(
    `UPDATE ${stateTable(site, 'assessments')} SET survey = $3, horizon = $4::text::date, use_days = $5, parameters = $6,
       surveyed_on = $7::text::date
     WHERE tenant_id = $1::text::${site.state.tenantType} AND id = $2::text::uuid`,
    [recordedTenant(tenant), record.id, record.survey, horizon, useDays, asked.parameters, today],
  );
  const detail = { survey: record.survey, assets: surveyed.length };
  const reviewed = await changeStatus(state, site, {
    record,
    to: 'in_review',
    role: 'worker',
    actor,
    detail,
  });
  return { ...reviewed, horizon, useDays, parameters: asked.parameters, surveyedOn: today };
}

async function insertDraft(
  state: Tx,
  site: Site,
  { survey: { settings }, asked }: Pick<SurveyToSave, 'survey' | 'asked'>,
): Promise<AssessmentRecord> {
  const { tenant, actor, parameters } = asked;
  const { horizon, useDays } = settings;
  const id = randomUUID();
  await state.run(
    `INSERT INTO ${stateTable(site, 'assessments')} (tenant_id, id, status, horizon, use_days, parameters, actor)
     VALUES ($1::text::${site.state.tenantType}, $2::text::uuid, 'draft', $3::text::date, $4, $5, $6)`,
    [recordedTenant(tenant), id, horizon, useDays, parameters, actor],
  );
  const record = await holdLatest(state, site, { tenant });
  if (record === undefined) throw new Error('a record that was just written is not there');
  return record;
}
