import { policyKey } from '../../conditions/policy-key.ts';
import type { Ground } from '../../ground.ts';
import type { IsolationRule } from '../../rule.ts';
import { isFilled, partOf, tenantTables } from './key-facts.ts';
import type { TenantTable } from './key-facts.ts';

/** A row without an owner is nobody's: policies hide it from all, or show it to all. */
export const tenantColumnNullable: IsolationRule = {
  id: 'tenant-column-nullable',
  summary: 'an owner column that may be NULL where nobody says what that means',
  severity: 'warning',
  mend: 'not null',
  find: (ground) =>
    tenantTables(ground)
      .filter((owned) => !isFilled(ground, owned, owned.ownerColumn) && !isMeant(ground, owned))
      .map((owned) => ({
        at: partOf(owned, owned.ownerColumn),
        message: `${owned.ownerColumn} may be NULL, and nothing says whose such a row is.`,
      })),
};

/** A declared condition or link, a CHECK over the owner and another way to one, or a policy says whose the row is then. */
export function isMeant(
  { facts, keys: constraints, conditions }: Ground,
  { id, ownerColumn, table, relation, paths }: TenantTable,
): boolean {
  const keys = new Set(table.foreignKeys.map(({ columns }) => columns.join('\n')));
  const isLinked = paths.some(({ hops: [first] }) => first !== undefined && !keys.has(first.from.join('\n')));
  const isEither = (constraints.get(id) ?? []).some(
    ({ table: of, kind, columns, validated, enforced }) =>
      of === id &&
      kind === 'check' &&
      validated &&
      enforced &&
      columns.includes(ownerColumn) &&
      columns.some(
        (column) => column !== ownerColumn && table.foreignKeys.some((key) => key.columns.includes(column)),
      ),
  );
  // A policy for rows without an owner says whose they are: everybody's.
  const isSpokenOf = relation.policies.some(({ name }) => {
    const read = conditions.get(policyKey(relation, name));
    return [read?.using, read?.check].some(
      (each) => each?.meaning.is === 'restricts' && each.meaning.ownerless,
    );
  });
  return facts.partlyGlobal.includes(id) || isLinked || isEither || isSpokenOf;
}
