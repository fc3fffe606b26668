/** Suggested targets, as they look in the API. */
import { z } from 'zod';
import { refusing, toConfirm } from '../../../engine/finding.ts';
import type { PlannedSuggestion } from '../../../platform/suggestions.ts';
import { countsByType, findingJson, findingSchema } from '../migrations/migration-schemas.ts';
import { rowId } from '../../schemas.ts';

export const suggestionSchema = z
  .object({
    model_id: rowId,
    name: z.string(),
    family: z.string().nullable(),
    provider: z.string().nullable(),
    score: z.int(),
    allowed: z.boolean().describe('No finding refuses it'),
    reasons: z.array(z.object({ code: z.string(), points: z.int(), message: z.string() })),
    findings: z.array(findingSchema).describe('Those of the plan to it'),
    details: countsByType.describe('Rows that would move, by entity type'),
    complete: z.boolean(),
    plan_hash: z.string().describe('For `migrate`: exactly this plan'),
    requires_confirmation: z.boolean(),
  })
  .meta({ id: 'Suggestion' });

export function suggestionJson({
  model,
  score,
  reasons,
  plan,
}: PlannedSuggestion): z.infer<typeof suggestionSchema> {
  const { name = '', family, provider } = model.components;
  return {
    model_id: model.key ?? '',
    name,
    family: family ?? null,
    provider: provider ?? null,
    score,
    allowed: refusing(plan.findings).length === 0,
    reasons: reasons.map((reason) => ({ ...reason })),
    findings: plan.findings.map(findingJson),
    details: { ...plan.counts },
    complete: plan.complete,
    plan_hash: plan.hash,
    requires_confirmation: toConfirm(plan.findings).length > 0,
  };
}
