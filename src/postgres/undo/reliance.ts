/**
 * What relies on grants while a migration is taken back. A row returns to a model only where the model is available, and a grant goes
 * only where no row relies on it: a spared row, one that was made since, a default. See also settle.ts.
 */
import { ownMember } from '../../engine/own.ts';
import { everyMember } from '../driver/members.ts';
import type { Member } from '../facts/member.ts';
import { nothingUngranted, relyingPlaces } from '../move/grant-uses.ts';
import type { Relying, UngrantedUses } from '../move/grant-uses.ts';
import { isGranted, namesSql, otherSide } from '../sql/reliance.ts';
import type { ValuesSide } from '../sql/reliance.ts';
import { visibleSql } from '../sql/row.ts';
import { anyOf, column, each, list, literal, raw, rowsOf, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import type { Chunk, UndoContext } from './chunk.ts';

/** Places in a table that rely on grants, for the members of these chunks. */
export function relyingIn(
  { rules, members }: UndoContext,
  table: string,
  chunks: readonly Chunk[],
): Relying[] {
  return relyingPlaces(rules, membersOf(members, chunks)).filter(({ place }) => place.table === table);
}

/** Places that rely on the grants of a table. */
export function relyingOn(
  { rules, members }: UndoContext,
  table: string,
  chunks: readonly Chunk[],
): Relying[] {
  return relyingPlaces(rules, membersOf(members, chunks)).filter(
    ({ grant }) => grant.row.place.table === table,
  );
}

/** What rows of the members of these chunks relied on before. */
export function beforeOf({ before }: UndoContext, chunks: readonly Chunk[]): readonly UngrantedUses[] {
  return chunks.map(({ member }) => before[member] ?? nothingUngranted);
}

function membersOf(members: readonly Member[], chunks: readonly Chunk[]): Member[] {
  return everyMember(chunks.map(({ member }) => members[member]));
}

/**
 * May row `t` come to name the restored model? Not where that is unavailable and the one that goes is not, unless it was so before the
 * move. Where neither is, nobody kept to the grants before either.
 */
export function mayReturn(
  { place, grant, reliance }: Relying,
  restores: ValuesSide,
  before: readonly UngrantedUses[],
): Sql {
  const via = column('t', reliance.via);
  const scopes = before.map((one) => Object.keys(ownMember(one[restores], place.id) ?? {}));
  return anyOf([
    sql`${via} IS NULL`,
    isGranted(grant, reliance, restores),
    sql`NOT ${isGranted(grant, reliance, otherSide(restores))}`,
    ...(scopes.every(({ length }) => length === 0)
      ? []
      : [sql`${via}::text = ANY (${each(scopes, 'text[]')})`]),
  ]);
}

/** Is that more than there was before the move? */
function isMore(
  { place }: Relying,
  side: ValuesSide,
  { before, scope }: { readonly before: readonly UngrantedUses[]; readonly scope: Sql },
): Sql {
  const counts = before.map((one) => ownMember(one[side], place.id) ?? {});
  if (counts.every((one) => Object.keys(one).length === 0)) return raw('count(*) > 0');
  const known = each(
    counts.map((one) => JSON.stringify(one)),
    'text::jsonb',
  );
  return sql`count(*) > coalesce((${known} ->> ${scope}::text)::bigint, 0)`;
}

/** Does a row rely on grant `t`, that is, name its model where it is? */
export function isUsed(one: Relying, side: ValuesSide, before: readonly UngrantedUses[]): Sql {
  const { context, row, reliance } = one;
  const via = column('t', reliance.via);
  return sql`${column('t', reliance.scope)} IN (SELECT ${via} FROM ${rowsOf(context.table)} t
    WHERE ${via} IS NOT NULL AND ${namesSql({ context, row }, side)} AND ${visibleSql(context)}
    GROUP BY ${via} HAVING ${isMore(one, side, { before, scope: via })})`;
}

/** Is the other model granted beside grant `t`? */
export function isReplaced({ grant, reliance: { scope } }: Relying, side: ValuesSide): Sql {
  return sql`EXISTS (SELECT 1 FROM ${rowsOf(grant.context.table)} g
    WHERE ${column('g', scope)} = ${column('t', scope)} AND ${namesSql(grant, side, 'g')})`;
}

/** The places with rows that rely on the model in that scope, with their numbers: an array of texts. */
export function usesSql(
  relying: readonly Relying[],
  side: ValuesSide,
  { before, scope }: { readonly before: readonly UngrantedUses[]; readonly scope: Sql },
): Sql {
  const uses = relying.map((one) => {
    const { context, row, place, reliance } = one;
    const more = isMore(one, side, { before, scope });
    return sql`(SELECT CASE WHEN ${more} THEN ${literal(place.id)} || ' (' || count(*) || ')' END FROM ${rowsOf(context.table)} t
      WHERE ${column('t', reliance.via)} = ${scope} AND ${namesSql({ context, row }, side)} AND ${visibleSql(context)})`;
  });
  return sql`array_remove(ARRAY[${list(uses)}]::text[], NULL)`;
}

export function usedReason(uses: readonly string[]): string {
  return `still used: ${uses.join(', ')}`;
}

/** A row stays where it is because of the grant that it would need. */
export function notGranted({ reliance: { grant, via } }: Relying): string {
  return `its former model is not available there any more (${grant}, by ${via})`;
}
