import { sightingsOf, whoAndWhat } from '../../openings.ts';
import type { IsolationRule } from '../../rule.ts';

/** A session that forgot its tenant sees all of them. */
export const contextFailsOpen: IsolationRule = {
  id: 'context-fails-open',
  summary: 'a condition that holds where no tenant is set',
  severity: 'by reach',
  mend: 'policy',
  explains: ['tenant-column-nullable'],
  find: (ground) =>
    sightingsOf(
      ground,
      'context-fails-open',
      (opening) =>
        `Where nobody set the tenant the condition holds for rows of every tenant: ${whoAndWhat(opening)}.`,
    ),
};
