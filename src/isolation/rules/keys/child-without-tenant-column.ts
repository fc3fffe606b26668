import { ownedTables } from '../../ground.ts';
import type { OwnedTable } from '../../ground.ts';
import type { IsolationRule } from '../../rule.ts';
import { shownColumns } from './key-facts.ts';
import { objectOf } from '../../ground.ts';

/** Owned by way of a parent alone: each policy and each key has to go that way, too. */
export const childWithoutTenantColumn: IsolationRule = {
  id: 'child-without-tenant-column',
  summary: 'a tenant’s table that has its tenant only by way of its parent',
  severity: 'info',
  mend: 'tenantize',
  find: (ground) =>
    ownedTables(ground)
      .filter(({ ownerColumn, paths }) => ownerColumn === undefined && paths.some(({ many }) => !many))
      .map((owned) => {
        const [first] = owned.paths.find(({ many }) => !many)?.hops ?? [];
        const way = first === undefined ? 'a parent' : `${first.table} by ${shownColumns(first.from)}`;
        const isBound = isRestricted(owned);
        return {
          at: objectOf('table', owned.relation),
          message:
            `The rows belong to tenants by way of ${way} alone` +
            (isBound
              ? ': no key can tie what names them to the tenant.'
              : ', and no policy of the table asks that parent.'),
          ...(isBound ? {} : { severity: 'warning' as const }),
        };
      }),
};

/** Does a policy read a column of the way to the owner, or call a function that may? */
function isRestricted({ id, relation, paths }: OwnedTable): boolean {
  const ways = paths.flatMap(({ hops: [first] }) => first?.from ?? []);
  return (
    !relation.secured ||
    relation.policies.some(
      ({ reads = [], calls }) =>
        reads.some(({ table, column }) => table === id && ways.includes(column)) ||
        calls.some(({ builtIn }) => !builtIn),
    )
  );
}
