import { renderNotice } from '../../engine/planner/notice.ts';
import { readPlanFile } from '../terminal/files.ts';
import { collect, withJson } from '../options.ts';
import type { JsonOption } from '../options.ts';
import { exitStatus } from '../session.ts';
import type { Verb } from '../session.ts';
import { usage } from '../../site/where.ts';

/** `drover notify`: what plans mean for the people concerned. Opens no database and sends nothing. */
export const notify: Verb = {
  name: 'notify',
  summary: 'write the message to the people concerned, one per tenant, from plan files',
  define: (command) =>
    withJson(command).option(
      '--plan <file>',
      'a file that `drover plan --out` wrote; may be repeated',
      collect,
      [],
    ),
  run: ({ terminal }, command) => {
    const options = command.opts<JsonOption & { readonly plan: readonly string[] }>();
    if (options.plan.length === 0)
      throw usage('Say which plans: --plan FILE, as `drover plan --out FILE` writes it.');
    const notices = options.plan.map((file) => renderNotice(readPlanFile(file)));
    if (options.json === true)
      terminal.out(JSON.stringify({ notices: notices.map(({ json }) => json) }, null, 2));
    else terminal.out(notices.map(({ markdown }) => markdown.trimEnd()).join('\n\n---\n\n'));
    return Promise.resolve(exitStatus.done);
  },
};
