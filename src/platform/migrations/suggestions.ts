/** Which models could follow one of the tenant's, with the plan to each. */
import type { ParameterPolicy } from '../../engine/plan/intent.ts';
import { DroverError } from '../../errors.ts';
import { suggestTargets } from '../../postgres/usage/suggest.ts';
import type { PlannedSuggestion } from '../../postgres/usage/suggest.ts';
import { noModel } from './migrate-model.ts';
import type { Platform } from '../open.ts';

export type { PlannedSuggestion };

export interface SuggestRequest {
  readonly tenantId: string;
  readonly kind: string;
  readonly modelId: string;
  readonly entityTypes?: readonly string[];
  readonly parameters: ParameterPolicy;
  readonly limit: number;
}

/** Best first; the plan of each can be applied by its hash. @throws NOT_FOUND, ENTITY_TYPE_UNKNOWN, ENTITY_TYPES_INCOMPLETE */
export async function suggestModels(
  platform: Platform,
  request: SuggestRequest,
): Promise<PlannedSuggestion[]> {
  const { tenantId, kind, modelId, entityTypes, parameters, limit } = request;
  const intent = {
    tenant: tenantId,
    kind,
    from: modelId.toLowerCase(),
    parameters,
    answers: {},
    leaveAsks: false,
  };
  const query = { ...intent, limit, ...(entityTypes === undefined ? {} : { entityTypes }) };
  const suggestions = await suggestTargets(platform.site, query).catch((error: unknown) => {
    if (error instanceof DroverError && error.code === 'MODEL_NOT_FOUND') throw noModel(kind);
    throw error;
  });
  for (const { plan } of suggestions) platform.plans.remember(plan);
  return suggestions;
}
