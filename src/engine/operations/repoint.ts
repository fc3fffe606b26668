/** repoint: all scalar references of one table, moved in one statement. */
import { changedColumns, type MovedColumns, type RepointStep } from '../plan/plan-types.ts';
import type { PlaceGroup } from '../plan/snapshot.ts';
import { byId, movedColumns, type Operation, stepBase, type StepInput, tally } from './operation.ts';

export const repoint: Operation<RepointStep> = {
  plan: (input) => input.snapshot.places.flatMap((group) => repointStep(input, group)),
  touches: ({ moves }) => moves.map(({ place }) => place),
  mappings: ({ moves }) => moves.map(({ place, mappings }) => [place, mappings]),
  describe: ({ moves }) => moves.map(describeMove).join('; '),
  movesRows: true,
};

function repointStep(input: StepInput, source: PlaceGroup): RepointStep[] {
  const counted = source.carrier === 'columns' ? tally(input, source) : undefined;
  if (counted === undefined || counted.expected === 0) return [];
  return [
    {
      ...stepBase(input, source, counted),
      operation: 'repoint',
      moves: byId(counted.places).map((place) => movedColumns(input, source, place)),
    },
  ];
}

function describeMove(move: MovedColumns): string {
  const { parameters } = move;
  const done = parameters?.policy === 'reset' ? 'reset' : 'translated';
  return [
    changedColumns(move).join(', '),
    ...(parameters === undefined ? [] : [`${parameters.column} ${done}`]),
    ...move.companions.map(({ column, rule }) => `${column} ${rule === 'drop' ? 'set to NULL' : 'mapped'}`),
  ].join(', ');
}
