/** Which rows rely on grants (`enables`), and which did so where nothing was granted. */
import { canMove } from '../../engine/rules/place.ts';
import type { Place, Reliance } from '../../engine/rules/place.ts';
import { mayHoldShared, tableOf } from '../../engine/rules/references.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { isSharedRows } from '../../engine/tenant.ts';
import { askEach } from '../driver/members.ts';
import type { Tx } from '../driver/database.ts';
import { inOrder } from '../driver/question.ts';
import { columnOf, equalsAny } from '../sql/cast.ts';
import type { PlaceRow, RowContext } from '../sql/match.ts';
import { namesSql } from '../sql/reliance.ts';
import type { ValuesSide } from '../sql/reliance.ts';
import { mineSql, visibleSql } from '../sql/row.ts';
import { anyOf, column, each, rowsOf, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import { rowAlone, rowContext } from '../facts/member.ts';
import type { Member } from '../facts/member.ts';

interface RelyingPlace {
  readonly context: RowContext;
  readonly row: PlaceRow;
}

/** A place that relies on grants, with the grants. */
export interface Relying extends RelyingPlace {
  readonly place: Place;
  readonly reliance: Reliance;
  readonly grant: RelyingPlace;
}

/** The places whose rows rely on grants, of members that the same statements serve. */
export function relyingPlaces(rules: Rules, members: readonly Member[]): Relying[] {
  const placed = (place: Place): RelyingPlace => ({
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
    // What can name neither model relies on no grant of them.
    if ((members[0]?.mappings.get(place.id)?.length ?? 0) === 0) return [];
    return [{ place, reliance, ...placed(place), grant: placed(grant) }];
  });
}

/** The tables of grants on which rows rely. */
export function grantTables(rules: Rules): ReadonlySet<string> {
  const ids = new Set(rules.places.flatMap(({ enables }) => enables?.grant ?? []));
  return new Set(rules.places.flatMap(({ id, table }) => (ids.has(id) ? [table] : [])));
}

/**
 * Holds the grants of both models. Rows that come to rely on them are seen by nobody before the commit, so who takes a grant away
 * meanwhile waits and then sees them; whoever was first is waited for, and the steps meet what is left.
 */
export async function holdGrants(
  tx: Tx,
  { rules, members }: { readonly rules: Rules; readonly members: readonly Member[] },
): Promise<void> {
  const relying = members.length === 0 ? [] : relyingPlaces(rules, members);
  const grants = new Map(relying.map(({ grant }) => [grant.row.place.id, grant]));
  const questions = [...grants.values()].map((grant) => {
    const { context } = grant;
    const named = anyOf([namesSql(grant, 'from'), namesSql(grant, 'to')]);
    const held = sql`${mineSql(context)} AND ${named}`;
    return askEach(
      members.length,
      sql`SELECT 1 AS held FROM ${rowsOf(context.table)} t WHERE ${held} FOR KEY SHARE`,
    );
  });
  if (questions.length > 0) await tx.ask(inOrder(questions));
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

/**
 * For each member what is so now; undefined where nothing is. Grants are few and rows are many: first the scopes are read in which one
 * of the two models is granted alone, and then only rows that are there and rely on the other one.
 */
export async function readUngranted(
  tx: Tx,
  { rules, members }: { readonly rules: Rules; readonly members: readonly Member[] },
): Promise<(UngrantedUses | undefined)[]> {
  const relying = members.length === 0 ? [] : relyingPlaces(rules, members);
  const grants = [...new Map(relying.map((one) => [grantId(one), one])).entries()];
  const lone = await tx.together(grants.map(([, one]) => askEach<Lone>(members.length, loneSql(one))));
  const aloneAt = new Map(grants.map(([id], at) => [id, lone[at] ?? []]));
  const asked = (['from', 'to'] as const).flatMap((side) =>
    relying.flatMap((one) => {
      const scopes = (aloneAt.get(grantId(one)) ?? []).map((rows) =>
        rows.flatMap(({ scope, alone }) => (alone === side ? [] : [scope])),
      );
      if (scopes.every(({ length }) => length === 0)) return [];
      const question = askEach<{ readonly scope: string; readonly rows: number }>(
        members.length,
        usedSql(one, side, scopes),
      );
      return [{ side, id: one.place.id, question }];
    }),
  );
  const found = await tx.together(asked.map(({ question }) => question));
  return members.map((_, member) => {
    const ofSide = (wanted: ValuesSide): Ungranted =>
      Object.fromEntries(
        asked.flatMap(({ side, id }, at) => {
          const scopes = (found[at]?.[member] ?? []).map(({ scope, rows }) => [scope, rows] as const);
          return side !== wanted || scopes.length === 0 ? [] : [[id, Object.fromEntries(scopes)] as const];
        }),
      );
    const uses = { from: ofSide('from'), to: ofSide('to') };
    return Object.values(uses).every((one) => Object.keys(one).length === 0) ? undefined : uses;
  });
}

/** Grants that are told apart by the same column are read together. */
export function grantId({ reliance: { grant, scope } }: Pick<Relying, 'reliance'>): string {
  return JSON.stringify([grant, scope]);
}

/** A scope in which one of the two models is granted and the other is not. */
interface Lone {
  readonly scope: string;
  readonly alone: ValuesSide;
}

function loneSql({ grant, reliance }: Relying): Sql {
  const scope = column('g', reliance.scope);
  const [from, to] = [namesSql(grant, 'from', 'g'), namesSql(grant, 'to', 'g')];
  return sql`SELECT ${scope}::text AS scope, CASE WHEN bool_or(${from}) THEN 'from' ELSE 'to' END AS alone
    FROM ${rowsOf(grant.context.table)} g WHERE ${scope} IS NOT NULL AND (${from} OR ${to})
    GROUP BY ${scope} HAVING bool_or(${from}) IS DISTINCT FROM bool_or(${to})`;
}

/** Rows that rely on the model of that side in these scopes of each member. */
function usedSql(
  { reliance, context, row }: Relying,
  side: ValuesSide,
  scopes: readonly (readonly string[])[],
): Sql {
  const via = column('t', reliance.via);
  const within = equalsAny(columnOf(context.table, reliance.via), via, (type) => each(scopes, type));
  return sql`SELECT ${via}::text AS scope, count(*) AS rows FROM ${rowsOf(context.table)} t
    WHERE ${within} AND ${namesSql({ context, row }, side)} AND ${visibleSql(context)} GROUP BY 1`;
}
