import { sightingsOf, whoAndWhat } from '../../openings.ts';
import type { IsolationRule } from '../../rule.ts';

/** What may be written is wider than what is seen. */
export const checkWeakerThanUsing: IsolationRule = {
  id: 'check-weaker-than-using',
  summary: 'USING restricts and WITH CHECK does not: rows are given to other tenants',
  severity: 'by reach',
  mend: 'policy',
  find: (ground) =>
    sightingsOf(
      ground,
      'check-weaker-than-using',
      (opening) =>
        `USING restricts and WITH CHECK does not, so rows can be written for other tenants: ${whoAndWhat(opening)}.`,
    ),
};
