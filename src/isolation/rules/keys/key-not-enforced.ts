import type { IsolationObject } from '../../../engine/isolation/report.ts';
import type { IsolationRule } from '../../rule.ts';
import { partOf, shownColumns, shownRoles, writersOf } from './key-facts.ts';
import { ownerKeys, shownKinds } from './owner-keys.ts';
import type { OwnerKey } from './owner-keys.ts';

/** From PostgreSQL 18 on a constraint can be declared and not enforced: the planner may use it, nothing is checked. */
export const keyNotEnforced: IsolationRule = {
  id: 'key-not-enforced',
  summary: 'a foreign key or CHECK on the owner that is declared and not enforced',
  severity: 'by reach',
  mend: 'key',
  explains: [
    'key-crosses-tenants',
    'key-acts-across-tenants',
    'tenant-root-untied',
    'tenant-column-nullable',
    'second-owner-untied',
  ],
  find: (ground) =>
    ownerKeys(ground).flatMap((found) => {
      const { owned, fact } = found;
      const exposed = fact.enforced ? undefined : writersOf(ground, owned, fact.columns);
      if (exposed === undefined) return [];
      return [
        {
          at: partOf(owned, fact.name),
          message:
            `The ${shownKinds[fact.kind]} on ${shownColumns(fact.columns)} is NOT ENFORCED and holds nothing: ` +
            `${shownRoles(exposed)} write what it forbids.`,
          covers: covered(found),
          ...exposed,
        },
      ];
    }),
};

/** What would be in order if it were enforced: the owner column, and keys over the same columns. */
function covered({ owned, fact }: OwnerKey): readonly IsolationObject[] {
  const { ownerColumn, table } = owned;
  const keys = table.foreignKeys.filter(({ columns }) =>
    columns.every((column) => fact.columns.includes(column)),
  );
  return [...(ownerColumn === undefined ? [] : [ownerColumn]), ...keys.map(({ name }) => name)].map((part) =>
    partOf(owned, part),
  );
}
