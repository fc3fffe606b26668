/**
 * merge: a row whose move would break a unique key is redundant, because the row it would become is there already. That row
 * survives as it is; the redundant one is removed and journalled whole. Runs before repoint, so that nothing collides there.
 * Locking: the DELETE locks the removed rows. Nothing refers to them (the plan refuses otherwise), so nothing cascades.
 */
import type { MergeStep } from '../../../engine/plan/plan-types.ts';
import { quoteRows } from '../../sql/identifiers.ts';
import { journalTail } from '../journal.ts';
import { keyExpression } from '../../sql/keys.ts';
import { rowImage } from '../../sql/row-image.ts';
import { mineSql } from '../../sql/row.ts';
import { waveOnly } from '../wave-sql.ts';
import { movableSql } from './movable.ts';
import { openStep } from './step-context.ts';
import type { StepContext } from './step-context.ts';

/** Carries the step out and returns how many rows it removed. */
export async function merge(context: StepContext, step: MergeStep): Promise<number> {
  const { table, key, row } = openStep(context, step);
  const where = `${mineSql(row)} AND ${movableSql(row, context, { step, move: step.move })}`;
  const sql = `WITH moved AS (DELETE FROM ${quoteRows(table)} t${waveOnly(' USING drover_wave w')} WHERE ${where} RETURNING ${keyExpression(key, 't')} AS k, ${rowImage(table, 't')} AS image${waveOnly(', w.n AS drover_n')})
    ${journalTail(row.binder, { journal: context.journal, step: step.id, action: 'delete', table, key, firstChunk: 0, befores: 'm.image', wave: true })}`;
  return (await context.tx.one<{ rows: number }>(sql, row.binder.values)).rows;
}
