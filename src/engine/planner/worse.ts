/** Is a plan worse than the one that somebody has seen? Other rows of the same kinds are not. */
import { refusing, toConfirm } from '../finding.ts';
import { completions } from '../plan/completion.ts';
import type { Plan } from '../plan/plan-types.ts';
import { changedFacts, isOfRows } from './facts.ts';

type JudgedPlan = Pick<Plan, 'facts' | 'steps' | 'findings' | 'leftBehind' | 'completion'>;

/**
 * What a person would have to see before they could agree to the later plan; empty where they have seen all of it. Whatever is not
 * about rows counts, better or worse: another model, schema or configuration makes another plan. Of the rows, what counts is a new kind
 * of step, a finding more to read, a new kind of live rows that stay, and a lower word.
 */
export function whatIsWorse(seen: JudgedPlan, now: JudgedPlan): string[] {
  const added = (of: (plan: JudgedPlan) => string[]): string[] => {
    const known = of(seen);
    return of(now).filter((one) => {
      const at = known.indexOf(one);
      if (at !== -1) known.splice(at, 1);
      return at === -1;
    });
  };
  return [
    ...changedFacts(seen, now, (fact) => !isOfRows(fact)),
    ...added(({ steps }) => [...new Set(steps.map(({ operation, table }) => `${operation} ${table}`))]),
    ...added(({ findings }) =>
      seriousOf(findings).map(({ code, place }) => [code, place ?? ''].join(' ').trim()),
    ),
    ...added(({ leftBehind }) => [
      ...new Set(leftBehind.filter(({ live }) => live).map(({ place, reason }) => `${place} (${reason})`)),
    ]),
    ...(completions.indexOf(now.completion) > completions.indexOf(seen.completion) ? [now.completion] : []),
  ];
}

function seriousOf(findings: Plan['findings']): Plan['findings'] {
  return [...refusing(findings), ...toConfirm(findings)];
}
