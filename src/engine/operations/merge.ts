/** merge: where a move would collide with a row that is on the target already, that row survives and the other is removed. */
import type { MergeStep } from '../plan/plan-types.ts';
import { mergingStates } from '../plan/decide.ts';
import { rowCount } from '../plan/row-text.ts';
import type { PlaceGroup } from '../plan/snapshot.ts';
import { byId, movedColumns, placesWith, stepBase, tally } from './operation.ts';
import type { Operation, StepInput } from './operation.ts';

export const merge: Operation<MergeStep> = {
  plan: (input) => input.snapshot.places.flatMap((group) => mergeSteps(input, group)),
  touches: ({ move }) => [move.place],
  mappings: ({ move }) => [[move.place, move.mappings]],
  describe: ({ expected, move, carry }) =>
    `${rowCount(expected)} of ${move.place} removed, because another row has the target, or comes to have it` +
    (carry.length === 0 ? '' : `; ${carry.join(', ')} passed to the row that stays`),
  movesRows: true,
};

function mergeSteps(input: StepInput, source: PlaceGroup): MergeStep[] {
  const merging = (input.bySource.get(source) ?? []).flatMap(({ outcomes }) =>
    placesWith(outcomes, 'merge').slice(0, 1),
  );
  return byId([...new Set(merging)]).map((place) => ({
    ...stepBase(input, source, tally(input, source, place)),
    operation: 'merge',
    move: { ...movedColumns(input, source, place), states: mergingStates(input.intent, place) },
    carry: place.carry,
  }));
}
