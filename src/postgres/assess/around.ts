/**
 * What stands around the rows of one table: who refers to them, which records tell of their use, when they were made, what their
 * parameters are. Only foreign keys say that a row depends on another one. Reads only, no locks.
 */
import type { Column, ForeignKey, Table } from '../../engine/catalogue/catalog.ts';
import type { Place } from '../../engine/rules/place.ts';
import type { Rules } from '../../engine/rules/references.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import type { Tx } from '../driver/database.ts';
import { findRowKey, keyExpression } from '../sql/keys.ts';
import { mineSql } from '../sql/row.ts';
import { allOf, bind, column, list, raw, render, rowsOf, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import { deadSql } from '../sql/state.ts';

export interface AroundAsked {
  readonly rules: Rules;
  readonly tenant: TenantKey;
  readonly table: Table;
  /** The rows, by their keys as text. */
  readonly keys: readonly string[];
}

export interface RowAround {
  dependents: number;
  /** Undefined where no record of use names rows of this table. */
  uses?: number;
  lastUse: string | null;
  created: string | null;
}

/** Of each row that was asked for. @param since the first day that counts as use */
export async function readAround(tx: Tx, asked: AroundAsked, since: string): Promise<Map<string, RowAround>> {
  const { rules, table, keys } = asked;
  const children = childrenOf(rules, table);
  const recorded = children.filter(({ record, moment }) => record && moment !== undefined);
  const around = new Map(
    keys.map((key): [string, RowAround] => [
      key,
      { dependents: 0, lastUse: null, created: null, ...(recorded.length === 0 ? {} : { uses: 0 }) },
    ]),
  );
  for (const { key, day } of await readCreated(tx, asked)) set(around, key, (row) => (row.created = day));
  for (const child of children.filter(({ record }) => !record))
    for (const { key, rows } of await countChildren(tx, asked, child))
      set(around, key, (row) => (row.dependents += rows));
  for (const child of recorded)
    for (const { key, rows, last } of await countUses(tx, asked, { child, since }))
      set(around, key, (row) => {
        row.uses = (row.uses ?? 0) + rows;
        if (last !== null && (row.lastUse === null || last > row.lastUse)) row.lastUse = last;
      });
  return around;
}

function set(around: Map<string, RowAround>, key: string, change: (row: RowAround) => void): void {
  const row = around.get(key);
  if (row !== undefined) change(row);
}

interface Child {
  readonly table: Table;
  readonly foreignKey: ForeignKey;
  /** It tells of what happened, so its rows depend on nothing: they are the use. */
  readonly record: boolean;
  /** When a row was written. */
  readonly moment: Column | undefined;
}

function childrenOf({ catalog, places }: Rules, { id }: Table): Child[] {
  const isRecord = (table: Table): boolean =>
    places.some(
      (place) => place.table === table.id && (place.role === 'history' || place.role === 'dead-copy'),
    );
  return catalog.tables.flatMap((table) =>
    table.foreignKeys
      .filter(({ references }) => references === id)
      .map((foreignKey) => ({ table, foreignKey, record: isRecord(table), moment: momentOf(table) })),
  );
}

/** The only time that a row has, or the one that is called so. Undefined where several could be meant. */
function momentOf({ columns }: Table): Column | undefined {
  const times = columns.filter(({ type }) => /^(timestamp|date)/.test(type));
  const [only, another] = times;
  return another === undefined
    ? only
    : times.find(({ name }) => /^(created|inserted)_?(at|on|date|time)?$/i.test(name));
}

/** In UTC, whatever the session says. */
function daySql(value: Sql, { type }: Column): Sql {
  const moment = type.endsWith('with time zone') ? sql`(${value} AT TIME ZONE 'UTC')` : value;
  return sql`to_char(${moment}, 'YYYY-MM-DD')`;
}

function createdColumn({ columns }: Table): Column | undefined {
  return columns.find(
    ({ name, type }) =>
      /^(created|inserted)_?(at|on|date|time)?$/i.test(name) && /^(timestamp|date)/.test(type),
  );
}

async function readCreated(
  tx: Tx,
  { rules, table, keys }: AroundAsked,
): Promise<{ readonly key: string; readonly day: string | null }[]> {
  const [key, created] = [findRowKey(rules, table), createdColumn(table)];
  if (key === undefined || created === undefined) return [];
  return ask(
    tx,
    sql`SELECT ${keyExpression(key, 't')}::text AS key, ${daySql(column('t', created.name), created)} AS day
      FROM ${rowsOf(table)} t WHERE ${keyExpression(key, 't')}::text = ANY (${bind(keys, 'text[]')})`,
  );
}

function countChildren(
  tx: Tx,
  asked: AroundAsked,
  { table, foreignKey }: Child,
): Promise<{ readonly key: string; readonly rows: number }[]> {
  const alive = sql`NOT ${deadSql({ rules: asked.rules, table })}`;
  return ask(
    tx,
    sql`SELECT ${parentKey(asked)} AS key, count(*)::int AS rows ${joined(asked, { table, foreignKey })} AND ${alive} GROUP BY 1`,
  );
}

function countUses(
  tx: Tx,
  asked: AroundAsked,
  { child: { table, foreignKey, moment }, since }: { readonly child: Child; readonly since: string },
): Promise<{ readonly key: string; readonly rows: number; readonly last: string | null }[]> {
  const at = moment === undefined ? raw('NULL::text') : daySql(column('t', moment.name), moment);
  return ask(
    tx,
    sql`SELECT ${parentKey(asked)} AS key, count(*) FILTER (WHERE ${at} >= ${bind(since, 'text')})::int AS rows, max(${at}) AS last
      ${joined(asked, { table, foreignKey })} GROUP BY 1`,
  );
}

function parentKey({ rules, table }: AroundAsked): Sql {
  const key = findRowKey(rules, table);
  return key === undefined ? raw('NULL::text') : sql`${keyExpression(key, 'p')}::text`;
}

/** The rows `t` of the tenant that refer to rows `p` that were asked for; not to themselves. */
function joined(asked: AroundAsked, { table, foreignKey }: Pick<Child, 'table' | 'foreignKey'>): Sql {
  const pairs = foreignKey.columns.map(
    (name, at) => sql`${column('t', name)} = ${column('p', foreignKey.referencedColumns[at] ?? '')}`,
  );
  const mine = mineSql({
    rules: asked.rules,
    table,
    size: 1,
    tenants: asked.tenant === undefined ? undefined : [asked.tenant],
  });
  const other = table.id === asked.table.id ? sql`t.ctid <> p.ctid` : raw('true');
  return sql`FROM ${rowsOf(table)} t JOIN ${rowsOf(asked.table)} p ON ${allOf(pairs)}
    WHERE ${parentKey(asked)} = ANY (${bind(asked.keys, 'text[]')}) AND ${other} AND ${mine}`;
}

/** Which of these rows refer to which of those: by the key of each. */
export function readEdges(
  tx: Tx,
  asked: AroundAsked,
  child: { readonly table: Table; readonly keys: readonly string[] },
): Promise<{ readonly dependent: string; readonly dependency: string }[]> {
  const key = findRowKey(asked.rules, child.table);
  const keysTo = child.table.foreignKeys.filter(({ references }) => references === asked.table.id);
  if (key === undefined || keysTo.length === 0) return Promise.resolve([]);
  const own = sql`${keyExpression(key, 't')}::text`;
  const parts = keysTo.map(
    (foreignKey) => sql`SELECT ${own} AS dependent, ${parentKey(asked)} AS dependency
      ${joined(asked, { table: child.table, foreignKey })} AND ${own} = ANY (${bind(child.keys, 'text[]')})`,
  );
  return ask(tx, sql`${parts.reduce((all, part) => sql`${all} UNION ${part}`)}`);
}

/** The documents with parameters beside some places, as text: by row, in the order of the places. */
export async function readDocuments(
  tx: Tx,
  { rules, table, keys }: AroundAsked,
  places: readonly Place[],
): Promise<Map<string, readonly (string | null)[]>> {
  const key = findRowKey(rules, table);
  if (key === undefined || places.length === 0) return new Map();
  const texts = places.map(({ parameters }) => sql`${column('t', parameters ?? '')}::text`);
  const own = sql`${keyExpression(key, 't')}::text`;
  const rows = await ask<{ key: string; texts: (string | null)[] }>(
    tx,
    sql`SELECT ${own} AS key, ARRAY[${list(texts)}]::text[] AS texts FROM ${rowsOf(table)} t
      WHERE ${own} = ANY (${bind(keys, 'text[]')})`,
  );
  return new Map(rows.map((row) => [row.key, row.texts]));
}

function ask<R extends object>(tx: Tx, query: Sql): Promise<R[]> {
  const { text, values } = render(query);
  return tx.many<R>(text, values);
}
