/** How a policy is found among those that were read. */
import type { RelationFact } from '../../engine/isolation/facts.ts';

export function policyKey({ id }: Pick<RelationFact, 'id'>, policy: string): string {
  return `${id} ${policy}`;
}
