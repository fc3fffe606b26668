/**
 * Statements that a connection keeps prepared, because they are asked by every request and planning them takes several times as
 * long as running them. Only what is found by keys goes here: a plan that is kept is the same for every tenant and every value.
 * Row-level security is none the weaker: PostgreSQL plans a kept statement again for another role, and asks the tenant when it runs.
 */
import { render } from '../sql/sql.ts';
import type { Rendered, Sql } from '../sql/sql.ts';

const limit = 400;
const names = new Map<string, string>();

/** The same text, to be kept by each connection that sends it. Texts are made from declarations, so there are some hundred. */
export function prepared(sql: string): string {
  if (!names.has(sql) && names.size < limit) names.set(sql, `drover_${names.size + 1}`);
  return sql;
}

/** The same of a statement that is put together as data: its text, and its parameters. */
export function preparedSql(query: Sql): [sql: string, params: Rendered['values']] {
  const { text, values } = render(query);
  return [prepared(text), values];
}

/** What a text is kept as; empty for one that is not. */
export function preparedName(sql: string): string {
  return names.get(sql) ?? '';
}
