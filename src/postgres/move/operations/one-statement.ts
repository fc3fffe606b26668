/** Steps that change several tables by one statement: its text, and whether it did in each table what the plan says. */
import { rowCount } from '../../../engine/plan/row-text.ts';
import type { Step } from '../../../engine/plan/plan-types.ts';
import { DroverError } from '../../../errors.ts';
import { journalled } from '../../records/journal.ts';
import type { ChangeStatement } from '../../records/journal.ts';
import { list, raw, sql, withMembers } from '../../sql/sql.ts';
import type { Sql } from '../../sql/sql.ts';

/** One statement of all the changes and their journal; it gives `rows`, the count of each. */
export function oneStatement(changes: readonly ChangeStatement[]): Sql {
  const parts = changes.flatMap((source, at) => [...(source.given ?? []), ...journalled(source, String(at))]);
  const counts = changes.map((_, at) => raw(`(SELECT coalesce(sum(row_count), 0) FROM chunks${at})`));
  return withMembers(1, parts, sql`SELECT ARRAY[${list(counts)}]::bigint[] AS rows`);
}

/**
 * The sum of the rows.
 * @throws COUNT_MISMATCH where a table has another count than the plan
 */
export function rowsAsPlanned(
  step: Step,
  planned: readonly { readonly table: string; readonly expected: number }[],
  rows: readonly number[],
): number {
  for (const [at, { table, expected }] of planned.entries()) {
    const actual = rows[at] ?? 0;
    if (actual !== expected) throw otherCount(step, { table, expected, actual });
  }
  return rows.reduce((sum, count) => sum + count, 0);
}

export function otherCount(
  step: Step,
  found: { readonly table: string; readonly expected: number; readonly actual: number },
): DroverError {
  return new DroverError(
    'COUNT_MISMATCH',
    `Step ${step.id} (${step.operation} ${step.table}) touched ${rowCount(found.actual)} of ${found.table}, the plan expects ` +
      `${found.expected}. The migration was rolled back.`,
    { step: step.id, ...found },
  );
}
