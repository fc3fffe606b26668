/** Rows by which tenants are told apart: found, named by their keys, copied with other keys. */
import type { Table } from '../../../engine/catalogue/catalog.ts';
import { rowKeyNames } from '../../../engine/rules/coverage.ts';
import type { Rules } from '../../../engine/rules/references.ts';
import type { Tx } from '../../driver/database.ts';
import { columnOf, equalsText } from '../../sql/cast.ts';
import { rowImage } from '../../sql/row-image.ts';
import { mineSql } from '../../sql/row.ts';
import { allOf, bind, change, column, ident, list, raw, rowsOf, sql, tableName } from '../../sql/sql.ts';
import type { Sql } from '../../sql/sql.ts';

export type ColumnTexts = ReadonlyMap<string, string | null>;

export interface ProbeRow {
  /** Every stored column that could be read, as text. */
  readonly values: ColumnTexts;
  /** What finds it again: its primary key, or else its place on disk. */
  readonly key: readonly string[];
  readonly madeBy?: 'role' | 'login';
}

/** How a row is shown. Keys alone are shown, never other values. */
export function shownKey({ key }: Pick<ProbeRow, 'key'>): string {
  return key.length === 1 ? (key[0] ?? '') : JSON.stringify(key);
}

export function keyNames(rules: Rules, table: Table): readonly string[] {
  return rowKeyNames(rules, table) ?? [];
}

/** The key of row `t` as a list of texts. */
export function keySql(rules: Rules, table: Table): Sql {
  const names = keyNames(rules, table);
  const parts =
    names.length === 0 ? [raw('t.tableoid'), raw('t.ctid')] : names.map((name) => column('t', name));
  return sql`ARRAY[${list(parts.map((part) => sql`${part}::text`))}]`;
}

/** Is row `t` that one? */
export function isRow(rules: Rules, table: Table, { key }: Pick<ProbeRow, 'key'>): Sql {
  const names = keyNames(rules, table);
  if (names.length === 0)
    return sql`t.tableoid = ${bind(key[0], 'text::oid')} AND t.ctid = ${bind(key[1], 'text::tid')}`;
  return allOf(
    names.map((name, at) =>
      equalsText(columnOf(table, name), column('t', name), bind(key[at] ?? '', 'text')),
    ),
  );
}

/** Does row `t` belong to the tenant, as far as whoever asks can see? */
export function isOf(rules: Rules, table: Table, tenant: string): Sql {
  return mineSql({ rules, table, size: 1, tenants: [tenant] });
}

/** A row of which a condition holds, or none. `readable`: the columns that whoever asks may read. */
export async function findRow(
  tx: Tx,
  { rules, table, readable }: { rules: Rules; table: Table; readable?: ReadonlySet<string> },
  where: Sql,
): Promise<ProbeRow | undefined> {
  const seen =
    readable === undefined
      ? table
      : { ...table, columns: table.columns.filter(({ name }) => readable.has(name)) };
  const row = await tx.maybeOne<{ image: Record<string, string | null>; key: string[] }>(
    sql`SELECT ${rowImage(seen)} AS image, ${keySql(rules, table)} AS key FROM ${rowsOf(table)} t WHERE ${where} LIMIT 1`,
  );
  return row === undefined ? undefined : { values: new Map(Object.entries(row.image)), key: row.key };
}

/** INSERT of a row with these values; the other columns are the database's to fill. */
export function insertSql(table: Table, values: ColumnTexts): Sql {
  const names = [...values.keys()];
  const texts = names.map((name) => valueSql(table, name, values.get(name) ?? null));
  return change`INSERT INTO ${tableName(table)} AS t (${list(names.map(ident))}) OVERRIDING SYSTEM VALUE VALUES (${list(texts)})`;
}

/** A text as a value of the column. */
export function valueSql(table: Table, name: string, text: string | null): Sql {
  return bind(text, `text::${columnOf(table, name).type}`);
}

/** The key that a row with these values will have; undefined where the database makes a part of it. */
export function keyOf(rules: Rules, table: Table, values: ColumnTexts): readonly string[] | undefined {
  const parts = keyNames(rules, table).map((name) => values.get(name));
  return parts.length > 0 && parts.every((part) => typeof part === 'string') ? parts : undefined;
}
