/** What the tenants have, apart from Drover's records about its own work. */
import type { Tx } from '../../src/postgres/driver/database.ts';
import { digestRows } from '../support/platform.ts';

const records = [
  'migrations',
  'migration_steps',
  'journal',
  'aliases',
  'set_aside',
  'audit_log',
  'schema_migrations',
  'fences',
  'runs',
  'run_tenants',
  'run_events',
  'run_workers',
];

/** A digest of every row of every table of the tenants, by table. */
export async function digestTenants(tx: Tx): Promise<Record<string, string>> {
  const digests = await digestRows(tx);
  return Object.fromEntries(Object.entries(digests).filter(([table]) => !records.includes(table)));
}
