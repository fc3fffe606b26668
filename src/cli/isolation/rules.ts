import { listedRules } from '../../isolation/listed-rules.ts';
import { withList } from '../options.ts';
import type { ListOption } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Verb } from '../session.ts';
import { showList } from '../terminal/table.ts';

/** `drover doctor rules`: what is looked for. */
export const rules: Verb = {
  name: 'rules',
  summary: 'list the rules of the doctor',
  define: (command) => withList(command),
  run: ({ terminal }, command) => {
    // The word above has --json, too, and takes it wherever it stands.
    const { json, csv } = command.optsWithGlobals<ListOption>();
    const listed = listedRules().map(({ id, severity, mend, summary }) => ({
      rule: id,
      severity,
      mend,
      summary,
    }));
    if (json === true) terminal.out(JSON.stringify({ rules: listed }, null, 2));
    else
      showList(
        terminal,
        {
          head: ['rule', 'severity', 'mended by', 'finds'],
          rows: listed.map(({ rule, severity, mend, summary }) => [rule, severity, mend, summary]),
        },
        csv,
      );
    return Promise.resolve(exitStatus.done);
  },
};
