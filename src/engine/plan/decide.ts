/** What happens to one place of one kind of row: it moves, it merges, or it stays for a reason. Nothing else is possible. */
import { ownMember } from '../own.ts';
import { isForNames } from '../edit/json-pointer.ts';
import type { Intent } from './intent.ts';
import type { LeftBehind, RowName } from './plan-types.ts';
import { modelLabel } from '../models/model.ts';
import { otherMeant } from '../rules/mapping.ts';
import type { Place } from '../rules/place.ts';
import { codeOf, type PlaceState, type StateCode, stateFromCode } from './place-state.ts';
import { isSharedRows } from '../tenant.ts';
import type { Owner, PlaceGroup, RowGroup, Snapshot } from './snapshot.ts';

export type RowOutcome =
  | { readonly kind: 'move' }
  | { readonly kind: 'merge' }
  | { readonly kind: 'skip' }
  | {
      readonly kind: 'stay';
      readonly reason: LeftBehind['reason'];
      readonly live: boolean;
      readonly message: string;
    };

interface Occasion {
  readonly place: Place;
  readonly state: PlaceState;
  readonly owner: Owner;
  readonly dead: boolean;
}

/** A row group with the outcome of each of its places. */
export interface Decided {
  readonly source: PlaceGroup;
  readonly group: RowGroup;
  readonly outcomes: ReadonlyMap<Place, RowOutcome>;
}

/** Facts and what was decided about them: what steps, findings and the list of what stays are made from. */
export interface Decisions {
  readonly snapshot: Snapshot;
  readonly intent: Intent;
  readonly decided: readonly Decided[];
}

/** Do soft-deleted and archived rows move? By default they do, except where archived rows may keep naming the source. */
export function deadRowsMove(snapshot: Pick<Snapshot, 'rules'>): boolean {
  const { deadRows, intent } = snapshot.rules.config;
  return intent === 'removed' || (deadRows ?? (intent === 'superseded' ? 'leave' : 'move')) === 'move';
}

/** The part of a snapshot that a decision rests on, beside the occasion itself. */
export type DecisionGround = Pick<Snapshot, 'rules' | 'tenant' | 'namesakes' | 'source'>;

/** Why rows stay that somebody must see to, and that no answer moves. */
export const unreadable = 'the document cannot be read as JSON';
export const tooLarge = 'the value is too large to be edited';
export const nameIsTaken =
  'the object has a member with the name of the target already: set "collision" to drop-redundant or skip';
export const collides = 'a row with the target is already there: set "collision" to drop-redundant or skip';

/** Why a row stays that says what must not be chosen. Moved, it would forbid the target and allow the source. */
export const forbidden = 'it says that the source is forbidden, and goes on to say so';

/** Why a record stays as it is. */
export function historyKept({ rules }: Pick<Snapshot, 'rules'>): string {
  return rules.subject === undefined
    ? 'a record of what happened keeps the model that did it'
    : 'a record of what happened keeps the key that the row had then, and the alias leads from it to the row';
}

/** Every group of rows with the outcome of each of its places. */
export function decideAll(snapshot: DecisionGround & Pick<Snapshot, 'places'>, intent: Intent): Decided[] {
  const places = new Map(snapshot.rules.places.map((place) => [place.id, place]));
  return snapshot.places.flatMap((source) =>
    source.groups.map((group) => {
      const { owner, dead } = group;
      const outcomes = Object.entries(group.states).flatMap(([id, code]): [Place, RowOutcome][] => {
        const place = places.get(id);
        const state = stateFromCode(code);
        return place === undefined ? [] : [[place, decide(snapshot, intent, { place, state, owner, dead })]];
      });
      return { source, group, outcomes: new Map(outcomes) };
    }),
  );
}

/** The first fifty of two samples. */
export function joinSamples(a: readonly RowName[], b: readonly RowName[]): RowName[] {
  return [...a, ...b].slice(0, 50);
}

/** The one decision. Whose row it is comes before everything that could move it. */
export function decide(snapshot: DecisionGround, intent: Intent, occasion: Occasion): RowOutcome {
  return (
    byRole(snapshot, occasion) ??
    byOwner(snapshot, occasion) ??
    byRequest(intent, occasion) ??
    byLiveness(snapshot, occasion) ??
    byQuestion(snapshot, intent, occasion) ?? { kind: 'move' }
  );
}

function stay(reason: LeftBehind['reason'], live: boolean, message: string): RowOutcome {
  return { kind: 'stay', reason, live, message };
}

function byRole(snapshot: DecisionGround, { place }: Occasion): RowOutcome | undefined {
  switch (place.role) {
    case 'ignore':
    case 'catalogue':
    case 'prose':
      return { kind: 'skip' };
    case 'history':
      return stay('history', false, historyKept(snapshot));
    case 'dead-copy':
      return stay('dead-copy', false, 'a copy that nothing reads');
    case 'data-bound':
      return stay(
        'data-bound',
        true,
        'data made with the model belongs to it; it must be made again, not relabelled',
      );
    case 'deny':
      return stay('denied', false, forbidden);
    case 'reference':
    case 'grant':
    case 'ask':
      return undefined;
  }
}

function byOwner(snapshot: DecisionGround, occasion: Occasion): RowOutcome | undefined {
  const { owner } = occasion;
  if (owner === 'mine' || snapshot.tenant === null) return undefined;
  switch (owner) {
    case 'disagree':
      return stay(
        'disagreeing-owners',
        true,
        'two ways to its owner lead to different tenants; mend the row first',
      );
    case 'other':
      return ofAnother(snapshot, occasion);
    case 'shared':
    case 'global':
    case 'none':
      return resting(snapshot, occasion) ?? ofNobody[owner];
  }
}

