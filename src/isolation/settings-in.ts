/** The settings that a policy reads. */
import type { RelationFact, StoredPolicy } from '../engine/isolation/facts.ts';
import type { SettingUse } from './conditions/condition.ts';
import { policyKey } from './conditions/policy-key.ts';
import type { Ground } from './ground.ts';

export function settingsIn(
  { conditions }: Ground,
  relation: RelationFact,
  { name }: StoredPolicy,
): SettingUse[] {
  const read = conditions.get(policyKey(relation, name));
  return [read?.using, read?.check].flatMap((each) => each?.settings ?? []);
}
