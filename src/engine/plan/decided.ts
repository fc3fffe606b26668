/** The row groups of a snapshot, decided place by place: what steps, findings and the list of what stays are made from. */
import { decide } from './decide.ts';
import type { Ground, Outcome } from './decide.ts';
import type { Intent } from './intent.ts';
import type { RowName } from './plan-types.ts';
import type { Place } from '../rules/place.ts';
import type { PlaceGroup, RowGroup, Snapshot } from './snapshot.ts';

/** A row group with the outcome of each of its places. */
export interface Decided {
  readonly source: PlaceGroup;
  readonly group: RowGroup;
  readonly outcomes: ReadonlyMap<Place, Outcome>;
}

/** Every group of rows with the outcome of each of its places. */
export function decideAll(snapshot: Ground & Pick<Snapshot, 'places'>, intent: Intent): Decided[] {
  const places = new Map(snapshot.rules.places.map((place) => [place.id, place]));
  return snapshot.places.flatMap((source) =>
    source.groups.map((group) => {
      const outcomes = new Map<Place, Outcome>();
      for (const [id, state] of Object.entries(group.states)) {
        const place = places.get(id);
        if (place !== undefined)
          outcomes.set(
            place,
            decide(snapshot, intent, { place, state, owner: group.owner, dead: group.dead }),
          );
      }
      return { source, group, outcomes };
    }),
  );
}

/** The first fifty of two samples. */
export function joinSamples(a: readonly RowName[], b: readonly RowName[]): RowName[] {
  return [...a, ...b].slice(0, 50);
}
