import type { IsolationObject } from '../../../engine/isolation/report.ts';
import type { IsolationRule } from '../../rule.ts';
import { partOf, saysFilled, shownColumns } from './key-facts.ts';
import { ownerKeys, shownKinds } from './owner-keys.ts';
import type { OwnerKey } from './owner-keys.ts';

/** A constraint that is NOT VALID holds for what is written from now on and says nothing about the rows that are there. */
export const keyNotValidated: IsolationRule = {
  id: 'key-not-validated',
  summary: 'a foreign key, CHECK or NOT NULL on the owner that nobody validated',
  severity: 'warning',
  mend: 'key',
  explains: ['tenant-column-nullable', 'key-tenant-optional'],
  find: (ground) =>
    ownerKeys(ground)
      .filter(({ fact }) => !fact.validated && fact.enforced)
      .map((found) => ({
        at: partOf(found.owned, found.fact.name),
        message:
          `The ${shownKinds[found.fact.kind]} on ${shownColumns(found.fact.columns)} is NOT VALID: ` +
          `nobody knows whether the rows that were there before meet it.`,
        covers: covered(found),
      })),
};

/** New rows have their owner: what is left is the validation. */
function covered({ owned, fact }: OwnerKey): readonly IsolationObject[] {
  const { ownerColumn, table } = owned;
  if (ownerColumn === undefined || !saysFilled(fact, ownerColumn)) return [];
  const keys = table.foreignKeys.filter(({ columns }) => columns.includes(ownerColumn));
  return [ownerColumn, ...keys.map(({ name }) => name)].map((part) => partOf(owned, part));
}
