/** All that the doctor may report, as `drover doctor rules` lists it. */
import { observedRules } from './observed.ts';
import type { IsolationRule } from './rule.ts';
import { allRules } from './rules/all-rules.ts';

export function listedRules(): readonly Pick<IsolationRule, 'id' | 'summary' | 'severity' | 'mend'>[] {
  return [...allRules, ...observedRules];
}
