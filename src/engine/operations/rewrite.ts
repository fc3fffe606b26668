/** rewrite-json, rewrite-text, rewrite-array: references inside the values of one column. One step for each column. */
import { ownMember } from '../own.ts';
import type { RewriteStep } from '../plan/plan-types.ts';
import { movingStates } from '../plan/decide.ts';
import type { PlaceGroup } from '../plan/snapshot.ts';
import { type Operation, stepBase, type StepInput, tally } from './operation.ts';

export const rewrite: Operation<RewriteStep> = {
  plan: (input) => input.snapshot.places.flatMap((group) => rewriteStep(input, group)),
  touches: ({ places }) => places,
  mappings: ({ places, rules }) => places.map((id) => [id, ownMember(rules, id)?.mappings ?? []]),
  describe: ({ occurrences, places }) =>
    `${occurrences} value${occurrences === 1 ? '' : 's'} in ${places.join(', ')}`,
  movesRows: true,
};

const operationOf = { json: 'rewrite-json', text: 'rewrite-text', array: 'rewrite-array' } as const;

function rewriteStep(input: StepInput, source: PlaceGroup): RewriteStep[] {
  if (source.carrier === 'columns' || source.column === undefined) return [];
  const counted = tally(input, source);
  if (counted.expected === 0) return [];
  const rules = counted.places.map((place) => [
    place.id,
    { mappings: ownMember(source.mappings, place.id) ?? [], states: movingStates(input.intent, place) },
  ]);
  return [
    {
      ...stepBase(input, source, counted),
      operation: operationOf[source.carrier],
      column: source.column,
      places: counted.places.map((place) => place.id),
      rules: Object.fromEntries(rules),
      occurrences: counted.occurrences,
    },
  ];
}
