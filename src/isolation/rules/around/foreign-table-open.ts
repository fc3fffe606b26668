import { listed, objectOf } from '../../ground.ts';
import { exposureOf, rowPrivileges } from '../../reach.ts';
import type { IsolationRule } from '../../rule.ts';

/** A foreign table takes no policies; whose its rows are nothing here says. */
export const foreignTableOpen: IsolationRule = {
  id: 'foreign-table-open',
  summary: 'a foreign table, which takes no policies, is granted',
  severity: 'by reach',
  mend: 'grant',
  find: (ground) =>
    ground.facts.relations
      .filter(({ kind }) => kind === 'foreign table')
      .flatMap((relation) => {
        const exposed = exposureOf(ground, { relation, privileges: rowPrivileges });
        if (exposed === undefined) return [];
        const message = `A foreign table takes no policies: ${listed(exposed.reachedBy)} reaches all that the other server gives.`;
        return [{ at: objectOf('table', relation), message, ...exposed }];
      }),
};
