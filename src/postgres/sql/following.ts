/** Which rows follow a row whose key changes: SQL over row `t`, the same for the facts and for the statement that changes them. */
import type { Follower, FollowingColumn, Subject } from '../../engine/rules/rows/followers.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { columnOf, equalsEach } from './cast.ts';
import { isAmong } from './key-map.ts';
import type { Each, RowContext } from './match.ts';
import { mineSql, ownColumn } from './row.ts';
import { allOf, anyOf, column, rowsOf, sql } from './sql.ts';
import type { Sql } from './sql.ts';

/** The keys by which rows are looked for, and what is known of these. */
export interface FollowedKey {
  readonly rules: Rules;
  readonly subject: Subject;
  /** At least one. */
  readonly keys: readonly string[];
  /** Of the tenant; undefined where the database has a single one. */
  readonly tenants: Each | undefined;
}

/** Does the row have one of the keys in one of the columns that follow? */
export function followsSql(about: FollowedKey, context: RowContext, { columns }: Follower): Sql {
  return anyOf(columns.map((one) => sql`(${holdsSql(about, context, one)})`));
}

/** The columns that follow, each once, with all that says that it does. */
export function followingColumns(
  about: FollowedKey,
  context: RowContext,
  { columns }: Follower,
): { readonly name: string; readonly follows: Sql }[] {
  return [...Map.groupBy(columns, (one) => one.column)].map(([name, same]) => ({
    name,
    follows: anyOf(same.map((one) => sql`(${holdsSql(about, context, one)})`)),
  }));
}

/** Is it one of the rows themselves? */
export function isRowSql(about: FollowedKey, context: RowContext, { columns }: Follower): Sql {
  return anyOf(
    columns
      .filter(({ foreignKey }) => foreignKey === undefined)
      .map((one) => sql`(${holdsSql(about, context, one)})`),
  );
}

export function holdsSql(about: FollowedKey, context: RowContext, one: FollowingColumn): Sql {
  const { subject, keys } = about;
  const holds = isAmong(columnOf(context.table, one.column), column('t', one.column), keys);
  if (one.foreignKey === undefined) return allOf([holds, mineSql(context)]);
  const beside = one.beside.map(({ column: name, own }) =>
    besideSql(about, context, { by: one.column, name, own }),
  );
  return allOf([holds, ...(subject.beside.length > one.beside.length ? [mineSql(context)] : []), ...beside]);
}

/** Does the column hold what the row itself holds beside the key? The tenant is known, and an index on it serves. */
function besideSql(
  { rules, subject: { table, key }, keys, tenants }: FollowedKey,
  context: RowContext,
  { by, name, own }: { readonly by: string; readonly name: string; readonly own: string },
): Sql {
  const here = columnOf(context.table, name);
  if (tenants !== undefined && ownColumn(rules, { table }) === own)
    return equalsEach(here, column('t', name), tenants);
  const row = { rules, table, size: 1, tenants };
  const themselves = allOf([isAmong(columnOf(table, key), column('t', key), keys), mineSql(row)]);
  const held = sql`SELECT ${column('t', own)} FROM ${rowsOf(table)} t WHERE ${themselves}`;
  if (keys.length === 1) return sql`${column('t', name)} = (${held})`;
  const both = sql`SELECT ${column('t', key)}::text, ${column('t', own)} FROM ${rowsOf(table)} t WHERE ${themselves}`;
  return sql`(${column('t', by)}::text, ${column('t', name)}) IN (${both})`;
}
