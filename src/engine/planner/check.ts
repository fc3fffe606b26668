/**
 * The independent checker: does this plan follow from these facts? Written apart from the planner (it shares no decision
 * code with it, on purpose), so that each tests the other. An empty list means that the plan may be carried out.
 */
import { touchedPlaces, writtenMappings } from '../operations/operations.ts';
import type { Plan, Step } from '../plan/plan-types.ts';
import type { Place } from '../rules/place.ts';
import { stateFromCode } from '../plan/place-state.ts';
import type { PlaceGroup, RowGroup, Snapshot } from '../plan/snapshot.ts';

export interface Problem {
  readonly code: string;
  readonly message: string;
}

/** Every way in which a plan contradicts its snapshot. */
export function checkPlan(snapshot: Snapshot, plan: Plan): Problem[] {
  return [
    ...checkModels(snapshot, plan),
    ...snapshot.places.flatMap((source) =>
      source.groups.flatMap((group) => checkAccounted(snapshot, plan, group)),
    ),
    ...plan.steps.flatMap((step) => [...checkStep(snapshot, step), ...checkValues(snapshot, step)]),
    ...checkTotals(snapshot, plan),
    ...checkRetire(plan),
    ...checkOrder(plan),
  ];
}

function problem(code: string, message: string): Problem[] {
  return [{ code, message }];
}

function checkModels(snapshot: Snapshot, plan: Plan): Problem[] {
  if (plan.source.kind !== plan.target.kind)
    return problem('KINDS_DIFFER', `${plan.source.kind} cannot become ${plan.target.kind}`);
  if (plan.source.key !== undefined && plan.source.key === plan.target.key)
    return problem('SAME_MODEL', 'source and target are the same row');
  const strange = [snapshot.source, snapshot.target].filter(
    (model) => typeof model.tenant === 'string' && model.tenant !== snapshot.tenant?.key,
  );
  return strange.length > 0 && snapshot.tenant !== null
    ? problem('FOREIGN_MODEL', 'a model of the plan belongs to another tenant')
    : [];
}

/** A place of a row either moves in exactly one step, or its group is left behind, or its role never counts. */
function checkAccounted(snapshot: Snapshot, plan: Plan, group: RowGroup): Problem[] {
  return Object.keys(group.states).flatMap((id) => {
    const place = placeOf(snapshot, id);
    if (place === undefined)
      return problem('UNKNOWN_PLACE', `the snapshot has rows of a place ${id} that the rules do not know`);
    if (place.role === 'ignore' || place.role === 'catalogue') return [];
    const listed = plan.leftBehind.some((entry) => entry.place === id);
    const moved = plan.steps.some((step) => touchedPlaces(step).includes(id));
    return listed || moved || isMerged(plan, group)
      ? []
      : problem(
          'FORGOTTEN',
          `${id} names the source in ${group.rows} row(s), and the plan neither moves nor lists them`,
        );
  });
}

/** A row that collides at one of its places is removed whole, with whatever else it names. */
function isMerged(plan: Plan, group: RowGroup): boolean {
  return plan.steps.some((step) => step.operation === 'merge' && collidesAt(group, step.move.place));
}

function collidesAt({ states }: RowGroup, place: string): boolean {
  const code = states[place];
  return code !== undefined && stateFromCode(code).collides;
}

function placeOf(snapshot: Snapshot, id: string): Place | undefined {
  return snapshot.rules.places.find((place) => place.id === id);
}

const mayMove: readonly string[] = ['reference', 'grant', 'ask'];

function checkStep(snapshot: Snapshot, step: Step): Problem[] {
  const places = touchedPlaces(step).map((id) => placeOf(snapshot, id));
  const wrong = places.filter(
    (place) => place === undefined || !mayMove.includes(place.role) || place.table !== step.table,
  );
  const unowned =
    step.operation !== 'retire' &&
    ['unknown', 'global'].includes(snapshot.rules.ownership.get(step.table)?.kind ?? 'unknown');
  return [
    ...wrong.flatMap((place) =>
      problem(
        'MUST_NOT_MOVE',
        `step ${step.id} changes ${place?.id ?? 'an unknown place'} (${place?.role ?? 'unknown'}) through ${step.table}`,
      ),
    ),
    ...(unowned
      ? problem(
          'UNOWNED_TABLE',
          `step ${step.id} changes ${step.table}, whose rows belong to no known tenant`,
        )
      : []),
    ...(step.expected < 1 ? problem('EMPTY_STEP', `step ${step.id} expects ${step.expected} rows`) : []),
  ];
}

