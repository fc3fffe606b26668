import type { IsolationObject } from '../../../engine/isolation/report.ts';
import { listed, ownedTables } from '../../ground.ts';
import { settingsIn } from '../../settings-in.ts';
import type { IsolationRule } from '../../rule.ts';

/** Some policies raise where the tenant is missing and some give nothing: nobody can say what a forgotten tenant does. */
export const contextMixed: IsolationRule = {
  id: 'context-mixed',
  summary: 'in one schema some policies raise without a tenant and others give no row',
  severity: 'warning',
  mend: 'policy',
  find: (ground) =>
    [...Map.groupBy(ownedTables(ground), ({ relation }) => relation.schema)].flatMap(([schema, owned]) => {
      const uses = owned.flatMap(({ relation }) =>
        relation.policies.flatMap((policy) =>
          settingsIn(ground, relation, policy).map(({ silent }) => ({ silent, table: relation.name })),
        ),
      );
      const raising = [...new Set(uses.filter(({ silent }) => !silent).map(({ table }) => table))];
      if (raising.length === 0 || !uses.some(({ silent }) => silent)) return [];
      const at: IsolationObject = { kind: 'schema', schema: '', name: schema };
      const message = `Without a tenant ${listed(raising.slice(0, 5))} raises an error, and other tables give no row.`;
      return [{ at, message }];
    }),
};
