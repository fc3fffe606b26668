/**
 * Rows as they are after a merge: SQL over row `t`, the same for the facts and for the statement that changes them. Whatever refers to a
 * lost row holds afterwards what the row has to which that one is lost.
 */
import type { Column, Table, TableId } from '../../engine/catalogue/catalog.ts';
import { rowKeyNames } from '../../engine/rules/coverage.ts';
import { tableOf } from '../../engine/rules/references.ts';
import type { Rules } from '../../engine/rules/references.ts';
import type { Subject } from '../../engine/rules/rows/followers.ts';
import { changedTables, subjectOfMapping } from '../../engine/rules/rows/merging.ts';
import type { ChangedColumn, KeyMapping } from '../../engine/rules/rows/merging.ts';
import { columnOf, equalsAny, isExact } from './cast.ts';
import { becomesSql } from './key-map.ts';
import { holdsSql } from './following.ts';
import { findRowKey, keyExpression, keyHash } from './keys.ts';
import type { RowKey } from './keys.ts';
import type { Each, RowContext } from './match.ts';
import { mineSql, ownerSql } from './row.ts';
import { allOf, anyOf, bind, column, ident, join, list, raw, rowsOf, sql } from './sql.ts';
import type { Sql } from './sql.ts';

/** A merge as far as it is known: what rows are lost, and what the values become by which others refer to them. */
export interface Merging {
  readonly rules: Rules;
  readonly subject: Subject;
  readonly tenants: Each | undefined;
  readonly mappings: readonly KeyMapping[];
  /** So many pairs of the first mapping are those of the rows that were asked for. */
  readonly rows: number;
  /** By table, the keys of rows that are lost. */
  readonly lost: ReadonlyMap<TableId, readonly string[]>;
}

/** A table of which rows change or go. */
export interface MergedTable {
  readonly table: Table;
  readonly key: RowKey;
  readonly context: RowContext;
  /** The columns that change, each once: does it in row `t`, and what it holds then. */
  readonly columns: readonly { readonly name: string; readonly follows: Sql; readonly value: Sql }[];
}

/** Of each table by its id; none of a table without a key, of which nothing can be said. */
export function mergedTables(merging: Merging): Map<TableId, MergedTable> {
  const { rules, subject, mappings, lost, tenants } = merging;
  const changed = new Map(
    changedTables(rules.catalog, subject, mappings).map((one) => [one.table, one.columns]),
  );
  const found = new Map<TableId, MergedTable>();
  for (const id of [...new Set([...changed.keys(), ...lost.keys()])].toSorted()) {
    const table = tableOf(rules, id);
    const key = findRowKey(rules, table);
    const context = { rules, table, size: 1, tenants };
    const columns = columnsAfter(merging, context, changed.get(id) ?? []);
    if (key !== undefined) found.set(id, { table, key, context, columns });
  }
  return found;
}

function columnsAfter(
  merging: Merging,
  context: RowContext,
  columns: readonly ChangedColumn[],
): MergedTable['columns'] {
  return [...Map.groupBy(columns, ({ column: name }) => name)].map(([name, all]) => {
    const byMapping = [...Map.groupBy(all, ({ by }) => by)].map(([by, same]) => ({
      follows: anyOf(same.map((one) => sql`(${refersSql(merging, context, one)})`)),
      value: valueSql(merging, context, { name, by }),
    }));
    const cases = byMapping.map(({ follows, value }) => sql`WHEN ${follows} THEN ${value}`);
    return {
      name,
      follows: anyOf(byMapping.map(({ follows }) => follows)),
      value: sql`CASE ${join(cases, ' ')} ELSE ${column('t', name)} END`,
    };
  });
}

/** Does row `t` refer by the column to a lost row? */
function refersSql(
  { rules, subject, mappings, tenants, rows }: Merging,
  context: RowContext,
  one: ChangedColumn,
): Sql {
  const mapping = mappings[one.by];
  if (mapping === undefined) return raw('false');
  const asked = one.by === 0 ? rows : 0;
  const keys = mapping.pairs.slice(0, asked).map(([text]) => text);
  const itself = keys.length > 0 ? [holdsSql({ rules, subject, keys, tenants }, context, one)] : [];
  const among = mapping.pairs.slice(asked).map(([text]) => text);
  if (among.length === 0) return anyOf(itself);
  const holds = equalsAny(
    ledTo(rules, mapping, columnOf(context.table, one.column)),
    column('t', one.column),
    (type) => bind(among, type),
  );
  const apart = subjectOfMapping(rules.catalog, mapping).beside.length > 0;
  return anyOf([...itself, sql`(${allOf([holds, ...(apart ? [mineSql(context)] : [])])})`]);
}

