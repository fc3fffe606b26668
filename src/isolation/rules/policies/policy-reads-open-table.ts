import type { StoredPolicy, RelationFact } from '../../../engine/isolation/facts.ts';
import type { TableId } from '../../../engine/catalogue/catalog.ts';
import { policyKey } from '../../conditions/policy-key.ts';
import { listed, objectOf, ownedTables } from '../../ground.ts';
import type { Ground } from '../../ground.ts';
import { rolesUnder, severityFor } from '../../openings.ts';
import { mayUse } from '../../reach.ts';
import type { IsolationRule } from '../../rule.ts';

/** Who may write the table that says whose the caller is, is whose it likes. A tenant's own table is judged where it stands. */
export const policyReadsOpenTable: IsolationRule = {
  id: 'policy-reads-open-table',
  summary: 'a policy goes by a table that the role itself can write',
  severity: 'by reach',
  mend: 'policy',
  find: (ground) =>
    ownedTables(ground).flatMap((owned) =>
      owned.relation.policies.flatMap((policy) => {
        const open = tablesOf(ground, owned.relation, policy).flatMap(
          (table) => ground.relations.get(table) ?? [],
        );
        const roles = [...new Set(rolesUnder(ground, owned, policy).map(({ role }) => role))];
        const writers = roles.filter((role) => open.some((relation) => isOpen(ground, relation, role)));
        if (writers.length === 0) return [];
        const names = listed(open.map(({ id }) => id));
        const message = `The policy goes by ${names}, which ${listed(writers)} may write: one row there, and another tenant’s rows show.`;
        return [
          { at: objectOf('table', owned.relation, policy.name), message, ...severityFor(ground, writers) },
        ];
      }),
    ),
};

function tablesOf({ conditions, facts }: Ground, relation: RelationFact, { name }: StoredPolicy): TableId[] {
  const read = conditions.get(policyKey(relation, name));
  const all = [read?.using, read?.check].flatMap((each) => each?.looksAt ?? []);
  return [...new Set(all.map(({ table }) => table))].filter(
    (table) => facts.ownership.get(table)?.kind !== 'tenant',
  );
}

function isOpen(ground: Ground, relation: RelationFact, role: string): boolean {
  return !relation.secured && mayUse(ground, role, { relation, privileges: ['insert', 'update'] });
}
