/** A fact about model `t`: in a column of its row, or of the row that a key leads to. */
import type { FactColumn } from '../../engine/rules/place.ts';
import type { Table } from '../../engine/catalogue/catalog.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { ownColumn } from './row.ts';
import { column, raw, rowsOf, sql } from './sql.ts';
import type { Sql } from './sql.ts';

/** The value of the fact. A row that is led to is of the same tenant, where a session sees no other. */
export function factSql(rules: Rules, table: Table, { column: name, parent }: FactColumn): Sql {
  if (parent === undefined) return column('t', name);
  const same = sameTenantSql(rules, { own: table, other: parent.table, alias: 'f' });
  const on = sql`${column('f', parent.to)} = ${column('t', parent.from)}`;
  return sql`(SELECT ${column('f', name)} FROM ${rowsOf(parent.table)} f WHERE ${same}${on} LIMIT 1)`;
}

/** Said where policies say it too: a policy alone does not lead a fleet of servers to the one that has the row. */
export function sameTenantSql(
  rules: Rules,
  { own, other, alias }: { readonly own: Table; readonly other: Table; readonly alias: string },
): Sql {
  const [mine, its] = [ownColumn(rules, { table: own }), ownColumn(rules, { table: other })];
  return rules.exclusive === true && mine !== undefined && its !== undefined
    ? sql`${column(alias, its)} = ${column('t', mine)} AND `
    : raw('');
}
