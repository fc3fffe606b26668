/**
 * Rows of one table of Drover's own schema, told by its name and columns. Every statement carries the tenant although
 * row-level security binds it, too: a policy alone does not tell a fleet which shard to ask.
 */
import type { Tx } from '../../postgres/driver/database.ts';
import { many, maybeOne, prepared, type Question, readAs, type Row } from '../../postgres/driver/question.ts';
import { quoteIdent, quoteTable } from '../../postgres/sql/identifiers.ts';
import { allOf, bind, change, column, join, raw, sql, tableName } from '../../postgres/sql/sql.ts';
import type { Sql } from '../../postgres/sql/sql.ts';

export interface RowTable {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
  /** Whose rows; undefined for a table that belongs to everybody, or to the operator. */
  readonly tenant: { readonly column: string; readonly id: string } | undefined;
}

/** `present` and `absent` ask whether the column is null and take no value. */
export interface RowFilter {
  readonly column: string;
  readonly test: 'equals' | 'in' | 'from' | 'before' | 'present' | 'absent';
  readonly type?: string;
  readonly value?: unknown;
}

interface PageQuery {
  readonly conditions: readonly RowFilter[];
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
interface RowPage {
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
  const found = many<PagedRow & { drover_found: number }>(prepared(pageSql(table, query)));
  return readAs(found, (rows) => {
    const page = rows.slice(0, query.limit);
    return { rows: page, more: (rows[0]?.drover_found ?? 0) > page.length };
  });
}

function pageSql(table: RowTable, { conditions, order, after, limit, large }: PageQuery): Sql {
  const names = columnsSql(table);
  const sizes = large.map((name) => sql` + coalesce(octet_length(${column('p', name)}::text), 0)`);
  const size = sql`0${join(sizes, '')}`;
  const where = [
    ownedSql(table),
    ...conditions.map(conditionSql),
    ...(after === undefined ? [] : [laterSql(order, after)]),
  ];
  return sql`WITH page AS MATERIALIZED (
       SELECT ${names} FROM ${tableName(table)} t WHERE ${allOf(where)}
       ORDER BY ${orderSql('t', order)} LIMIT ${bind(limit + 1, 'bigint')}
     ), weighed AS (
       SELECT p.*, count(*) OVER () AS drover_found,
         sum(${size}) OVER (ORDER BY ${orderSql('p', order)}) - (${size}) AS drover_before
       FROM page p
     )
     SELECT ${names}, ${column('t', order.column)}::text AS drover_order, t.drover_found FROM weighed t
     WHERE t.drover_before < ${raw(String(maxPageBytes))} ORDER BY ${orderSql('t', order)}`;
}

function orderSql(alias: string, { column: name, descending }: PageQuery['order']): Sql {
  const direction = raw(descending ? 'DESC' : 'ASC');
  return sql`${column(alias, name)} ${direction}, ${column(alias, 'id')} ${direction}`;
}

function laterSql(
  { column: name, type, descending }: PageQuery['order'],
  after: NonNullable<PageQuery['after']>,
): Sql {
  const position = sql`(${bind(after.value, `text::${type}`)}, ${bind(after.id, 'text::uuid')})`;
  return sql`(${column('t', name)}, t."id") ${raw(descending ? '<' : '>')} ${position}`;
}

/** One row; locked against changes until the transaction ends where that is asked for. */
export function findRow(
  table: RowTable,
  { id, lock }: { readonly id: string; readonly lock?: boolean },
): Question<Row | undefined> {
  const how = raw(lock === true ? ' FOR UPDATE' : '');
  const query = sql`SELECT ${columnsSql(table)} FROM ${tableName(table)} t WHERE ${keySql(table, id)}${how}`;
  return maybeOne(prepared(query));
}

export function insertRow(tx: Tx, table: RowTable, values: Row): Promise<Row> {
  const owned = table.tenant === undefined ? {} : { [table.tenant.column]: table.tenant.id };
  const all = { ...owned, ...values };
  const names = Object.keys(all);
  return tx.one(
    `INSERT INTO ${quoteTable(table)} AS t (${names.map(quoteIdent).join(', ')})
     VALUES (${names.map((_, at) => `$${at + 1}`).join(', ')}) RETURNING ${namesOf(table)}`,
    Object.values(all),
  );
}

interface RowValues {
  readonly id: string;
  readonly values: Row;
  /** Columns that get the moment of the statement. */
  readonly stamped: readonly string[];
}

/** Changes a row that the transaction holds locked. */
export function updateRow(tx: Tx, table: RowTable, { id, values, stamped }: RowValues): Promise<Row> {
  const names = Object.keys(values);
  const sets = [
    ...names.map((name, at) => `${quoteIdent(name)} = $${at + 1}`),
    ...stamped.map((name) => `${quoteIdent(name)} = statement_timestamp()`),
  ];
  const key = [id, ...(table.tenant === undefined ? [] : [table.tenant.id])];
  const owned =
    table.tenant === undefined ? '' : ` AND t.${quoteIdent(table.tenant.column)} = $${names.length + 2}`;
  return tx.one(
    `UPDATE ${quoteTable(table)} AS t SET ${sets.join(', ')} WHERE t."id" = $${names.length + 1}${owned} RETURNING ${namesOf(table)}`,
    [...Object.values(values), ...key],
  );
}

export async function deleteRow(tx: Tx, table: RowTable, id: string): Promise<void> {
  await tx.run(change`DELETE FROM ${tableName(table)} t WHERE ${keySql(table, id)}`);
}

function namesOf({ columns }: RowTable): string {
  return columns.map((name) => `t.${quoteIdent(name)}`).join(', ');
}

function columnsSql(table: RowTable): Sql {
  return raw(namesOf(table));
}

function keySql(table: RowTable, id: string): Sql {
  return sql`${ownedSql(table)} AND t."id" = ${bind(id, 'text::uuid')}`;
}

function ownedSql({ tenant }: RowTable): Sql {
  if (tenant === undefined) return raw('true');
  return sql`${column('t', tenant.column)} = ${bind(tenant.id, 'text::uuid')}`;
}

function conditionSql({ column: name, test, type = 'text', value }: RowFilter): Sql {
  const own = column('t', name);
  const cast = type === 'text' ? 'text' : `text::${type}`;
  switch (test) {
    case 'present':
      return sql`${own} IS NOT NULL`;
    case 'absent':
      return sql`${own} IS NULL`;
    case 'in':
      return sql`${own} = ANY (${bind(value, type === 'text' ? 'text[]' : `text[]::${type}[]`)})`;
    case 'from':
      return sql`${own} >= ${bind(value, cast)}`;
    case 'before':
      return sql`${own} < ${bind(value, cast)}`;
    case 'equals':
      return sql`${own} = ${bind(value, cast)}`;
  }
}
