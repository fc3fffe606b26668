/** The places that members of a batch use, and questions about their rows. */
import { everyMember, askEach } from '../driver/members.ts';
import type { Table } from '../../engine/catalogue/catalog.ts';
import { movingStates } from '../../engine/plan/decide.ts';
import type { PlaceGroup } from '../../engine/plan/snapshot.ts';
import type { Place } from '../../engine/rules/place.ts';
import { tableOf } from '../../engine/rules/references.ts';
import { readAs } from '../driver/question.ts';
import type { Question } from '../driver/question.ts';
import { placeMatches } from '../sql/match.ts';
import type { PlaceRow, RowContext } from '../sql/match.ts';
import { mineSql } from '../sql/row.ts';
import { hasStates, stateSql } from '../sql/state.ts';
import { bind, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import { placeRow, rowContext } from './member.ts';
import type { Batch, Member } from './member.ts';

export interface UsedInput extends Batch {
  /** Of each member. */
  readonly groups: readonly (readonly PlaceGroup[])[];
}

/** A place with the members that have rows on the source there. */
export interface PlaceInUse {
  readonly place: Place;
  readonly at: readonly number[];
  readonly context: RowContext;
  readonly row: PlaceRow;
  readonly members: readonly Member[];
}

/** Places of that form. */
export function placesInUse(input: UsedInput, form: PlaceGroup['carrier'] = 'columns'): PlaceInUse[] {
  const { rules, members, groups } = input;
  const alike = (groups[0] ?? []).filter(({ carrier }) => carrier === form);
  return alike.flatMap(({ table, places }) => {
    const at = [...members.keys()].filter((member) => isInUse(groups[member], places[0]));
    return at.length === 0
      ? []
      : places.flatMap((id) => usedPlace({ rules, members }, { id, table: tableOf(rules, table), at }));
  });
}

function isInUse(groups: readonly PlaceGroup[] | undefined, place: string | undefined): boolean {
  return groups?.some(({ places, groups: rows }) => places[0] === place && rows.length > 0) === true;
}

export function usedPlace(
  { rules, members }: Batch,
  { id, table, at }: { id: string; table: Table; at: readonly number[] },
): PlaceInUse[] {
  const some = everyMember(at.map((number) => members[number]));
  return rules.places
    .filter((place) => place.id === id)
    .map((place) => ({
      place,
      at,
      members: some,
      context: rowContext(rules, table, some),
      row: placeRow(rules, place, some),
    }));
}

/** Rows of the tenant that name the source there. */
export function mineOnSource({ context, row }: PlaceInUse): Sql {
  return sql`${placeMatches(context, row)} AND ${mineSql(context)}`;
}

/** Asks for the members that use the place, and hands the rows of each to `add`. */
export function addEach<R extends object>(
  used: Pick<PlaceInUse, 'at'>,
  select: Sql,
  add: (member: number, rows: R[]) => void,
): Question<void> {
  return readAs(askEach<R>(used.at.length, select), (rows) => {
    for (const [number, member] of used.at.entries()) add(member, rows[number] ?? []);
  });
}

/** Rows of the members that name the source and whose reference moves. */
export function movingOnSource(used: PlaceInUse): Sql {
  const { context, row, place, members } = used;
  if (!hasStates(context, row)) return mineOnSource(used);
  const states = members[0] === undefined ? [] : movingStates(members[0].intent, place);
  return sql`${mineOnSource(used)} AND (${stateSql(context, row)}) = ANY (${bind(states, 'text[]')})`;
}
