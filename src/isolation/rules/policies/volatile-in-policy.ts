import { listed, objectOf, ownedTables } from '../../ground.ts';
import type { IsolationRule } from '../../rule.ts';

/** It is asked for each row, keeps indexes from being used, and may say another thing each time. */
export const volatileInPolicy: IsolationRule = {
  id: 'volatile-in-policy',
  summary: 'a policy calls a volatile function',
  severity: 'info',
  mend: 'function',
  find: (ground) =>
    ownedTables(ground).flatMap(({ relation }) =>
      relation.policies.flatMap(({ name, calls }) => {
        const volatile = [
          ...new Set(calls.filter(({ volatility }) => volatility === 'volatile').map(({ id }) => id)),
        ];
        const message = `${listed(volatile)} is volatile: it is asked for each row and may answer otherwise each time.`;
        return volatile.length === 0 ? [] : [{ at: objectOf('table', relation, name), message }];
      }),
    ),
};
