/** What several places of a configuration say that does not go together. */
import { isLeftAlone } from './place.ts';
import { rowsSaidBy } from './conditions.ts';
import type { RowCondition } from './conditions.ts';
import type { ConfigProblem } from './config.ts';
import type { Place } from './place.ts';

/** A place with its number in the configuration. */
export interface ListedPlace {
  readonly at: number;
  readonly place: Place;
}

/**
 * Gives the second place at one column and pointer an id of its own and says which rows are of which; and which places are listed twice.
 */
export function withOwnIds(listed: readonly ListedPlace[]): {
  places: ListedPlace[];
  problems: ConfigProblem[];
} {
  const taken = new Map<string, ListedPlace[]>();
  const problems: ConfigProblem[] = [];
  const ids = new Set(listed.map(({ place }) => place.id));
  const places = listed.map(({ at, place }): ListedPlace => {
    const before = taken.get(place.id) ?? [];
    taken.set(place.id, [...before, { at, place }]);
    if (before.length === 0) return { at, place };
    const problem = duplicateProblem({ at, place }, before);
    if (problem !== undefined) problems.push(problem);
    const id = freeId(ids, place.id, before.length + 1);
    ids.add(id);
    return { at, place: { ...place, id } };
  });
  const groups = [...taken.values()].map((group) => new Set(group.map(({ at }) => at)));
  return { places: places.map((one) => withRows(one, places, groups)), problems };
}

/** The rows of a place among others at its column and pointer, of models of the same kind, and beside those of the other sort there. */
function withRows(
  { at, place }: ListedPlace,
  places: readonly ListedPlace[],
  groups: readonly ReadonlySet<number>[],
): ListedPlace {
  const group = groups.find((numbers) => numbers.has(at));
  const same = places.filter((one) => group?.has(one.at) === true && one.place.kind === place.kind);
  const own = same.length < 2 || same[0]?.at === at ? [] : rowsSaidBy(place.conditions);
  const others = same.filter((one) => one.at > at).flatMap((one) => rowsSaidBy(one.place.conditions));
  const beside = rowsSaidBy(place.conditions).length > 0 ? besideOf(place, places) : [];
  return same.length < 2 && beside.length === 0
    ? { at, place }
    : { at, place: { ...place, among: { own, others, beside } } };
}

/** Of a place within documents what places say that take the column as one value; and the other way round. */
function besideOf(own: Place, places: readonly ListedPlace[]): RowCondition[] {
  return places.flatMap(({ place }) =>
    place.table === own.table &&
    place.column === own.column &&
    isWithinDocuments(place) !== isWithinDocuments(own)
      ? rowsSaidBy(place.conditions)
      : [],
  );
}

function isWithinDocuments({ json }: Place): boolean {
  return json !== undefined;
}

/** A pointer may end like the number of a second place. */
function freeId(ids: ReadonlySet<string>, id: string, number: number): string {
  const own = `${id}#${number}`;
  return ids.has(own) ? freeId(ids, id, number + 1) : own;
}

/** Several places at one column and pointer are told apart by their conditions, or by the kinds of their models. */
function duplicateProblem(
  { at, place }: ListedPlace,
  before: readonly ListedPlace[],
): ConfigProblem | undefined {
  const other = before.find((one) => one.place.kind === place.kind && !areApart(one.place, place));
  if (other === undefined) return undefined;
  const message =
    `${place.id} is listed already as places[${other.at}]: take one of them out, or give both a "live" condition ` +
    'that says which rows are written in which way';
  return { path: ['places', at, 'at'], message };
}

function areApart(a: Place, b: Place): boolean {
  const [one, other] = [a.conditions.live, b.conditions.live];
  return one !== undefined && other !== undefined && JSON.stringify(one) !== JSON.stringify(other);
}

/** All problems between places. `all` are those of the configuration and the foreign keys that it does not mention. */
export function placesProblems(listed: readonly ListedPlace[], all: readonly Place[]): ConfigProblem[] {
  return listed.flatMap((one) => [...grantProblems(one, all), ...wholeProblems(one, listed)]);
}

/** A grant of another kind of model never makes the target available. */
function grantProblems({ at, place }: ListedPlace, all: readonly Place[]): ConfigProblem[] {
  const { enables } = place;
  if (enables === undefined) return [];
  const path = ['places', at, 'enables', 'grant'];
  const grant = all.find(({ id }) => id === enables.grant);
  if (grant === undefined) {
    const message = `${enables.grant} is no place: add { at: ${enables.grant}, role: grant } to the places`;
    return [{ path, message }];
  }
  if (grant.carrier !== 'columns') {
    const message = `${grant.id} holds several models in one value, and no row of it grants one: leave "enables" out`;
    return [{ path, message }];
  }
  if (grant.kind === place.kind) return [];
  const fitting = all.filter(({ kind, role }) => kind === place.kind && role === 'grant').map(({ id }) => id);
  const way =
    fitting.length === 0
      ? 'leave "enables" out'
      : `write grant: ${fitting.join(' or grant: ')}, or leave "enables" out`;
  const message = `${grant.id} grants models of kind ${grant.kind}, and ${place.id} names those of kind ${place.kind}: ${way}`;
  return [{ path, message }];
}

/** A role that is said of a whole document leaves nothing for another place to say. */
function wholeProblems({ at, place }: ListedPlace, listed: readonly ListedPlace[]): ConfigProblem[] {
  if (place.whole !== true || isLeftAlone(place)) return [];
  const inside = listed.find(
    (other) =>
      other.at !== at &&
      other.place.table === place.table &&
      other.place.column === place.column &&
      other.place.whole !== true,
  );
  if (inside === undefined) return [];
  const message =
    `places[${inside.at}] is within the same document: say with "json" which part of ${place.id} is ${place.role}, ` +
    `for example json: /a`;
  return [{ path: ['places', at], message }];
}
