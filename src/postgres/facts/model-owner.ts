/** Whose a row of a table of models is: a tenant's, or everybody's. */
import type { ModelTable } from '../../engine/rules/place.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { sharedRows } from '../../engine/tenant.ts';
import { columnOf } from '../sql/cast.ts';
import type { RowContext } from '../sql/match.ts';
import { mineSql, tenantOfRowSql } from '../sql/row.ts';
import { column as columnSql, literal, raw, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';

/** Can the models of several tenants be read at once, because one column says whose each is (or nobody owns any)? */
export function canReadTogether(rules: Rules, model: ModelTable): boolean {
  return isGlobalTable(rules, model) || ownColumn(rules, model) !== undefined;
}

/** Do all models belong to everybody? */
export function isGlobalTable(rules: Rules, { table }: ModelTable): boolean {
  const kind = rules.ownership.get(table.id)?.kind;
  return kind === 'global' || kind === 'unknown';
}

/** The column that alone says whose a row is. */
export function ownColumn(rules: Rules, { table }: Pick<ModelTable, 'table'>): string | undefined {
  const ownership = rules.ownership.get(table.id);
  if (ownership?.kind !== 'tenant' || ownership.paths.length !== 1) return undefined;
  return ownership.paths.find((path) => path.hops.length === 0)?.column;
}

/** Can a row of the table serve everybody? */
export function canBeEverybodys(rules: Rules, model: ModelTable): boolean {
  const own = ownColumn(rules, model);
  if (rules.schema !== undefined && rules.ownership.get(model.table.id)?.kind === 'single') return false;
  if (isGlobalTable(rules, model) || model.config.global !== undefined) return true;
  return own === undefined || !columnOf(model.table, own).notNull;
}

/** Does the row serve everybody: by the configuration, or because it is nobody's? */
export function globalSql(rules: Rules, model: ModelTable): Sql {
  if (isGlobalTable(rules, model)) return raw('true');
  const { global } = model.config;
  if (global !== undefined) return sql`coalesce((${raw(global)}), false)`;
  if (rules.ownership.get(model.table.id)?.kind === 'single') return raw('false');
  return canBeEverybodys(rules, model) ? sql`(${mineSql(rowsOfNobody(rules, model))})` : raw('false');
}

/** The tenant of a model's row; NULL where it is everybody's. */
export function tenantSql(rules: Rules, model: ModelTable): Sql {
  const { config, table } = model;
  const own =
    config.columns.tenant === undefined
      ? tenantOfRowSql(rowsOfNobody(rules, model))
      : sql`${columnSql('t', config.columns.tenant)}::text`;
  if (rules.ownership.get(table.id)?.kind === 'single')
    return rules.schema === undefined ? raw('NULL::text') : sql`${literal(rules.schema)}::text`;
  return config.global === undefined
    ? own
    : sql`CASE WHEN ${globalSql(rules, model)} THEN NULL ELSE ${own} END`;
}

function rowsOfNobody(rules: Rules, { table }: ModelTable): RowContext {
  return { rules, table, size: 1, tenants: [sharedRows] };
}
