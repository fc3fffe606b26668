/** Findings about what the session cannot see. */
import { type Finding, finding } from '../finding.ts';
import type { Hidden, Snapshot } from '../plan/snapshot.ts';
import type { Hiding } from '../rules/visible.ts';

/** Rows that cannot be seen are not rows that do not exist. */
export function hiddenFindings({ hidden }: Pick<Snapshot, 'hidden'>): Finding[] {
  return hidden.map((one) => {
    const { table: place } = one;
    if (one.why === 'no right to read')
      return finding('error', 'READING_NOT_PERMITTED', closedMessage(one), { place });
    const forceable = one.why === 'a policy says more than the tenant';
    return finding('error', 'ROWS_MAY_BE_HIDDEN', hidingMessage(place, one), {
      place,
      ...(forceable ? { forceable } : {}),
    });
  });
}

function closedMessage({ table, columns, grant }: Extract<Hidden, { why: 'no right to read' }>): string {
  const what = columns === undefined ? table : `${columns.join(', ')} of ${table}`;
  return `The session may not read ${what}, so nobody knows what they name: ${grant}; or list the table under database.ignore.`;
}

function hidingMessage(table: string, { why, policy }: Hiding): string {
  if (why === 'no tenant is set')
    return (
      `Row-level security of ${table} binds this login and the configuration sets no tenant, so rows may be hidden: ` +
      'give the settings under database.session, or use a login that sees all rows.'
    );
  if (why === 'a policy reads another setting')
    return `Policy ${policy} of ${table} reads a setting that database.session does not set, so rows may be hidden: set it there.`;
  const said =
    policy === undefined ? `No policy of ${table} shows` : `Policy ${policy} of ${table} may not show`;
  return (
    `${said} the session all rows of its tenant, because it says more than whose a row is. What is hidden would be forgotten: ` +
    'use a login that sees all rows, or force the plan if it hides none.'
  );
}
