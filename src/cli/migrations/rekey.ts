import { applyPlan, withApply } from './apply.ts';
import { planFor, planStatuses, withPlan } from './plan.ts';
import { readRekey, withReason, withRekey, withWait, withWhere } from '../options.ts';
import { forEachMap, withLines } from './rekey-map.ts';
import type { VerbGroup } from '../session.ts';

/** `drover rekey`: gives a row another key, and everything that names it follows. */
export const rekey: VerbGroup = {
  name: 'rekey',
  summary: 'give rows other keys; everything that names them follows',
  verbs: [
    {
      name: 'plan',
      summary: 'show what would follow the row, what stays, and what to know; writes nothing',
      define: (command) => withWhere(withRekey(withPlan(command))).addHelpText('after', planStatuses),
      run: (session, command) =>
        withLines(command.opts(), () =>
          forEachMap(session, command, (read) => planFor(session, command, read)),
        ),
    },
    {
      name: 'apply',
      summary: 'give the row its other key: by a plan file, or planned now; shows the plan and asks',
      define: (command) =>
        withWhere(withReason(withWait(withRekey(withApply(command))))).addHelpText(
          'after',
          '\nExit status: 0 done, or nothing to do · otherwise nothing was changed: 1 not done, 130 stopped',
        ),
      run: (session, command) =>
        command.args[0] === undefined
          ? withLines(command.opts(), () =>
              forEachMap(session, command, (read) => applyPlan(session, command, read)),
            )
          : applyPlan(session, command, readRekey),
    },
  ],
};
