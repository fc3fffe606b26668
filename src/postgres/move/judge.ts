/**
 * Conditions are judged once, on the row as it was before the first step. Where a step may change what a condition reads, the states
 * of the rows that name the source are kept in a temporary table, which ends with the transaction; see `sql/row-states.ts`.
 */
import { judgedOnce } from '../../engine/operations/judged-once.ts';
import type { Step } from '../../engine/plan/plan-types.ts';
import type { Place } from '../../engine/rules/place.ts';
import { tableOf } from '../../engine/rules/references.ts';
import type { Tx } from '../driver/database.ts';
import { candidateSql } from '../facts/documents.ts';
import { placeRow, rowContext } from '../facts/member.ts';
import type { Batch, Member } from '../facts/member.ts';
import { judgedRow, judgedTable, judgedTenant } from '../sql/row-states.ts';
import { placeMatches } from '../sql/match.ts';
import { mineSql } from '../sql/row.ts';
import { stateSql } from '../sql/state.ts';
import { change, forEachMember, literal, rowsOf, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';

/** The members, whose states are judged as far as the steps may change them. Nothing is sent where they cannot. */
export async function judgeBefore(
  tx: Tx,
  { rules, members }: Batch,
  steps: readonly Step[],
): Promise<Member[]> {
  const named = rules.places.filter(({ id }) => (members[0]?.mappings.get(id)?.length ?? 0) > 0);
  const places = judgedOnce(named, steps);
  const kept = places.flatMap((place) => keepStates({ rules, members }, place));
  if (kept.length === 0) return [...members];
  await tx.script(
    'CREATE TEMPORARY TABLE drover_judged (tenant text, place text, key text, state text) ON COMMIT DROP',
  );
  for (const states of kept) await tx.run(states);
  await tx.script(
    'CREATE INDEX ON pg_temp.drover_judged (place, tenant, key); ANALYZE pg_temp.drover_judged',
  );
  const judged = new Set(places.map(({ id }) => id));
  return members.map((member) => ({ ...member, judged }));
}

/** Rows of a table without a key cannot be named, and do not move. */
function keepStates({ rules, members }: Batch, place: Place): Sql[] {
  const context = rowContext(rules, tableOf(rules, place.table), members);
  const key = judgedRow(context);
  if (key === undefined) return [];
  const row = placeRow(rules, place, members);
  const named =
    place.carrier === 'columns' ? placeMatches(context, row) : candidateSql(context, place.column, [row]);
  const states = sql`SELECT ${judgedTenant(context)} AS tenant, ${key} AS key, ${stateSql(context, row)} AS state
    FROM ${rowsOf(context.table)} t WHERE ${mineSql(context)} AND ${named}`;
  return [
    change`INSERT INTO ${judgedTable} (tenant, place, key, state)
      SELECT s.tenant, ${literal(place.id)}, s.key, s.state FROM (${forEachMember(members.length, states)}) s`,
  ];
}
