import type { FunctionFact } from '../../../engine/isolation/facts.ts';
import { listed, objectOf, ownedTables } from '../../ground.ts';
import { rolesUnder, severityFor } from '../../openings.ts';
import type { IsolationRule } from '../../rule.ts';

/** PostgreSQL computes an immutable function once for a plan: a prepared statement keeps the first tenant. */
export const immutableContext: IsolationRule = {
  id: 'immutable-context',
  summary: 'a policy calls a function that is declared IMMUTABLE and reads who asks',
  severity: 'by reach',
  mend: 'function',
  needs: ['functions'],
  find: (ground) =>
    ownedTables(ground).flatMap((owned) =>
      owned.relation.policies.flatMap((policy) => {
        const wrong = policy.calls.filter(
          ({ id, volatility, builtIn }) =>
            !builtIn && volatility === 'immutable' && (ground.functions.get(id) ?? []).some(readsMore),
        );
        const roles = [...new Set(rolesUnder(ground, owned, policy).map(({ role }) => role))];
        if (wrong.length === 0 || roles.length === 0) return [];
        const names = listed(wrong.map(({ id }) => id));
        const message = `${names} is IMMUTABLE and reads a setting, the user or a table: a kept plan goes on with the first tenant.`;
        return [
          { at: objectOf('table', owned.relation, policy.name), message, ...severityFor(ground, roles) },
        ];
      }),
    ),
};

/** The body is a text to everybody but the function's own language: it is searched for what changes. */
export function readsMore({ body, reads }: FunctionFact): boolean {
  return reads.length > 0 || /\b(current_setting|current_user|session_user|current_role|FROM)\b/i.test(body);
}
