/**
 * The independent checker: does this plan follow from these facts? It shares no code that decides with the planner, so that each
 * tests the other. Of a step it reads only what the step touches and writes. An empty list means that the plan may run.
 */
import { rowCount } from '../plan/row-text.ts';
import { ownMember } from '../own.ts';
import { touchedPlaces, writtenMappings } from '../operations/operations.ts';
import type { Plan, Step } from '../plan/plan-types.ts';
import type { Place } from '../rules/place.ts';
import { isSharedRows } from '../tenant.ts';
import { checkRekey } from './check-rekey.ts';
import type { CheckProblem } from './check-rekey.ts';
import { checkMergedRows } from './check-merge-rows.ts';
import { stateFromCode } from '../plan/place-state.ts';
import type { PlaceGroup, RowGroup, Snapshot } from '../plan/snapshot.ts';

/** Every way in which a plan contradicts its snapshot. */
export function checkPlan(snapshot: Snapshot, plan: Plan): CheckProblem[] {
  return [
    ...checkModels(snapshot, plan),
    ...snapshot.places.flatMap((source) =>
      source.groups.flatMap((group) => checkAccounted(snapshot, plan, group)),
    ),
    ...plan.steps.flatMap((step) => [...checkStep(snapshot, step), ...checkValues(snapshot, step)]),
    ...checkTotals(snapshot, plan),
    ...checkAccounts(snapshot, plan),
    ...checkRetire(snapshot, plan),
    ...checkRekey(snapshot, plan),
    ...checkMergedRows(snapshot, plan),
    ...checkOrder(plan),
  ];
}

function problemIf(wrong: boolean, code: string, message: string): CheckProblem[] {
  return wrong ? [{ code, message }] : [];
}

function checkModels({ source, target, tenant }: Snapshot, plan: Plan): CheckProblem[] {
  const [from, to] = [plan.source, plan.target];
  const isForeign = [source, target].some(
    (model) => typeof model.tenant === 'string' && tenant !== null && model.tenant !== tenant.key,
  );
  return [
    ...problemIf(from.kind !== to.kind, 'KINDS_DIFFER', `${from.kind} cannot become ${to.kind}`),
    ...problemIf(
      from.kind === to.kind && from.key !== undefined && from.key === to.key,
      'SAME_MODEL',
      'source and target are the same row',
    ),
    ...problemIf(isForeign, 'FOREIGN_MODEL', 'a model of the plan belongs to another tenant'),
  ];
}

/** A place of a row moves in a step, or is left behind, or has a role that never counts. */
function checkAccounted(snapshot: Snapshot, plan: Plan, group: RowGroup): CheckProblem[] {
  return Object.keys(group.states).flatMap((id) => {
    const place = placeOf(snapshot, id);
    const unknown = `the snapshot has rows of a place ${id} that the rules do not know`;
    if (place === undefined) return problemIf(true, 'UNKNOWN_PLACE', unknown);
    const accounted =
      ['ignore', 'catalogue'].includes(place.role) ||
      plan.leftBehind.some((entry) => entry.place === id) ||
      plan.steps.some((step) => touchedPlaces(step).includes(id)) ||
      isMerged(plan, group);
    const message = `${id} names the source in ${rowCount(group.rows)}, and the plan neither moves nor lists them`;
    return problemIf(!accounted, 'FORGOTTEN', message);
  });
}

/** A row that collides at one of its places is removed whole, with whatever else it names. */
function isMerged(plan: Plan, group: RowGroup): boolean {
  return plan.steps.some((step) => step.operation === 'merge' && collidesAt(group, step.move.place));
}

function collidesAt({ states }: RowGroup, place: string): boolean {
  const code = ownMember(states, place);
  return code !== undefined && stateFromCode(code).collides;
}

function placeOf(snapshot: Snapshot, id: string): Place | undefined {
  return snapshot.rules.places.find((place) => place.id === id);
}

const mayMove: readonly string[] = ['reference', 'grant', 'ask'];

function checkStep({ rules, tenant }: Snapshot, step: Step): CheckProblem[] {
  const { id, table, expected } = step;
  const wrong = touchedPlaces(step).flatMap((name) => {
    const place = rules.places.find((each) => each.id === name);
    if (place !== undefined && mayMove.includes(place.role) && place.table === table) return [];
    return [`${place?.id ?? 'an unknown place'} (${place?.role ?? 'unknown'})`];
  });
  const owner = rules.ownership.get(table)?.kind ?? 'unknown';
  const unownedKinds = isSharedRows(tenant?.key ?? null) ? ['unknown'] : ['unknown', 'global'];
  const isUnowned = step.operation !== 'retire' && unownedKinds.includes(owner);
  const unowned = `step ${id} changes ${table}, whose rows belong to no known tenant`;
  return [
    ...wrong.flatMap((place) =>
      problemIf(true, 'MUST_NOT_MOVE', `step ${id} changes ${place} through ${table}`),
    ),
    ...problemIf(isUnowned, 'UNOWNED_TABLE', unowned),
    ...problemIf(expected < 1, 'EMPTY_STEP', `step ${id} expects ${expected} rows`),
  ];
}

