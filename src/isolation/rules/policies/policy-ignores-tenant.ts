import { sightingsOf, whoAndWhat } from '../../openings.ts';
import type { IsolationRule } from '../../rule.ts';

/** Read and understood: it is about something else. */
export const policyIgnoresTenant: IsolationRule = {
  id: 'policy-ignores-tenant',
  summary: 'a policy whose condition names neither the owner nor a way to it',
  severity: 'by reach',
  mend: 'policy',
  find: (ground) =>
    sightingsOf(
      ground,
      'policy-ignores-tenant',
      (opening) =>
        `The condition says nothing of the owner, so it holds for rows of any tenant: ${whoAndWhat(opening)}.`,
    ),
};
