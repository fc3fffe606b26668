import { listed, objectOf, ownedTables } from '../../ground.ts';
import { settingsIn } from '../../settings-in.ts';
import type { IsolationRule } from '../../rule.ts';

/** A setting that was set in a transaction before is the empty text afterwards, and the cast of that raises. */
export const contextCastUnguarded: IsolationRule = {
  id: 'context-cast-unguarded',
  summary: 'a setting is cast without NULLIF, and is the empty text after it was used once',
  severity: 'warning',
  mend: 'policy',
  find: (ground) =>
    ownedTables(ground).flatMap(({ relation }) =>
      relation.policies.flatMap((policy) => {
        const names = [
          ...new Set(
            settingsIn(ground, relation, policy)
              .filter(({ unguarded }) => unguarded)
              .map(({ name }) => name),
          ),
        ];
        const message = `${listed(names)} is cast as it is: after a transaction that set it, it is '' and the query fails.`;
        return names.length === 0 ? [] : [{ at: objectOf('table', relation, policy.name), message }];
      }),
    ),
};
