import type { IsolationRule } from '../../rule.ts';
import { factOf, isEnforced, isFilled, partOf, shownColumns, shownRoles, writersOf } from './key-facts.ts';
import { isTied, keysBetween } from './loose-keys.ts';

/** Under MATCH SIMPLE a composite key with one NULL is not checked at all. */
export const keyTenantOptional: IsolationRule = {
  id: 'key-tenant-optional',
  summary: 'a composite foreign key that is not checked where the owner is NULL',
  severity: 'by reach',
  mend: 'not null',
  explains: ['tenant-column-nullable'],
  find: (ground) =>
    keysBetween(ground).flatMap((between) => {
      const { child, parent, key } = between;
      const { ownerColumn } = child;
      const isChecked =
        ownerColumn === undefined ||
        key.columns.length < 2 ||
        !key.columns.includes(ownerColumn) ||
        !isTied(ground, between) ||
        !isEnforced(ground, child, key) ||
        factOf(ground, child, key)?.matchFull === true ||
        isFilled(ground, child, ownerColumn);
      const exposed = isChecked ? undefined : writersOf(ground, child, key.columns);
      if (ownerColumn === undefined || exposed === undefined) return [];
      return [
        {
          at: partOf(child, key.name),
          message:
            `${shownColumns(key.columns)} is not checked while ${ownerColumn} is NULL, and it may be: ` +
            `${shownRoles(exposed)} write it, and such a row may name any row of ${parent.id}.`,
          covers: [partOf(child, ownerColumn)],
          ...exposed,
        },
      ];
    }),
};
