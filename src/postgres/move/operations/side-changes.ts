/** Settings beside a reference that change with it: parameters (reset or translated) and companions (dropped or mapped). */
import type { MovedColumns } from '../../../engine/plan/plan-types.ts';
import { parametersSet } from '../../facts/columns.ts';
import { quoteIdent } from '../../sql/identifiers.ts';
import { columnOf } from '../../sql/match.ts';
import type { RowContext } from '../../sql/match.ts';
import { movableSql } from './movable.ts';
import type { StepContext } from './step-context.ts';

export interface SideChange {
  readonly column: string;
  /** SQL over `t`: does the value of this row change? */
  readonly changes: string;
  /** SQL over `t`: the new value, of the column's type. */
  readonly value: string;
}

/** What changes beside the moved places, one entry per column; a row changes only where the place beside it moves. */
export function sideChanges(
  context: StepContext,
  moves: readonly MovedColumns[],
  row: RowContext,
): SideChange[] {
  const changes = new Map<string, SideChange>();
  for (const move of moves) {
    const alone = moves.length === 1;
    for (const change of [
      ...parameterChange(context, move, row),
      ...move.companions.map((companion) => companionChange(row, companion)),
    ]) {
      const here = alone
        ? change.changes
        : `(${movableSql(row, context, { step: { includeDead: true }, move })} AND ${change.changes})`;
      const before = changes.get(change.column);
      changes.set(change.column, {
        ...change,
        changes: before === undefined ? here : `(${before.changes} OR ${here})`,
      });
    }
  }
  return [...changes.values()];
}

function parameterChange(context: StepContext, move: MovedColumns, row: RowContext): SideChange[] {
  if (move.parameters === undefined) return [];
  const { column, policy } = move.parameters;
  const held = columnOf(row.table, column);
  const { type } = held;
  if (policy === 'reset') return [{ column, changes: parametersSet(held), value: `'{}'::${type}` }];
  const map = row.binder.bind(
    JSON.stringify(context.translations[`${row.table.id}.${column}`] ?? {}),
    'text::jsonb',
  );
  const text = `t.${quoteIdent(column)}::text`;
  return [{ column, changes: `coalesce(${map} ? ${text}, false)`, value: `(${map} ->> ${text})::${type}` }];
}

function companionChange(row: RowContext, { column, rule }: MovedColumns['companions'][number]): SideChange {
  const { type } = columnOf(row.table, column);
  const name = `t.${quoteIdent(column)}`;
  if (rule === 'drop') return { column, changes: `${name} IS NOT NULL`, value: `NULL::${type}` };
  const map = row.binder.bind(JSON.stringify(rule), 'text::jsonb');
  return {
    column,
    changes: `coalesce(${map} ? ${name}::text, false)`,
    value: `(${map} ->> ${name}::text)::${type}`,
  };
}
