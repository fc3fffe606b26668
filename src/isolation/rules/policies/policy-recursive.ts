import type { TableId } from '../../../engine/catalogue/catalog.ts';
import { policyKey } from '../../conditions/policy-key.ts';
import { objectOf, ownedTables } from '../../ground.ts';
import type { Ground } from '../../ground.ts';
import type { IsolationRule } from '../../rule.ts';

/** PostgreSQL refuses such a query with 42P17, at the first statement and not when the policy is made. */
export const policyRecursive: IsolationRule = {
  id: 'policy-recursive',
  summary: 'a policy that reaches its own table again by its sub-selects',
  severity: 'warning',
  mend: 'policy',
  find: (ground) =>
    ownedTables(ground).flatMap(({ id, relation }) =>
      relation.secured
        ? relation.policies
            .filter(({ name }) => reaches(ground, lookedAt(ground, id, name), id))
            .map(({ name }) => ({
              at: objectOf('table', relation, name),
              message:
                'To ask this policy the table itself has to be read, which asks the policy again: queries fail with 42P17.',
            }))
        : [],
    ),
};

function lookedAt({ conditions, relations }: Ground, id: TableId, policy: string): TableId[] {
  const relation = relations.get(id);
  const read = relation === undefined ? undefined : conditions.get(policyKey(relation, policy));
  return [read?.using, read?.check].flatMap((each) => each?.looksAt.map(({ table }) => table) ?? []);
}

function reaches(ground: Ground, from: readonly TableId[], wanted: TableId): boolean {
  const seen = new Set(from);
  for (const id of seen) {
    const relation = ground.relations.get(id);
    if (relation?.secured !== true) continue;
    for (const { name } of relation.policies) for (const next of lookedAt(ground, id, name)) seen.add(next);
  }
  return seen.has(wanted);
}
