/** A condition of the configuration on a row. It names columns without a qualifier, so the row is the innermost one. */
import type { RowCondition } from '../../engine/rules/conditions.ts';
import { tableOf } from '../../engine/rules/references.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { allOf, column, raw, rowsOf, sql } from './sql.ts';
import type { Sql } from './sql.ts';

/** Does the condition hold of row `alias`? */
export function conditionSql(
  { rules }: { readonly rules: Rules },
  condition: RowCondition,
  alias = 't',
): Sql {
  if (condition.kind === 'sql') return sql`coalesce((${raw(condition.sql)}), false)`;
  const other = rowsOf(tableOf(rules, condition.table));
  if (condition.kind === 'pointed-at')
    return sql`EXISTS (SELECT 1 FROM ${other} x WHERE ${column('x', condition.column)} = ${column(alias, condition.own)})`;
  const on = condition.from.map(
    (name, at) => sql`${column('x', condition.to[at] ?? '')} = ${column(alias, name)}`,
  );
  return sql`EXISTS (SELECT 1 FROM ${other} x WHERE ${allOf(on)} AND (${raw(condition.sql)}))`;
}
