import { sightingsOf, whoAndWhat } from '../../openings.ts';
import type { IsolationRule } from '../../rule.ts';

/** A constant, or a comparison of the owner with itself. */
export const policyAlwaysTrue: IsolationRule = {
  id: 'policy-always-true',
  summary: 'a policy that holds for every row, with nothing that restricts beside it',
  severity: 'by reach',
  mend: 'policy',
  find: (ground) =>
    sightingsOf(
      ground,
      'policy-always-true',
      (opening) => `The policy holds for the rows of every tenant: ${whoAndWhat(opening)}.`,
    ),
};
