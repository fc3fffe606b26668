/** Settings beside a reference that change with it: parameters (reset or translated) and companions (dropped or mapped). */
import { ownMember } from '../../../engine/own.ts';
import type { MovedColumns } from '../../../engine/plan/plan-types.ts';
import { parametersChange } from '../../facts/columns.ts';
import { columnOf } from '../../sql/cast.ts';
import type { RowContext } from '../../sql/match.ts';
import { bind, column, each, literal, raw, sql } from '../../sql/sql.ts';
import type { Sql } from '../../sql/sql.ts';
import { movableSql } from '../../sql/movable.ts';
import { movedPlace } from './step-context.ts';
import type { StepContext } from './step-context.ts';

export interface SideChange {
  readonly column: string;
  /** SQL over `t`: does the value of this row change? */
  readonly changes: Sql;
  /** SQL over `t`: the new value, of the column's type. */
  readonly value: Sql;
}

/** What changes beside the moved places, one entry per column; a row changes only where the place beside it moves. */
export function sideChanges(
  context: StepContext,
  moves: readonly MovedColumns[],
  row: RowContext,
): SideChange[] {
  const changes = new Map<string, SideChange>();
  for (const move of moves) {
    const moving = movableSql(row, movedPlace(context, move), { includeDead: true, states: move.states });
    for (const change of [
      ...parameterChange(context, move, row),
      ...move.companions.map((companion) => companionChange(row, companion)),
    ]) {
      const here = moves.length === 1 ? change.changes : sql`(${moving} AND ${change.changes})`;
      const before = changes.get(change.column);
      changes.set(change.column, {
        ...change,
        changes: before === undefined ? here : sql`(${before.changes} OR ${here})`,
        value:
          before === undefined
            ? change.value
            : sql`CASE WHEN ${here} THEN ${change.value} ELSE ${before.value} END`,
      });
    }
  }
  return [...changes.values()];
}

function parameterChange(context: StepContext, move: MovedColumns, { table }: RowContext): SideChange[] {
  if (move.parameters === undefined) return [];
  const { column: name, policy, members, empty } = move.parameters;
  const held = columnOf(table, name);
  const type = raw(held.type);
  const none = empty === null ? sql`NULL::${type}` : sql`${literal(empty)}::${type}`;
  if (policy === 'reset' && members === 'all')
    return [{ column: name, changes: parametersChange(held, { empty }, policy), value: none }];
  const map = each(
    context.translations.map((all) => JSON.stringify(ownMember(all, move.place) ?? {})),
    'text::jsonb',
  );
  const value = column('t', name);
  const mapped = {
    changes: sql`coalesce(${map} ? ${value}::text, false)`,
    value: sql`(${map} ->> ${value}::text)::${type}`,
  };
  if (policy === 'translate' || empty === null || held.notNull) return [{ column: name, ...mapped }];
  return [
    {
      column: name,
      changes: sql`(${value} IS NULL OR ${mapped.changes})`,
      value: sql`CASE WHEN ${value} IS NULL THEN ${none} ELSE ${mapped.value} END`,
    },
  ];
}

function companionChange(
  { table }: RowContext,
  { column: name, rule }: MovedColumns['companions'][number],
): SideChange {
  const type = raw(columnOf(table, name).type);
  const own = column('t', name);
  if (rule === 'drop') return { column: name, changes: sql`${own} IS NOT NULL`, value: sql`NULL::${type}` };
  const map = bind(JSON.stringify(rule), 'text::jsonb');
  return {
    column: name,
    changes: sql`coalesce(${map} ? ${own}::text, false)`,
    value: sql`(${map} ->> ${own}::text)::${type}`,
  };
}
