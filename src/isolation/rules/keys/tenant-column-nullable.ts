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

/** A declared condition or link, or a CHECK over the owner and another way to one, says whose the row is then. */
export function isMeant(
  { facts, keys: constraints }: Ground,
  { id, ownerColumn, table, paths }: TenantTable,
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
  return facts.partlyGlobal.includes(id) || isLinked || isEither;
}
