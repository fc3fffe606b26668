/** How assessments look in the API. */
import { z } from 'zod';
import { assessmentStatuses } from '../../../engine/assess/status.ts';
import { strategies } from '../../../engine/assess/strategy.ts';
import type { Assessed, AssetGroup, Decision } from '../../../engine/assess/review.ts';
import type { AssessmentRecord } from '../../../postgres/assess/rows.ts';
import type { KeptDecision } from '../../../postgres/assess/decision-rows.ts';
import type { ShownAssessment } from '../../../postgres/assess/show.ts';
import { rowId, timestamp } from '../../schemas.ts';

export const day = z.iso.date();
export const strategy = z.enum(strategies);
export const assessmentStatus = z.enum(assessmentStatuses);
const confidence = z.number().min(0.1).max(0.95).describe('How sure it is');

export const assessmentSchema = z
  .object({
    id: rowId,
    status: assessmentStatus,
    version: z.int().describe('Changes with every survey, decision and status; the ETag'),
    survey: z.int().describe('How often the rows were looked at; the facts are those of the last time'),
    surveyed_on: day.nullable(),
    horizon: day.describe('What ends after this day can wait'),
    use_days: z.int().describe('Unused for so long counts as unused'),
    parameters: z.enum(['reset', 'keep', 'translate']),
    created_by: z.string(),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .meta({ id: 'Assessment' });

export function assessmentJson(record: AssessmentRecord): z.infer<typeof assessmentSchema> {
  return {
    id: record.id,
    status: record.status,
    version: record.version,
    survey: record.survey,
    surveyed_on: record.surveyedOn,
    horizon: record.horizon,
    use_days: record.useDays,
    parameters: record.parameters,
    created_by: record.actor,
    created_at: record.createdAt,
    updated_at: record.updatedAt,
  };
}

export const assessmentDetail = z
  .object({
    ...assessmentSchema.shape,
    assets: z.int(),
    undecided: z.int(),
    sources: z.array(
      z.object({
        source: z.string(),
        label: z.string(),
        kind: z.string(),
        ends: day.nullable(),
        says: z.string().describe('Who says so'),
        target: z.string().nullable().describe('The one that somebody gave'),
      }),
    ),
    readiness: z.object({
      points: z.int().min(0).max(100),
      blocked: z.record(z.string(), z.int()).describe('Assets that each blocker holds back'),
      hash: z.string().describe('Of all that it was computed from'),
    }),
    changes: z
      .object({
        facts: z.array(
          z.object({ asset: z.string(), fact: z.string(), before: z.string(), after: z.string() }),
        ),
        added: z.array(z.string()),
        gone: z.array(z.string()),
        left_group: z.array(z.string()),
      })
      .describe('Since the survey before, at most a hundred of each'),
  })
  .meta({ id: 'AssessmentDetail' });

const mostChanges = 100;

export function detailJson(shown: ShownAssessment): z.infer<typeof assessmentDetail> {
  const { record, sources, assessed, readiness, changes, left } = shown;
  return {
    ...assessmentJson(record),
    assets: assessed.length,
    undecided: assessed.filter(({ decision }) => decision === null).length,
    sources: sources.map((source) => ({ ...source })),
    readiness: { ...readiness, blocked: { ...readiness.blocked } },
    changes: {
      facts: changes.facts.slice(0, mostChanges).map((change) => ({ ...change })),
      added: changes.added.slice(0, mostChanges),
      gone: changes.gone.slice(0, mostChanges),
      left_group: left.slice(0, mostChanges),
    },
  };
}

const decisionSchema = z
  .object({
    strategy,
    target: z.string().nullable(),
    reason: z.string().nullable(),
    until: day.nullable(),
    owner: z.string().nullable(),
    due: day.nullable(),
    group: z.string().nullable().describe('The group that it was decided with'),
    decided_by: z.string(),
    decided_at: timestamp,
    recommended: strategy.describe('What was recommended then'),
    confidence,
  })
  .meta({ id: 'Decision' });

function decisionJson(one: Decision): z.infer<typeof decisionSchema> {
  const { strategy: word, target, reason, until, owner, due, group } = one;
  return {
    strategy: word,
    target,
    reason,
    until,
    owner,
    due,
    group,
    decided_by: one.actor,
    decided_at: one.at,
    recommended: one.recommended,
    confidence: one.confidence / 100,
  };
}

export const keptDecision = z
  .object({
    id: rowId,
    asset_id: rowId,
    entity_id: z.string(),
    source: z.string(),
    ...decisionSchema.shape,
    superseded_by: rowId.nullable().describe('The decision in its place; null where it stands'),
  })
  .meta({ id: 'KeptDecision' });

export function keptJson(kept: KeptDecision): z.infer<typeof keptDecision> {
  const { id, asset, key, source, decision, supersededBy } = kept;
  return {
    id,
    asset_id: asset,
    entity_id: key,
    source,
    ...decisionJson(decision),
    superseded_by: supersededBy,
  };
}

export const assetSchema = z
  .object({
    id: rowId,
    entity_type: z.string(),
    entity_id: z.string().describe('The key of the row'),
    name: z.string().nullable(),
    source: z.string().describe('The model that it names'),
    group: z.string(),
    dead: z.boolean(),
    dependents: z.int().describe('Live rows that refer to it'),
    uses: z.int().nullable().describe('Within the days of use; null where nothing records its use'),
    last_use: day.nullable(),
    created: day.nullable(),
    ends: day.nullable(),
    errors: z.array(z.string()).describe('Of the plan to the target, as far as they name this row'),
    asked: z.boolean(),
    capabilities_lost: z.array(z.string()).nullable(),
    context_lower: z.boolean().nullable(),
    parameters: z.enum(['kept', 'changed', 'dropped']).nullable(),
    price_over: z.boolean().nullable(),
    recommendation: z.object({
      strategy,
      target: z.string().nullable(),
      confidence,
      rule: z.int(),
      reasons: z.array(z.object({ fact: z.string(), value: z.string() })),
    }),
    decision: decisionSchema.nullable(),
  })
  .meta({ id: 'Asset' });

export function assetJson({
  asset,
  facts,
  recommendation,
  group,
  decision,
}: Assessed): z.infer<typeof assetSchema> {
  return {
    id: asset,
    entity_type: facts.kind,
    entity_id: facts.key,
    name: facts.name,
    source: facts.source,
    group,
    dead: facts.dead,
    dependents: facts.dependents,
    uses: facts.uses,
    last_use: facts.lastUse,
    created: facts.created,
    ends: facts.ends,
    errors: [...facts.errors],
    asked: facts.asked,
    capabilities_lost: facts.capabilitiesLost === null ? null : [...facts.capabilitiesLost],
    context_lower: facts.contextLower,
    parameters: facts.parameters,
    price_over: facts.priceOver,
    recommendation: {
      ...recommendation,
      confidence: recommendation.confidence / 100,
      reasons: recommendation.reasons.map((reason) => ({ ...reason })),
    },
    decision: decision === null ? null : decisionJson(decision),
  };
}

export const groupSchema = z
  .object({
    name: z.string(),
    count: z.int().describe('As a decision about the group has to name it'),
    undecided: z.int(),
    entity_type: z.string(),
    source: z.string(),
    recommended: strategy,
    target: z.string().nullable(),
    confidence,
  })
  .meta({ id: 'AssetGroup' });

export function groupJson({ name, members, undecided }: AssetGroup): z.infer<typeof groupSchema>[] {
  const [first] = members;
  if (first === undefined) return [];
  const { facts, recommendation } = first;
  return [
    {
      name,
      count: members.length,
      undecided,
      entity_type: facts.kind,
      source: facts.source,
      recommended: recommendation.strategy,
      target: recommendation.target,
      confidence: recommendation.confidence / 100,
    },
  ];
}
