/** What is known of a kind of step, and what several kinds share when they are planned. */
import { ownMember } from '../own.ts';
import type { Mapping } from '../edit/value-rule.ts';
import type { MovedColumns, RowName, StepBase } from '../plan/plan-types.ts';
import { deadRowsMove, type Decided, type Decisions, joinSamples, movingStates } from '../plan/decide.ts';
import type { PlaceGroup } from '../plan/snapshot.ts';
import type { Place } from '../rules/place.ts';
import { compareText } from '../order.ts';

export interface StepInput extends Decisions {
  /** Nothing live refers to the source any more. */
  readonly retires: boolean;
  /** What was decided, by the place group that it is about. */
  readonly bySource: ReadonlyMap<PlaceGroup, readonly Decided[]>;
}

/** One kind of step, or several that are planned together. `S` is the step as it lies in a plan. */
export interface Operation<S> {
  /** The steps of this kind. Tables come in the order of their ids, so that two migrations lock in one order. */
  readonly plan: (input: StepInput) => readonly S[];
  /** The places whose values the step changes. */
  readonly touches: (step: S) => readonly string[];
  /** What the step writes to each of these places. */
  readonly mappings: (step: S) => readonly (readonly [place: string, mappings: readonly Mapping[]])[];
  /** What the step does, for a person. */
  readonly describe: (step: S) => string;
  /** Do its rows count as moved? The mark on the model itself does not. */
  readonly movesRows: boolean;
}

/** What the steps on a place group count. */
export interface GroupTally {
  readonly expected: number;
  readonly dead: number;
  readonly digest: string;
  readonly rows: readonly RowName[];
  readonly places: readonly Place[];
  readonly occurrences: number;
}

const nothing: GroupTally = { expected: 0, dead: 0, digest: '', rows: [], places: [], occurrences: 0 };

/** Counts the rows of a place group that move, or that are merged because of one place. */
export function tally(input: StepInput, source: PlaceGroup, mergedBy?: Place): GroupTally {
  let result = nothing;
  for (const { group, outcomes } of input.bySource.get(source) ?? []) {
    const [merging] = placesWith(outcomes, 'merge');
    const places = mergedBy === undefined ? placesWith(outcomes, 'move') : [mergedBy];
    if (places.length === 0 || merging !== mergedBy) continue;
    result = {
      expected: result.expected + group.rows,
      dead: result.dead + (group.dead ? group.rows : 0),
      digest: result.digest === '' ? group.digest : `${result.digest} ${group.digest}`,
      rows: joinSamples(result.rows, group.sample),
      places: [...new Set([...result.places, ...places])],
      occurrences:
        result.occurrences +
        places.reduce((sum, place) => sum + (ownMember(group.occurrences, place.id) ?? 0), 0),
    };
  }
  return result;
}

/** In the order of their ids: a row that several places could merge is merged by the first. */
export function placesWith(outcomes: Decided['outcomes'], kind: 'move' | 'merge'): Place[] {
  const found = [...outcomes].filter(([, outcome]) => outcome.kind === kind).map(([place]) => place);
  return byId(found);
}

export function byId(places: readonly Place[]): Place[] {
  return places.toSorted((a, b) => compareText(a.id, b.id));
}

/** What every step says. The number comes last, when all steps are in their order. */
export function stepBase(
  { snapshot }: StepInput,
  source: Pick<PlaceGroup, 'table'>,
  counted: Partial<GroupTally>,
): StepBase {
  const { expected, dead, digest, rows, places } = { ...nothing, ...counted };
  const entity = places[0]?.entity ?? '';
  return {
    id: 0,
    table: source.table,
    entity,
    expected,
    dead,
    digest,
    rows,
    includeDead: deadRowsMove(snapshot),
  };
}

/** The columns of one place, and what is written to them. */
export function movedColumns({ intent }: StepInput, source: PlaceGroup, place: Place): MovedColumns {
  const companions = Object.entries(place.companions).flatMap(([column, rule]) =>
    rule === 'keep' ? [] : [{ column, rule: rule === 'drop' ? ('drop' as const) : rule.map }],
  );
  const { parameters } = intent;
  return {
    place: place.id,
    columns: place.columns.map((part) => part.column),
    mappings: ownMember(source.mappings, place.id) ?? [],
    states: movingStates(intent, place),
    companions,
    ...(place.parameters === undefined || parameters === 'keep'
      ? {}
      : {
          parameters: {
            column: place.parameters,
            policy: parameters,
            members: place.parameterMembers,
            empty: place.empty,
          },
        }),
  };
}
