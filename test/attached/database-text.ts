/** A whole database as text, so that "nothing else changed" can be said of every byte of every row. */
import type { Database } from '../../src/postgres/driver/database.ts';

/** Rows as text, sorted, by table; partitions are in their parent. */
export type DatabaseText = ReadonlyMap<string, readonly string[]>;

export interface TableSelect {
  readonly name: string;
  readonly select: string;
}

/** The tables of the database and how to read each of them, without the columns named in `without` (`table.column`). */
export async function listTables(
  database: Database,
  without: readonly string[] = [],
): Promise<TableSelect[]> {
  return database.transaction({ readOnly: true }, (tx) => tx.many<TableSelect>(tablesSql, [without]));
}

const tablesSql = `
  SELECT t.name, format('SELECT ROW(%s)::text AS line FROM %I.%I', string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum), t.nspname, t.relname) AS select
  FROM (SELECT c.oid, n.nspname, c.relname, CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname AS name
        FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_') AS t
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE t.name || '.' || a.attname <> ALL ($1::text[])
  GROUP BY t.name, t.nspname, t.relname
  ORDER BY t.name COLLATE "C"`;

/** All rows of these tables. */
export async function readDatabase(
  database: Database,
  tables: readonly TableSelect[],
): Promise<DatabaseText> {
  return database.transaction({ readOnly: true }, async (tx) => {
    const text = new Map<string, readonly string[]>();
    for (const { name, select } of tables) {
      const rows = await tx.many<{ line: string }>(select);
      text.set(name, rows.map(({ line }) => line).toSorted());
    }
    return text;
  });
}

/** How many rows of each table are gone and how many are new; a table without a difference is absent. */
export function compareDatabases(
  before: DatabaseText,
  after: DatabaseText,
): Record<string, { gone: number; new: number }> {
  const changes: Record<string, { gone: number; new: number }> = {};
  for (const [table, rows] of before) {
    const gone = countMissing(rows, after.get(table) ?? []);
    const added = countMissing(after.get(table) ?? [], rows);
    if (gone + added > 0) changes[table] = { gone, new: added };
  }
  return changes;
}

/** How many of `rows` have no match of their own among `others`. */
function countMissing(rows: readonly string[], others: readonly string[]): number {
  const left = new Map<string, number>();
  for (const row of others) left.set(row, (left.get(row) ?? 0) + 1);
  return rows.filter((row) => {
    const count = left.get(row) ?? 0;
    left.set(row, count - 1);
    return count <= 0;
  }).length;
}

/** The rows of a query with every value as text. */
export async function queryText(database: Database, sql: string): Promise<(string | null)[][]> {
  const rows = await database.transaction({ readOnly: true }, (tx) =>
    tx.many<{ cells: string }>(`
      SELECT (SELECT json_agg(cell.value ORDER BY cell.position)::text
              FROM json_each_text(row_to_json(asked)) WITH ORDINALITY AS cell (name, value, position)) AS cells
      FROM (${sql}) AS asked`),
  );
  return rows.map(({ cells }) => JSON.parse(cells) as (string | null)[]);
}