/** What a step writes is what the facts say that the target is called there, and nothing else. */
function checkValues(snapshot: Snapshot, step: Step): CheckProblem[] {
  return writtenMappings(step).flatMap(([id, mappings]) => {
    const group = snapshot.places.find((candidate) => candidate.places.includes(id));
    const differs = JSON.stringify(ownMember(group?.mappings, id) ?? []) !== JSON.stringify(mappings);
    const message = `step ${step.id} writes other values to ${id} than lead from source to target`;
    return problemIf(differs, 'WRONG_VALUES', message);
  });
}

const notMine: readonly string[] = ['other-tenant', 'global', 'no-owner', 'shared', 'disagreeing-owners'];

/** All of this tenant's rows that name the source are in steps or left behind, counted per place group. */
function checkTotals(snapshot: Snapshot, plan: Plan): CheckProblem[] {
  return snapshot.places.flatMap((source) => {
    const { mine, movable, moved, left } = countRows(snapshot, plan, source);
    const where = source.places.join(', ');
    const missing =
      `${where}: ${mine} of this tenant's rows name the source, ` +
      `but only ${moved} move and ${left} are left behind`;
    const tooMany = `steps on ${where} expect ${moved} rows, but only ${mine} are this tenant's`;
    const mustStay = `steps on ${where} expect ${moved} rows, but only ${movable} may move at all`;
    return [
      ...problemIf(moved + left < mine, 'ROWS_MISSING', missing),
      ...problemIf(moved > mine, 'TOO_MANY_ROWS', tooMany),
      ...problemIf(moved <= mine && moved > movable, 'MUST_STAY', mustStay),
    ];
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

const staying: readonly string[] = ['history', 'unreadable', 'too-large', 'not-allowed'];

function mightMove(snapshot: Snapshot, group: RowGroup): boolean {
  if (group.owner !== 'mine' && snapshot.tenant !== null) return false;
  return Object.entries(group.states).some(
    ([id, code]) =>
      mayMove.includes(placeOf(snapshot, id)?.role ?? '') && !staying.includes(stateFromCode(code).standing),
  );
}

/** The two books: what the facts count, and what the plan says becomes of it. */
function checkAccounts(
  { rules, places, uncovered, schema, subject, moving = [] }: Snapshot,
  { accounts, leftBehind, steps }: Plan,
): CheckProblem[] {
  const silent = new Set(
    rules.places.flatMap(({ id, role }) => (['ignore', 'catalogue', 'prose'].includes(role) ? [id] : [])),
  );
  // Rows that follow by foreign key name the row; the row itself does not.
  const isRekeyed = steps.some(({ operation }) => operation === 'rekey' || operation === 'merge-rows');
  const following = isRekeyed
    ? (subject?.followers ?? []).reduce((sum, { rows }) => sum + rows, -moving.length)
    : 0;
  let counted = following;
  for (const { groups } of places)
    for (const { states, occurrences, rows } of groups)
      for (const id of Object.keys(states))
        if (!silent.has(id)) counted += ownMember(occurrences, id) ?? rows;
  for (const { rows } of uncovered) counted += rows;
  const defaults = schema.filter(({ part, snapshot }) => part === 'default' && !snapshot).length;
  counted += defaults;
  let said = 0;
  for (const count of Object.values(accounts)) said += count;
  const unlisted = uncovered.reduce((sum, { rows }) => sum + rows, defaults);
  const listed = leftBehind.reduce((sum, { written, count }) => sum + (written === undefined ? 0 : count), 0);
  return [
    ...problemIf(
      counted !== said,
      'ACCOUNTS_DIFFER',
      `${counted} occurrences were found, and the plan accounts for ${said}`,
    ),
    ...problemIf(
      unlisted !== listed,
      'OCCURRENCES_UNLISTED',
      `${unlisted} occurrences have no place, and the plan lists ${listed}`,
    ),
  ];
}

function checkRetire(snapshot: Snapshot, { steps, leftBehind, completion }: Plan): CheckProblem[] {
  const retires = steps.some((step) => step.operation === 'retire');
  const live = leftBehind.filter((entry) => entry.live);
  const own = live.filter(({ reason }) => !['global', 'no-owner', 'shared'].includes(reason));
  const ofTenants =
    isSharedRows(snapshot.tenant?.key ?? null) && leftBehind.some(({ reason }) => reason === 'other-tenant');
  const referring = live.filter(
    (entry) => own.includes(entry) || placeOf(snapshot, entry.place)?.byKey === true,
  );
  const others = live.length > 0 || ofTenants;
  const truth = own.length > 0 ? 'partial' : others ? 'complete for the tenant' : 'complete';
  const retired = 'the source would be retired although something live is left behind';
  const wrong = `the plan says "${completion}", but "${truth}" is true`;
  return [
    ...problemIf(retires && (ofTenants || referring.length > 0), 'RETIRES_A_LIVE_SOURCE', retired),
    ...problemIf(completion !== truth, 'WRONG_COMPLETENESS', wrong),
  ];
}

function checkOrder({ steps }: Plan): CheckProblem[] {
  const numbered = steps.every((step, at) => step.id === at + 1);
  const early = steps.slice(0, -1).some((step) => step.operation === 'retire');
  const message = 'steps must be numbered from 1, the retirement last';
  return problemIf(!numbered || early, 'WRONG_ORDER', message);
}
