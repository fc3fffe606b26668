/** D and T: rows whose owner the parent knows; what a person has to say, and what a conversion does. */
import type { IsolationFinding } from '../../engine/isolation/report.ts';
import { quoteIdent, quoteTable } from '../../postgres/sql/identifiers.ts';
import type { Ground } from '../ground.ts';
import { ownedById } from '../rules/keys/key-facts.ts';
import { noSql } from './mend.ts';
import type { Mending } from './mend.ts';
import { tiedAt } from './policy-mends.ts';
import { altered } from './statements.ts';

export const settled = (): Mending =>
  noSql('somebody has to know where each row belongs: the report has the keys');

export const converted = (): Mending =>
  noSql('`drover tenantize plan --sql` prints the conversion, in steps');

/** A row that names one of another table is its tenant's. */
export function adoptRows(ground: Ground, finding: IsolationFinding): Mending {
  const owned = tiedAt(ground, finding)?.owned;
  const parents = ownedById(ground);
  const ways = (owned?.table.foreignKeys ?? []).flatMap((key) => {
    const parent = parents.get(key.references);
    const isOwn = parent === undefined || parent.isRoot || key.columns.includes(owned?.ownerColumn ?? '');
    return isOwn || parent.ownerColumn === undefined ? [] : [{ key, parent, column: parent.ownerColumn }];
  });
  const [way] = ways;
  if (owned?.ownerColumn === undefined || way === undefined || ways.length > 1) return settled();
  const { key, parent, column } = way;
  const same = key.columns.map(
    (from, at) => `p.${quoteIdent(key.referencedColumns[at] ?? '')} = c.${quoteIdent(from)}`,
  );
  const own = quoteIdent(owned.ownerColumn);
  return {
    steps: [
      altered({
        phase: 'expand',
        what: `give rows of ${owned.id} the tenant of the row of ${parent.id} that they name`,
        sql: [
          'SET LOCAL row_security = off',
          `UPDATE ${quoteTable(owned.relation)} c SET ${own} = p.${quoteIdent(column)} FROM ${quoteTable(parent.relation)} p ` +
            `WHERE c.${own} IS NULL AND ${same.join(' AND ')}`,
        ],
        lock: 'row exclusive',
        tables: [owned.id],
        scans: true,
      }),
    ],
    note: `rows that name no row of ${parent.id} stay as they are`,
  };
}
