/** What is wrong with the isolation part of a configuration beside its shape: rules that are not there, and days that are past. */
import { nearestName } from '../engine/nearest.ts';
import type { Config, ConfigProblem } from '../engine/rules/config.ts';
import { allRules } from './rules/all-rules.ts';

/** All of them, with the path to each. `today` is a day: `2026-12-01`. */
export function isolationProblems({ isolation }: Pick<Config, 'isolation'>, today: string): ConfigProblem[] {
  const rules = allRules.map(({ id }) => id);
  return (isolation?.ignore ?? []).flatMap(({ rule, until }, at) => {
    const path = (key: string): ConfigProblem['path'] => ['isolation', 'ignore', at, key];
    const nearest = nearestName(rule, rules);
    const hint = nearest === undefined ? '`drover doctor rules` lists them' : `did you mean ${nearest}?`;
    return [
      ...(rules.includes(rule)
        ? []
        : [{ path: path('rule'), message: `the doctor has no rule ${rule}; ${hint}` }]),
      ...(until !== undefined && until < today
        ? [{ path: path('until'), message: `${until} is past: the finding counts again` }]
        : []),
    ];
  });
}
