/**
 * merge: a row whose move would break a unique key is redundant, because the row it would become is there already. That row
 * survives as it is; the redundant one is removed and journalled whole. Runs before repoint, so that nothing collides there.
 * Locking: the DELETE locks the removed rows. Nothing refers to them (the plan refuses otherwise), so nothing cascades.
 */
import type { MergeStep } from '../../../engine/plan/plan-types.ts';
import { keyExpression } from '../../sql/keys.ts';
import { rowImage } from '../../sql/row-image.ts';
import { mineSql } from '../../sql/row.ts';
import { change, fromMembers, raw, rowsOf } from '../../sql/sql.ts';
import { changeSql, numbered, rowsEach, runChange } from '../../records/journal.ts';
import type { Change } from '../../records/journal.ts';
import { movableSql } from '../../sql/movable.ts';
import { movedPlace, openStep } from './step-context.ts';
import type { Operation, StepContext, Steps } from './step-context.ts';

export const merge: Operation<MergeStep> = {
  run: async (tx, context, { steps }) => rowsEach(await runChange(tx, removal(context, steps))),
  statements: (context, steps) => [changeSql(removal(context, steps))],
};

function removal(context: StepContext, steps: Steps<MergeStep>): Change {
  const { includeDead, move } = steps[0];
  const { table, key, row } = openStep(context, steps);
  const size = steps.length;
  const movable = movableSql(row, movedPlace(context, move), { includeDead, states: move.states });
  return {
    journal: context.journal,
    steps: steps.map(({ id }) => id),
    action: 'delete',
    table,
    key,
    firstChunks: steps.map(() => 0),
    moved: change`DELETE FROM ${rowsOf(table)} t${fromMembers(size, ' USING ')}
      WHERE ${mineSql(row)} AND ${movable}
      RETURNING ${keyExpression(key, 't')} AS k, ${rowImage(table, 't')} AS image${numbered(size)}`,
    befores: raw('m.image'),
  };
}
