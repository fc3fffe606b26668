/** Is a plan worse than the one that somebody has seen? Other rows of the same kinds are not. */
import { toConfirm } from '../finding.ts';
import { completions } from '../plan/completion.ts';
import type { Plan } from '../plan/plan-types.ts';

type Judged = Pick<Plan, 'source' | 'target' | 'findings' | 'leftBehind' | 'completion'>;

/** What a person would have to see before they could agree to the later plan; empty where they have seen all of it. */
export function whatIsWorse(seen: Judged, now: Judged): string[] {
  const added = (of: (plan: Judged) => string[]): string[] => {
    const known = new Set(of(seen));
    return of(now).filter((one) => !known.has(one));
  };
  return [
    ...added(({ source, target }) => [`models: ${JSON.stringify([source, target])}`]),
    ...added(({ findings }) =>
      seriousOf(findings).map(({ code, place }) => [code, place ?? ''].join(' ').trim()),
    ),
    ...added(({ leftBehind }) =>
      leftBehind.filter(({ live }) => live).map(({ place, reason }) => `${place} (${reason})`),
    ),
    ...(completions.indexOf(now.completion) > completions.indexOf(seen.completion) ? [now.completion] : []),
  ];
}

function seriousOf(findings: Plan['findings']): Plan['findings'] {
  return [...findings.filter(({ severity }) => severity === 'error'), ...toConfirm(findings)];
}
