/**
 * merge: a row whose move would break a unique key is redundant, because the row it would become is there already. That row
 * survives, as it is or with what `carry` passes to it; the redundant one is removed and journalled whole. Runs before repoint, so
 * that nothing collides there.
 * Locking: the DELETE locks the removed rows. Nothing refers to them (the plan refuses otherwise), so nothing cascades.
 */
import type { MergeStep } from '../../../engine/plan/plan-types.ts';
import { keyExpression } from '../../sql/keys.ts';
import type { PlaceRow } from '../../sql/match.ts';
import { rowImage } from '../../sql/row-image.ts';
import { mineSql } from '../../sql/row.ts';
import { allOf, change, fromMembers, raw, rowsOf } from '../../sql/sql.ts';
import type { Sql } from '../../sql/sql.ts';
import { changeSql, numbered, rowsEach, runChange } from '../../records/journal.ts';
import type { ChangeStatement } from '../../records/journal.ts';
import { carriedSql, givingSql, readCarried, writeCarried } from './carry.ts';
import { movableSql } from '../../sql/movable.ts';
import { movedPlace, openStep } from './step-context.ts';
import type { StepExecution, StepContext, StepsOfOneShape } from './step-context.ts';

export const merge: StepExecution<MergeStep> = {
  run: async (tx, context, { steps }) => {
    const merging = mergingOf(context, steps);
    if (steps[0].carry.length === 0) return rowsEach(await runChange(tx, removal(merging)));
    const carried = await readCarried(tx, merging);
    const removed = rowsEach(await runChange(tx, removal(merging)));
    const missed = await writeCarried(tx, merging, carried);
    // A row that could not be given what it is owed makes the count wrong, and the migration rolls back.
    return removed.map((rows, at) => rows - (missed[at] ?? 0));
  },
  statements: (context, steps) => {
    const merging = mergingOf(context, steps);
    const deletion = changeSql(removal(merging));
    if (steps[0].carry.length === 0) return [deletion];
    const nobody = steps.map(() => []);
    return [carriedSql(merging), deletion, changeSql(givingSql(merging, nobody))];
  },
};

interface MergeInput {
  readonly context: StepContext;
  readonly steps: StepsOfOneShape<MergeStep>;
  readonly place: PlaceRow;
  readonly removed: Sql;
}

function mergingOf(context: StepContext, steps: StepsOfOneShape<MergeStep>): MergeInput {
  const { includeDead, move } = steps[0];
  const { row } = openStep(context, steps);
  const place = movedPlace(context, move);
  const movable = movableSql(row, place, { includeDead, states: move.states });
  return { context, steps, place, removed: allOf([mineSql(row), movable]) };
}

function removal({ context, steps, removed }: MergeInput): ChangeStatement {
  const { table, key } = openStep(context, steps);
  const size = steps.length;
  return {
    journal: context.journal,
    steps: steps.map(({ id }) => id),
    action: 'delete',
    table,
    key,
    firstChunks: steps.map(() => 0),
    moved: change`DELETE FROM ${rowsOf(table)} t${fromMembers(size, ' USING ')}
      WHERE ${removed}
      RETURNING ${keyExpression(key, 't')} AS k, ${rowImage(table, 't')} AS image${numbered(size)}`,
    befores: raw('m.image'),
  };
}