/** What a step writes is what the facts say that the target is called there, and nothing else. */
function checkValues(snapshot: Snapshot, step: Step): Problem[] {
  return writtenMappings(step).flatMap(([id, mappings]) => {
    const group = snapshot.places.find((candidate) => candidate.places.includes(id));
    return JSON.stringify(group?.mappings[id] ?? []) === JSON.stringify(mappings)
      ? []
      : problem(
          'WRONG_VALUES',
          `step ${step.id} writes other values to ${id} than lead from source to target`,
        );
  });
}

const notMine: readonly string[] = ['other-tenant', 'global', 'no-owner', 'disagreeing-owners'];

/** This tenant's rows that name the source are in steps or left behind, none in neither, counted per place group. */
function checkTotals(snapshot: Snapshot, plan: Plan): Problem[] {
  return snapshot.places.flatMap((source) => {
    const { mine, movable, moved, left } = countRows(snapshot, plan, source);
    const where = source.places.join(', ');
    if (moved + left < mine)
      return problem(
        'ROWS_MISSING',
        `${where}: ${mine} of this tenant's rows name the source, but only ${moved} move and ${left} are left behind`,
      );
    if (moved > mine)
      return problem(
        'TOO_MANY_ROWS',
        `steps on ${where} expect ${moved} rows, but only ${mine} are this tenant's`,
      );
    return moved > movable
      ? problem('MUST_STAY', `steps on ${where} expect ${moved} rows, but only ${movable} may move at all`)
      : [];
  });
}

function countRows(snapshot: Snapshot, plan: Plan, source: PlaceGroup) {
  const ids = new Set(source.places);
  const rows = (groups: readonly RowGroup[]): number => groups.reduce((sum, group) => sum + group.rows, 0);
  return {
    mine: rows(source.groups.filter((group) => group.owner === 'mine' || snapshot.tenant === null)),
    movable: rows(source.groups.filter((group) => mightMove(snapshot, group))),
    moved: plan.steps
      .filter((step) => step.operation !== 'enable' && touchedPlaces(step).some((id) => ids.has(id)))
      .reduce((sum, step) => sum + step.expected, 0),
    left: plan.leftBehind
      .filter((entry) => ids.has(entry.place) && !notMine.includes(entry.reason))
      .reduce((sum, entry) => sum + entry.count, 0),
  };
}

const mustStay: readonly string[] = ['history', 'unreadable', 'not-allowed'];

function mightMove(snapshot: Snapshot, group: RowGroup): boolean {
  if (group.owner !== 'mine' && snapshot.tenant !== null) return false;
  return Object.entries(group.states).some(
    ([id, code]) =>
      mayMove.includes(placeOf(snapshot, id)?.role ?? '') && !mustStay.includes(stateFromCode(code).standing),
  );
}

function checkRetire(plan: Plan): Problem[] {
  const retires = plan.steps.some((step) => step.operation === 'retire');
  const live = plan.leftBehind.some((entry) => entry.live);
  return [
    ...(retires && live
      ? problem('RETIRES_A_LIVE_SOURCE', 'the source would be retired although something live is left behind')
      : []),
    ...(plan.complete === live
      ? problem(
          'WRONG_COMPLETENESS',
          `complete is ${plan.complete}, but something live ${live ? 'is' : 'is not'} left behind`,
        )
      : []),
  ];
}

function checkOrder(plan: Plan): Problem[] {
  const numbered = plan.steps.every((step, at) => step.id === at + 1);
  const last = plan.steps.findIndex((step) => step.operation === 'retire');
  return numbered && (last === -1 || last === plan.steps.length - 1)
    ? []
    : problem('WRONG_ORDER', 'steps must be numbered from 1, the retirement last');
}
