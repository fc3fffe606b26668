/**
 * Rows of one table of Drover's own schema, told by its name and columns. Every statement carries the tenant although
 * row-level security binds it, too: a policy alone does not tell a fleet which shard to ask.
 */
import { Binder } from '../../postgres/sql/binder.ts';
import type { Tx } from '../../postgres/driver/database.ts';
import { quoteIdent, quoteTable } from '../../postgres/sql/identifiers.ts';
import { many, maybeOne, prepared, type Question, readAs, type Row } from '../../postgres/driver/question.ts';

export interface RowTable {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
  /** Whose rows; undefined for a table that belongs to everybody, or to the operator. */
  readonly tenant: { readonly column: string; readonly id: string } | undefined;
}

/** `present` and `absent` ask whether the column is null and take no value. */
export interface Condition {
  readonly column: string;
  readonly test: 'equals' | 'in' | 'from' | 'before' | 'present' | 'absent';
  readonly type?: string;
  readonly value?: unknown;
}

export interface PageQuery {
  readonly conditions: readonly Condition[];
  /** Rows come in the order of this column, and of `id` where it is equal. */
  readonly order: { readonly column: string; readonly type: string; readonly descending: boolean };
  readonly after: { readonly value: string; readonly id: string } | undefined;
  readonly limit: number;
  /** Columns that may hold much. */
  readonly large: readonly string[];
}

/** A row, and where it stands in the order of the page, as text without loss. */
export type PagedRow = Row & { readonly drover_order: string };

/** A page, and whether there is more after it. */
export interface RowPage {
  readonly rows: readonly PagedRow[];
  readonly more: boolean;
}

/** More than this the large columns of a page do not hold together, whatever the limit; the first row always comes. */
const maxPageBytes = 4_194_304;

/**
 * The rows after a position, at most `limit`. By the tenant's part of the primary key; pages are sorted, not indexed. How
 * large the rows are is asked of those of the page only, and before they travel.
 */
export function listRows(table: RowTable, query: PageQuery): Question<RowPage> {
  const binder = new Binder();
  const column = quoteIdent(query.order.column);
  const direction = query.order.descending ? 'DESC' : 'ASC';
  const order = (alias: string): string => `${alias}.${column} ${direction}, ${alias}."id" ${direction}`;
  const size = [
    '0',
    ...query.large.map((name) => `coalesce(octet_length(p.${quoteIdent(name)}::text), 0)`),
  ].join(' + ');
  const names = table.columns.map((name) => `t.${quoteIdent(name)}`).join(', ');
  const found = many<PagedRow & { drover_found: number }>(
    prepared(`WITH page AS MATERIALIZED (
       SELECT ${names} FROM ${quoteTable(table)} t WHERE ${pageSql(binder, table, query)}
       ORDER BY ${order('t')} LIMIT ${binder.bind(query.limit + 1, 'bigint')}
     ), weighed AS (
       SELECT p.*, count(*) OVER () AS drover_found, sum(${size}) OVER (ORDER BY ${order('p')}) - (${size}) AS drover_before FROM page p
     )
     SELECT ${names}, t.${column}::text AS drover_order, t.drover_found FROM weighed t
     WHERE t.drover_before < ${maxPageBytes} ORDER BY ${order('t')}`),
    binder.values,
  );
  return readAs(found, (rows) => {
    const page = rows.slice(0, query.limit);
    return { rows: page, more: (rows[0]?.drover_found ?? 0) > page.length };
  });
}

function pageSql(binder: Binder, table: RowTable, { conditions, order, after }: PageQuery): string {
  const where = [ownedSql(binder, table), ...conditions.map((condition) => conditionSql(binder, condition))];
  if (after !== undefined) {
    const position = `(${binder.bind(after.value, `text::${order.type}`)}, ${binder.bind(after.id, 'text::uuid')})`;
    where.push(`(t.${quoteIdent(order.column)}, t."id") ${order.descending ? '<' : '>'} ${position}`);
  }
  return where.join(' AND ');
}

/** One row; locked against changes until the transaction ends where that is asked for. */
export function findRow(
  table: RowTable,
  { id, lock }: { readonly id: string; readonly lock?: boolean },
): Question<Row | undefined> {
  const binder = new Binder();
  return maybeOne(
    prepared(
      `SELECT ${columnsSql(table)} FROM ${quoteTable(table)} t WHERE ${keySql(binder, table, id)}${lock === true ? ' FOR UPDATE' : ''}`,
    ),
    binder.values,
  );
}

export function insertRow(tx: Tx, table: RowTable, values: Row): Promise<Row> {
  const owned = table.tenant === undefined ? {} : { [table.tenant.column]: table.tenant.id };
  const all = { ...owned, ...values };
  const names = Object.keys(all);
  return tx.one(
    `INSERT INTO ${quoteTable(table)} AS t (${names.map(quoteIdent).join(', ')})
     VALUES (${names.map((_, at) => `$${at + 1}`).join(', ')}) RETURNING ${columnsSql(table)}`,
    Object.values(all),
  );
}

export interface RowChange {
  readonly id: string;
  readonly values: Row;
  /** Columns that get the moment of the statement. */
  readonly stamped: readonly string[];
}

/** Changes a row that the transaction holds locked. */
export function updateRow(tx: Tx, table: RowTable, { id, values, stamped }: RowChange): Promise<Row> {
  const names = Object.keys(values);
  const sets = [
    ...names.map((name, at) => `${quoteIdent(name)} = $${at + 1}`),
    ...stamped.map((name) => `${quoteIdent(name)} = statement_timestamp()`),
  ];
  const key = [id, ...(table.tenant === undefined ? [] : [table.tenant.id])];
  const owned =
    table.tenant === undefined ? '' : ` AND t.${quoteIdent(table.tenant.column)} = $${names.length + 2}`;
  return tx.one(
    `UPDATE ${quoteTable(table)} AS t SET ${sets.join(', ')} WHERE t."id" = $${names.length + 1}${owned} RETURNING ${columnsSql(table)}`,
    [...Object.values(values), ...key],
  );
}

export async function deleteRow(tx: Tx, table: RowTable, id: string): Promise<void> {
  const binder = new Binder();
  await tx.run(`DELETE FROM ${quoteTable(table)} t WHERE ${keySql(binder, table, id)}`, binder.values);
}

function columnsSql({ columns }: RowTable): string {
  return columns.map((column) => `t.${quoteIdent(column)}`).join(', ');
}

function keySql(binder: Binder, table: RowTable, id: string): string {
  return `${ownedSql(binder, table)} AND t."id" = ${binder.bind(id, 'text::uuid')}`;
}

function ownedSql(binder: Binder, { tenant }: RowTable): string {
  return tenant === undefined
    ? 'true'
    : `t.${quoteIdent(tenant.column)} = ${binder.bind(tenant.id, 'text::uuid')}`;
}

function conditionSql(binder: Binder, { column, test, type = 'text', value }: Condition): string {
  const name = `t.${quoteIdent(column)}`;
  const cast = type === 'text' ? 'text' : `text::${type}`;
  switch (test) {
    case 'present':
      return `${name} IS NOT NULL`;
    case 'absent':
      return `${name} IS NULL`;
    case 'in':
      return `${name} = ANY (${binder.bind(value, 'text[]')}${type === 'text' ? '' : `::${type}[]`})`;
    case 'from':
      return `${name} >= ${binder.bind(value, cast)}`;
    case 'before':
      return `${name} < ${binder.bind(value, cast)}`;
    case 'equals':
      return `${name} = ${binder.bind(value, cast)}`;
  }
}
