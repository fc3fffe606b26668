/** Which rows rely on grants (`enables`), and which did so where nothing was granted. */
import { canMove } from '../../engine/rules/place.ts';
import type { Place, Reliance } from '../../engine/rules/place.ts';
import { tableOf } from '../../engine/rules/references.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { isSharedRows } from '../../engine/tenant.ts';
import { askEach } from '../driver/members.ts';
import type { Tx } from '../driver/database.ts';
import { inOrder } from '../driver/question.ts';
import type { PlaceRow, RowContext } from '../sql/match.ts';
import { isGranted, namesSql, otherSide } from '../sql/reliance.ts';
import type { Side } from '../sql/reliance.ts';
import { visibleSql } from '../sql/row.ts';
import { column, rowsOf, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import { mayHoldShared, rowAlone, rowContext } from '../facts/member.ts';
import type { Member } from '../facts/member.ts';

interface Placed {
  readonly context: RowContext;
  readonly row: PlaceRow;
}

/** A place that relies on grants, with the grants. */
export interface Relying extends Placed {
  readonly place: Place;
  readonly reliance: Reliance;
  readonly grant: Placed;
}

/** The places whose rows rely on grants, of members that the same statements serve. */
export function relyingPlaces(rules: Rules, members: readonly Member[]): Relying[] {
  const placed = (place: Place): Placed => ({
    context: rowContext(rules, tableOf(rules, place.table), members),
    row: rowAlone(place, members),
  });
  const shared = isSharedRows(members[0]?.intent.tenant);
  return rules.places.flatMap((place) => {
    // Tables of tenants are not asked about the rows of everybody, and whoever moves those may not read them.
    if (shared && !mayHoldShared(rules, place.table)) return [];
    const reliance = place.enables;
    const grant = rules.places.find(({ id }) => id === reliance?.grant);
    if (reliance === undefined || grant === undefined || !canMove(place)) return [];
    return [{ place, reliance, ...placed(place), grant: placed(grant) }];
  });
}

/** The tables of grants on which rows rely. */
export function grantTables(rules: Rules): ReadonlySet<string> {
  const ids = new Set(rules.places.flatMap(({ enables }) => enables?.grant ?? []));
  return new Set(rules.places.flatMap(({ id, table }) => (ids.has(id) ? [table] : [])));
}

/** Rows that named a model where it was not available: by place and scope their number. */
type Ungranted = Readonly<Record<string, Readonly<Record<string, number>>>>;

/**
 * What rows relied on before a move although it was not granted: rows on the source where the target alone is available, and rows on the
 * target where the source alone is. The move makes the target available there; a rollback brings the former back all the same, and
 * keeps no grant for the sake of the latter.
 */
export interface UngrantedUses {
  readonly from: Ungranted;
  readonly to: Ungranted;
}

export const nothingUngranted: UngrantedUses = { from: {}, to: {} };

/** For each member what is so now; undefined where nothing is. */
export async function readUngranted(
  tx: Tx,
  { rules, members }: { readonly rules: Rules; readonly members: readonly Member[] },
): Promise<(UngrantedUses | undefined)[]> {
  const relying = members.length === 0 ? [] : relyingPlaces(rules, members);
  const sides = ['from', 'to'] as const;
  const questions = sides.flatMap((side) =>
    relying.map((one) => askEach<ScopeCount>(members.length, ungrantedSql(one, side))),
  );
  const found = await tx.ask(inOrder(questions));
  return members.map((_, member) => {
    const ofSide = (first: number): Ungranted =>
      Object.fromEntries(
        relying.flatMap(({ place }, at) => {
          const scopes = (found[first + at]?.[member] ?? []).map(({ scope, rows }) => [scope, rows] as const);
          return scopes.length === 0 ? [] : [[place.id, Object.fromEntries(scopes)] as const];
        }),
      );
    const uses = { from: ofSide(0), to: ofSide(relying.length) };
    return Object.values(uses).every((one) => Object.keys(one).length === 0) ? undefined : uses;
  });
}

interface ScopeCount {
  readonly scope: string;
  readonly rows: number;
}

function ungrantedSql({ reliance, context, row, grant }: Relying, side: Side): Sql {
  const via = column('t', reliance.via);
  return sql`SELECT ${via}::text AS scope, count(*) AS rows FROM ${rowsOf(context.table)} t
    WHERE ${via} IS NOT NULL AND ${namesSql({ context, row }, side)} AND ${visibleSql(context)}
      AND ${isGranted(grant, reliance, otherSide(side))} AND NOT ${isGranted(grant, reliance, side)} GROUP BY 1`;
}
