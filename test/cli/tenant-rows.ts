/** What the tenants have, apart from Drover's records about its own work. */
import type { Tx } from '../../src/postgres/driver/database.ts';
import { digestRows } from '../support/platform.ts';
import { recordTables } from '../support/record-tables.ts';

/** A digest of every row of every table of the tenants, by table. */
export async function digestTenants(tx: Tx): Promise<Record<string, string>> {
  const digests = await digestRows(tx);
  return Object.fromEntries(Object.entries(digests).filter(([table]) => !recordTables.has(table)));
}