/** Of rows that are no tenant's own: why they stay in a tenant's plan. */
const ofNobody = {
  shared: stay('shared', true, "the row belongs to several tenants; one tenant's migration never changes it"),
  global: stay('global', true, "the row belongs to no tenant; a tenant's migration never changes it"),
  none: stay('no-owner', true, 'nothing says which tenant the row belongs to'),
};

/** A row that is no live configuration stays for that reason, whosesoever it is. */
function resting(snapshot: DecisionGround, occasion: Occasion): RowOutcome | undefined {
  const outcome = byLiveness(snapshot, occasion);
  return outcome?.kind === 'stay' && !outcome.live ? outcome : undefined;
}

/** A model of everybody may be named by everybody; a tenant's own may not. */
function ofAnother(snapshot: DecisionGround, occasion: Occasion): RowOutcome {
  const { tenant, source, rules } = snapshot;
  if (typeof source.tenant === 'string') {
    const named = rules.subject === undefined ? "this tenant's model" : "this tenant's row";
    return stay('other-tenant', occasion.place.byKey, `the row of another tenant names ${named}`);
  }
  if (!isSharedRows(tenant?.key ?? null))
    return stay('other-tenant', false, "the row is another tenant's, which has a plan of its own");
  // Seen from the shared rows, what is live in a tenant keeps the model in use, and what is not does not.
  const moves = stay('other-tenant', false, "the row is a tenant's, and moves with its tenant");
  return resting(snapshot, occasion) ?? moves;
}

function byRequest(intent: Intent, { place }: Occasion): RowOutcome | undefined {
  if (intent.entityTypes === undefined || intent.entityTypes.includes(place.entity)) return undefined;
  return stay('not-requested', true, 'this entity type was not asked for');
}

function byLiveness(snapshot: DecisionGround, { state, dead }: Occasion): RowOutcome | undefined {
  if (state.standing === 'history') return stay('history', false, 'not live, by the configuration');
  if (state.standing === 'not-allowed')
    return stay('not-allowed', true, 'the target cannot be chosen there, or not on the same terms');
  if (dead && !deadRowsMove(snapshot))
    return stay('dead', false, 'soft-deleted or archived rows stay, by the configuration');
  return undefined;
}

function byQuestion(
  snapshot: DecisionGround,
  intent: Intent,
  { place, state }: Occasion,
): RowOutcome | undefined {
  if (state.standing === 'unreadable') return stay('ask', true, unreadable);
  if (state.standing === 'too-large') return stay('ask', true, tooLarge);
  const question = questionOf(place, state) ?? bareName(snapshot, place);
  const answer = ownMember(intent.answers, place.id);
  // A question comes before a collision: nothing is removed as redundant while somebody may want to keep it.
  if (question !== undefined && answer !== 'move')
    return answer === 'keep'
      ? stay('kept', false, `kept by answer: ${question}`)
      : stay('ask', true, question);
  return state.collides ? byCollision(place) : undefined;
}

function byCollision(place: Place): RowOutcome {
  if (place.collision === 'drop-redundant') return { kind: 'merge' };
  if (place.collision === 'skip') return stay('collision', true, 'a row with the target is already there');
  return stay('ask', true, isForNames(place.json?.pointer ?? '') ? nameIsTaken : collides);
}

/** The question that a row raises. Undefined where there is none. */
function questionOf(place: Place, { standing }: PlaceState): string | undefined {
  if (standing === 'asked') return 'the configuration asks about rows in this state';
  if (standing === 'guarded') return 'a guard holds for the row';
  if (standing === 'itself') return 'the row is the target itself, and would name itself';
  if (standing === 'copies-disagree') return 'a copy of this reference names another model or none, or stays';
  if (standing === 'meets-itself') return 'the row would fall back from the target to itself';
  if (place.role === 'ask') return place.reason ?? 'nobody has said what this place is';
  if (place.checksum !== undefined) return `a checksum (${place.checksum}) stands beside the document`;
  return undefined;
}

/** A question about every row of the place, whatever its state. Whoever answers it says which of the models is meant. */
function bareName({ rules, source, namesakes = [] }: DecisionGround, place: Place): string | undefined {
  const other = otherMeant(place, { source, others: namesakes, rules });
  return other === undefined ? undefined : `the name alone may mean ${modelLabel(other)}, too`;
}

/** The row states of a place that a plan moves. */
export function movingStates(intent: Intent, place: Place): StateCode[] {
  return openStates(intent, place).map(codeOf);
}

/** The row states of a place that a plan merges: those that would move, but collide. */
export function mergingStates(intent: Intent, place: Place): StateCode[] {
  return openStates(intent, place).map(({ standing }) => codeOf({ standing, collides: true }));
}

/** The states that no question keeps from moving. An answer holds for every row of the place. */
function openStates(intent: Intent, place: Place): PlaceState[] {
  const raised = ['live', 'asked', 'guarded', 'itself', 'copies-disagree', 'meets-itself'] as const;
  const states = raised.map((standing) => ({ standing, collides: false }));
  const isAnswered = ownMember(intent.answers, place.id) === 'move';
  return states.filter((state) => isAnswered || questionOf(place, state) === undefined);
}
