/** Settings of the rows that a merge removes, which the rows that survive do not have: a limit, a flag, whose default it is. */
import type { Column, Table } from '../../engine/catalogue/catalog.ts';
import type { MergedSetting } from '../../engine/plan/snapshot.ts';
import type { Place } from '../../engine/rules/place.ts';
import { mergedRowsSql } from '../sql/collision.ts';
import { findRowKey, keyExpression } from '../sql/keys.ts';
import { columnsOf } from '../sql/match.ts';
import type { PlaceRow, RowContext } from '../sql/match.ts';
import { column, list, raw, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';

export interface MergedRow {
  /** By column of `settingsOf`. */
  readonly rows: readonly number[];
  readonly examples: readonly (string | null)[];
}

/** The columns that say something of their own: no key, nothing computed, no time of a change. */
function settingsOf({ columns, primaryKey }: Table, place: Place): Column[] {
  const own = columnsOf({ place });
  return columns.filter(
    ({ name, generated, computed, type }) =>
      !generated &&
      !computed &&
      !primaryKey.includes(name) &&
      !own.includes(name) &&
      !isChangeTime(name, type),
  );
}

function isChangeTime(name: string, type: string): boolean {
  return /^(time|date)/.test(type) && /^(created|inserted|updated|modified|changed)/i.test(name);
}

/** One row: how many removed rows have what the survivors lack, by column, and an example of each. Undefined without such columns. */
export function mergedSql(context: RowContext, row: PlaceRow, removed: Sql): Sql | undefined {
  const columns = settingsOf(context.table, row.place);
  const key = findRowKey(context.rules, context.table);
  if (columns.length === 0 || key === undefined) return undefined;
  const named = sql`${keyExpression(key, 't')}::text`;
  const parts = columns.map((one) => {
    const [before, after] = [sql`${column('t', one.name)}::text`, sql`${column('s', one.name)}::text`];
    const lost = lostSql(one, before, after);
    const example = sql`jsonb_build_array(${named}, ${before}, ${after})::text`;
    return {
      rows: sql`count(*) FILTER (WHERE ${lost})`,
      example: sql`(array_agg(${example} ORDER BY ${named}) FILTER (WHERE ${lost}))[1]`,
    };
  });
  return sql`SELECT ARRAY[${list(parts.map(({ rows }) => rows))}]::bigint[] AS rows,
      ARRAY[${list(parts.map(({ example }) => example))}]::text[] AS examples
    FROM ${mergedRowsSql(context, row, removed)}`;
}

/** A flag that is off, and an empty document, are nothing that could be lost. */
function lostSql({ type }: Column, before: Sql, after: Sql): Sql {
  const nothing = raw(type === 'boolean' ? `('false')` : `('', '{}', '[]', 'null')`);
  return sql`(${before} IS DISTINCT FROM ${after} AND ${before} NOT IN ${nothing})`;
}

export function mergedSettings(table: Table, place: Place, { rows, examples }: MergedRow): MergedSetting[] {
  return settingsOf(table, place).flatMap(({ name }, at) => {
    const example = examples[at] ?? null;
    if (example === null) return [];
    const [key, removed, survivor] = JSON.parse(example) as [string, string, string | null];
    return [{ place: place.id, column: name, rows: rows[at] ?? 0, example: { key, removed, survivor } }];
  });
}
