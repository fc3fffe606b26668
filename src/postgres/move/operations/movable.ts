/** Which rows a step moves: the same test for the statement that moves them and for what changes beside them. */
import type { MovedColumns } from '../../../engine/plan/plan-types.ts';
import { matchSql } from '../../sql/match.ts';
import type { RowContext } from '../../sql/match.ts';
import { deadSql, stateSql } from '../../sql/row.ts';
import { placeOf } from './step-context.ts';
import type { StepContext } from './step-context.ts';

/** Does the place of row `t` move in this step? */
export function movableSql(
  row: RowContext,
  context: StepContext,
  about: { step: { includeDead: boolean }; move: MovedColumns },
): string {
  const place = placeOf(context, about.move.place);
  const state = stateSql(row, { place, mappings: about.move.mappings });
  const tests = [matchSql(row, about.move)];
  if (state !== `'L'`) tests.push(`(${state}) = ANY (${row.binder.bind(about.move.states, 'text[]')})`);
  if (!about.step.includeDead) tests.push(`NOT ${deadSql(row)}`);
  return `(${tests.join(' AND ')})`;
}
