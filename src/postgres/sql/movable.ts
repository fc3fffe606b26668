/** Which rows a step moves: the same test for the statement that moves them and for what changes beside them. */
import type { MovedColumns } from '../../engine/plan/plan-types.ts';
import { namesSource } from './direct.ts';
import type { PlaceRow, RowContext } from './match.ts';
import { deadSql, hasStates, stateSql } from './state.ts';
import { allOf, bind, sql } from './sql.ts';
import type { Sql } from './sql.ts';

/** Does the place of row `t` move in this step? */
export function movableSql(
  row: RowContext,
  place: PlaceRow,
  { includeDead, states }: { readonly includeDead: boolean; readonly states: MovedColumns['states'] },
): Sql {
  const tests = [namesSource(row, place)];
  if (hasStates(row, place)) tests.push(sql`(${stateSql(row, place)}) = ANY (${bind(states, 'text[]')})`);
  if (!includeDead) tests.push(sql`NOT ${deadSql(row)}`);
  return sql`(${allOf(tests)})`;
}
