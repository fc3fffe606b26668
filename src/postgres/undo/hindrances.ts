/** What may keep rows from returning to the model that they named: it is not available where they are, or less than is demanded there. */
import { allOf, list, literal, raw, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import type { Chunk, Hindrance, UndoContext } from './chunk.ts';
import { demandsIn } from './demands.ts';
import { beforeOf, mayReturn, notGranted, relyingIn } from './reliance.ts';

/** Of the places in a table, for the members of these chunks. */
export function hindrancesIn(context: UndoContext, table: string, chunks: readonly Chunk[]): Hindrance[] {
  const grants = relyingIn(context, table, chunks).map((one) => ({
    place: one.place,
    row: one.row,
    columns: [one.reliance.via],
    may: mayReturn(one, context.restores, beforeOf(context, chunks)),
    reason: notGranted(one),
  }));
  return [...grants, ...demandsIn(context, table, chunks)];
}

/** Is nothing in the way of row `t`? */
export function allMay(hindrances: readonly Hindrance[]): Sql {
  return hindrances.length === 0 ? raw('true') : allOf(hindrances.map(({ may }) => may));
}

/** Why row `t` may not return: an array of texts, empty where it may. @param applies where a hindrance is none for some rows */
export function whyNot(
  hindrances: readonly Hindrance[],
  applies: (at: number) => Sql = () => raw('true'),
): Sql {
  if (hindrances.length === 0) return raw(`'{}'::text[]`);
  const reasons = hindrances.map(
    ({ may, reason }, at) =>
      sql`CASE WHEN ${applies(at)} AND (${may}) IS NOT TRUE THEN ${literal(reason)} END`,
  );
  return sql`array_remove(ARRAY[${list(reasons)}]::text[], NULL)`;
}

/** Each reason once. */
export function reasonsOf(reasons: readonly string[]): string {
  return [...new Set(reasons)].join('; ');
}
