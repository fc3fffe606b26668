/** That a finding is gone says something only where it was looked for. */
import type { IsolationReport } from '../engine/isolation/report.ts';
import { shownObject } from './ground.ts';

/** Why the report would not have the finding although the fault is there; nothing where it was looked for. `at`: as a finding prints it. */
export function whyUnseen(
  { rule, at }: { readonly rule: string; readonly at: string },
  { rules, probe, damage, notRead }: IsolationReport,
): string | undefined {
  if (rule.startsWith('probe-'))
    return probe === 'write' ? undefined : 'nothing was tried with --probe write';
  if (rule.startsWith('rows-')) {
    if (damage === undefined) return 'rows were not counted';
    const isThere = ({ table }: { readonly table: string }): boolean => isAt(at, table);
    if (damage.unseen.some(isThere)) return 'rows of the table were not seen';
    if (damage.tables.some((each) => isThere(each) && each.sampled !== undefined))
      return 'a sample of the table was read';
    return undefined;
  }
  const state = rules.find((each) => each.rule === rule);
  if (state === undefined) return 'there is no such rule';
  if (state.state === 'skipped') return state.reason ?? 'the rule was skipped';
  const unread = notRead.find(({ at: { kind, schema, name } }) =>
    isAt(at, shownObject({ kind, schema, name })),
  );
  return unread === undefined ? undefined : `a policy there was not read: ${unread.reason}`;
}

/** The object, or a part of it. */
function isAt(at: string, object: string): boolean {
  return at === object || at.startsWith(`${object}.`);
}