function valueSql(
  { rules, mappings }: Merging,
  { table }: RowContext,
  { name, by }: { name: string; by: number },
): Sql {
  const own = columnOf(table, name);
  const mapping = mappings[by];
  const pairs = (mapping?.pairs ?? []).map(([from, to]) => ({ from, to }));
  return becomesSql(own, column('t', name), pairs, mapping && ledTo(rules, mapping, own));
}

/** A foreign key compares as the column does to which it leads: a date refers to the moment at which the day begins, and to no other. */
function ledTo(rules: Rules, { table, column: name }: KeyMapping, own: Column): Column {
  const led = columnOf(tableOf(rules, table), name);
  return isExact(led) ? own : led;
}

/** Is row `t` of these keys? Where the key leaves out the tenant, of this tenant alone. */
export function ofKeys(one: Pick<MergedTable, 'table' | 'key' | 'context'>, keys: readonly string[]): Sql {
  const { key } = one;
  const among = sql`${keyExpression(key, 't')} = ANY (${bind(keys, key.type === 'text' ? 'text[]' : `text[]::${key.type}[]`)})`;
  return allOf([among, ...ofTenant(one)]);
}

/** A key that leaves out the tenant says which row is meant only within it. */
export function ofTenant({ table, key, context }: Pick<MergedTable, 'table' | 'key' | 'context'>): Sql[] {
  const whole = rowKeyNames(context.rules, table)?.length ?? 0;
  return key.columns.length < whole ? [mineSql(context)] : [];
}

/** Does row `t` change in some column? */
export function changesSql({ columns }: Pick<MergedTable, 'columns'>): Sql {
  return anyOf(columns.map(({ follows }) => follows));
}

/**
 * The rows as they are afterwards, as a SELECT with the names of the columns: `"drover:k"` is the key that the row has now,
 * `"drover:m"` whether it changes. @param computed what the database computes, as expressions, where they are asked for
 */
export function rowsAfter(
  one: MergedTable,
  { where, computed }: { readonly where?: Sql; readonly computed?: ReadonlyMap<string, string> } = {},
): Sql {
  // Values are compared as wider integers than some columns hold, and functions of a key want the type of the column.
  const typed = (name: string, value: Sql): Sql => {
    const { kind, type } = columnOf(one.table, name);
    return kind === 'integer' ? sql`(${value})::${raw(type)}` : value;
  };
  const after = new Map(one.columns.map(({ name, value }) => [name, typed(name, value)]));
  const plain = one.table.columns.filter(({ name }) => computed?.has(name) !== true);
  const columns = [
    sql`${keyExpression(one.key, 't')}::text AS "drover:k"`,
    sql`coalesce(${changesSql(one)}, false) AS "drover:m"`,
    ...plain.map(({ name }) => sql`${after.get(name) ?? column('t', name)} AS ${ident(name)}`),
  ];
  const tests = allOf([...ofTenant(one), ...(where === undefined ? [] : [where])]);
  const rows = sql`SELECT ${list(columns)} FROM ${rowsOf(one.table)} t WHERE ${tests}`;
  if (computed === undefined || computed.size === 0) return rows;
  const derived = [...computed].map(([name, text]) => sql`, (${raw(text)}) AS ${ident(name)}`);
  return sql`SELECT d.*${join(derived, '')} FROM (${rows}) d`;
}

/** How many rows change and stay, how many of all are other tenants', and a digest of the keys. */
export function countChangedSql(each: MergedTable, isLost: Sql, shared: boolean): Sql {
  const others = shared
    ? raw('0::bigint')
    : sql`count(*) FILTER (WHERE ${ownerSql(each.context)} IN ('other', 'disagree'))`;
  const stays = sql`NOT (${isLost})`;
  return sql`SELECT ${bind(each.table.id, 'text')} AS "table", count(*) FILTER (WHERE ${stays}) AS rows, ${others} AS others,
    coalesce(sum(${keyHash(each.key)}::numeric), 0)::text AS digest
    FROM ${rowsOf(each.table)} t WHERE ${anyOf([sql`(${changesSql(each)})`, sql`(${isLost})`])}`;
}
