/**
 * Which places must be judged before the first step, because a step of the same plan may change what their conditions read: the
 * other of two guarded copies, a setting beside the reference, the row that an ancestor's condition speaks of.
 */
import type { Step } from '../plan/plan-types.ts';
import type { RowCondition } from '../rules/conditions.ts';
import type { Place } from '../rules/place.ts';
import { touchedPlaces } from './operations.ts';

/** The places among these whose state is not safe from the steps. */
export function judgedOnce(places: readonly Place[], steps: readonly Step[]): Place[] {
  return places.filter((place) => {
    const read = tablesRead(place);
    return read !== undefined && steps.some((step) => changes(step, place, read));
  });
}

/** A step that moves nothing but this place leaves the rows alone that stay there. */
function changes(step: Step, place: Place, read: ReadonlySet<string> | 'any'): boolean {
  if (step.table !== place.table) return read === 'any' || read.has(step.table);
  const touched = touchedPlaces(step);
  return touched.length !== 1 || touched[0] !== place.id;
}

/** The tables that decide the state of a row there; undefined where it has but one state. */
function tablesRead({ table, conditions, copies, allowed }: Place): ReadonlySet<string> | 'any' | undefined {
  const tests = Object.values(conditions).filter((test: RowCondition | undefined) => test !== undefined);
  if (tests.length === 0 && copies.length === 0 && allowed === undefined) return undefined;
  if (tests.some(readsAnything)) return 'any';
  const others = tests.flatMap((test) => (test.kind === 'sql' ? [] : [test.table]));
  if (allowed !== undefined && 'where' in allowed) return 'any';
  const allowing =
    allowed === undefined ? [] : [allowed.table, ...(allowed.sameIn ? [allowed.sameIn.table] : [])];
  return new Set([table, ...others, ...allowing]);
}

/** A condition with a query of its own may read any table. */
function readsAnything(test: RowCondition): boolean {
  return 'sql' in test && /\b(select|table)\b/i.test(test.sql);
}
