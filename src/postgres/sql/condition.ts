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
  if (condition.kind === 'newest') {
    const [later, own] = [column('x', condition.order), column(alias, condition.order)];
    const same = condition.of.map(
      (name) => sql`${column('x', name)} IS NOT DISTINCT FROM ${column(alias, name)}`,
    );
    // A row without a number is older than any that has one.
    const isLater = sql`(${later} > ${own} OR (${own} IS NULL AND ${later} IS NOT NULL))`;
    return sql`NOT EXISTS (SELECT 1 FROM ${other} x WHERE ${allOf([...same, isLater])})`;
  }
  const on = condition.from.map(
    (name, at) => sql`${column('x', condition.to[at] ?? '')} = ${column(alias, name)}`,
  );
  return sql`EXISTS (SELECT 1 FROM ${other} x WHERE ${allOf(on)} AND (${raw(condition.sql)}))`;
}
