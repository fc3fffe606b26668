/** What somebody should know about how the models of a run were found in one tenant. */
import type { ModelFacts } from './model.ts';
import type { Finding } from '../finding.ts';
import { label } from './select.ts';

/** Several rows fit, and one of them was taken. */
export function otherTargets(chosen: ModelFacts, others: readonly ModelFacts[]): Finding[] {
  if (others.length === 0) return [];
  return [
    {
      severity: 'warning',
      code: 'OTHER_TARGETS',
      count: others.length,
      message: `${label(chosen)} was taken; ${others.map(label).join(', ')} would fit as well. A mapping for this tenant says which.`,
    },
  ];
}

/** The tenant has a model that is written almost so. */
export function nearMisses(side: 'source' | 'target', near: readonly ModelFacts[]): Finding[] {
  if (near.length === 0) return [];
  return [
    {
      severity: 'info',
      code: 'NEAR_MISS',
      count: near.length,
      message: `Not the ${side}, but almost: ${near.map(label).join(', ')}. Where that is meant, a mapping for this tenant says so.`,
    },
  ];
}
