/**
 * enable: the target becomes available where the source is and a moved row needs it. Only where the grants themselves do not
 * move: otherwise each link to the source becomes a link to the target.
 */
import type { EnableStep } from '../plan/plan-types.ts';
import type { Place } from '../rules/place.ts';
import { compareText } from '../order.ts';
import { movedColumns, type Operation, stepBase, type StepInput } from './operation.ts';

export const enable: Operation<EnableStep> = {
  plan: planEnable,
  touches: ({ grant }) => [grant.place],
  mappings: ({ grant }) => [[grant.place, grant.mappings]],
  describe: ({ scopes, via }) => `the target becomes available in ${scopes.length} more (${via})`,
  movesRows: true,
};

interface GrantNeed {
  readonly via: string;
  readonly scopes: ReadonlySet<string>;
}

function planEnable(input: StepInput): EnableStep[] {
  const byGrant = new Map<string, GrantNeed>();
  for (const { grant, via, scopes } of input.snapshot.grants) {
    const before = byGrant.get(grant);
    byGrant.set(grant, { via: before?.via ?? via, scopes: new Set([...(before?.scopes ?? []), ...scopes]) });
  }
  return [...byGrant]
    .toSorted(([a], [b]) => compareText(a, b))
    .flatMap(([grant, need]) => enableStep(input, grant, need));
}

function enableStep(input: StepInput, grant: string, need: GrantNeed): EnableStep[] {
  const place = input.snapshot.rules.places.find((candidate) => candidate.id === grant);
  const source = input.snapshot.places.find((group) => group.places.includes(grant));
  if (place === undefined || source === undefined || need.scopes.size === 0 || isAsked(input, place))
    return [];
  const scopes = [...need.scopes].toSorted(compareText);
  return [
    {
      ...stepBase(input, source, { expected: scopes.length, places: [place] }),
      operation: 'enable',
      grant: movedColumns(input, source, place),
      via: need.via,
      scopes,
    },
  ];
}

/** Was the entity type of the grants asked for? The grants then move by themselves. */
function isAsked({ intent }: StepInput, { entity }: Place): boolean {
  return intent.entityTypes === undefined || intent.entityTypes.includes(entity);
}
