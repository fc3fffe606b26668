import { sightingsOf, whoAndWhat } from '../../openings.ts';
import type { IsolationRule } from '../../rule.ts';

/** UPDATE t SET c = 5, without WHERE, changes the rows of all tenants. */
export const commandEscapesSelect: IsolationRule = {
  id: 'command-escapes-select',
  summary: 'what a role sees is its tenant’s, what it changes is not',
  severity: 'by reach',
  mend: 'policy',
  find: (ground) =>
    sightingsOf(
      ground,
      'command-escapes-select',
      (opening) =>
        `SELECT restricts and this does not; a statement that reads no column asks no policy for SELECT: ${whoAndWhat(opening)}.`,
    ),
};
