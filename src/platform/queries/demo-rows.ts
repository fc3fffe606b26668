/** Rows given as data. Set-based: one statement per table, whatever the number of rows. */
import type { Tx } from '../../postgres/driver/database.ts';
import { quoteIdent, quoteTable } from '../../postgres/sql/identifiers.ts';

export interface RowsOfTable {
  readonly schema: string;
  readonly table: string;
  /** All with the same columns. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** Inserts the rows whose key is not taken, leaves the others as they are, and returns how many were inserted. */
export async function insertMissing(tx: Tx, { schema, table, rows }: RowsOfTable): Promise<number> {
  const [first] = rows;
  if (first === undefined) return 0;
  const columns = Object.keys(first).map(quoteIdent).join(', ');
  const target = quoteTable({ schema, name: table });
  return tx.run(
    `INSERT INTO ${target} (${columns})
     SELECT ${columns} FROM pg_catalog.jsonb_populate_recordset(NULL::${target}, $1::jsonb)
     ON CONFLICT DO NOTHING`,
    [JSON.stringify(rows)],
  );
}

/** How many tenants there are, of the demo and others. For an operator. */
export async function countTenants(tx: Tx, schema: string): Promise<{ demo: number; others: number }> {
  return tx.one<{ demo: number; others: number }>(
    `SELECT count(*) FILTER (WHERE is_demo) AS demo, count(*) FILTER (WHERE NOT is_demo) AS others
     FROM ${quoteTable({ schema, name: 'tenants' })}`,
  );
}

/** Has the tenant of this transaction a key of that name, valid or not? */
export async function hasKeyNamed(tx: Tx, schema: string, name: string): Promise<boolean> {
  const { found } = await tx.one<{ found: boolean }>(
    `SELECT EXISTS (SELECT FROM ${quoteTable({ schema, name: 'api_keys' })} WHERE name = $1) AS found`,
    [name],
  );
  return found;
}

/** Has the tenant of this transaction any user? */
export async function hasUsers(tx: Tx, schema: string): Promise<boolean> {
  const { found } = await tx.one<{ found: boolean }>(
    `SELECT EXISTS (SELECT FROM ${quoteTable({ schema, name: 'users' })}) AS found`,
  );
  return found;
}
