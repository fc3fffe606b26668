import { sightingsOf, whoAndWhat } from '../../openings.ts';
import type { IsolationRule } from '../../rule.ts';

/** One open branch opens them all. */
export const policiesOrOpen: IsolationRule = {
  id: 'policies-or-open',
  summary: 'of several permissive policies for one role one does not restrict',
  severity: 'by reach',
  mend: 'policy',
  find: (ground) =>
    sightingsOf(
      ground,
      'policies-or-open',
      (opening) =>
        `Permissive policies are joined by OR, and this one does not restrict beside others that do: ${whoAndWhat(opening)}.`,
    ),
};
