/** What the tests of guarantees have in common: sites, intents, and databases as text without Drover's own records. */
import { recordTables } from './record-tables.ts';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { loadConfigFile } from '../../src/config-file.ts';
import type { Config } from '../../src/engine/rules/config.ts';
import type { Intent } from '../../src/engine/plan/intent.ts';
import { DroverError, type ErrorCode } from '../../src/errors.ts';
import { demoId } from '../../src/platform/demo/ids.ts';
import { completionId, type CompletionName } from '../../src/platform/demo/models.ts';
import { platformScope } from '../../src/platform/scope.ts';
import type { Database, Tx } from '../../src/postgres/driver/database.ts';
import { listMigrations, type MigrationRecord } from '../../src/postgres/records/history.ts';
import type { MoveResult } from '../../src/postgres/records/move-result.ts';
import { openSite, type Site } from '../../src/postgres/scope/site.ts';
import { asTenant } from '../../src/postgres/scope/tenant.ts';
import { applyOne, rollbackOne } from './batches.ts';
import type { MoveRequest, RollbackResult } from './batches.ts';
import { compareDatabases, listTables, readDatabase } from '../attached/database-text.ts';

export const actor = 'guarantees';

/** The tenants of the demo that the tests move, and look at to see that nothing moved. */
export const alder = demoId(1, 'tenants', 0);
export const birch = demoId(2, 'tenants', 0);

export const source: CompletionName = 'claude-3-7-sonnet';
export const target: CompletionName = 'claude-sonnet-4-6';
export const sourceId = completionId(1, source);
export const targetId = completionId(1, target);

const platformConfigFile = join(import.meta.dirname, '../../src/platform/drover.config.yaml');

/** Drover's own schema as a site, as the program opens it; `change` makes another configuration of it. */
export function platformSite(
  database: Database,
  change: (config: Config) => Config = (config) => config,
): Promise<Site> {
  const config = change(loadConfigFile(platformConfigFile));
  return openSite({ database, config, platform: { schema: 'migration', scope: platformScope } });
}

/** Alder moves from the retiring model to its successor, unless told otherwise. */
export function intentFor(change: Partial<Intent> = {}): Intent {
  return {
    tenant: alder,
    from: source,
    to: target,
    parameters: 'reset',
    answers: {},
    leaveAsks: false,
    ...change,
  };
}

export function apply(
  site: Site,
  change: Partial<Intent> = {},
  more: Partial<MoveRequest> = {},
): Promise<MoveResult> {
  return applyOne(site, { intent: intentFor(change), confirm: true, actor, ...more });
}

export function rollback(site: Site, migrationId: string, tenant = alder): Promise<RollbackResult> {
  return rollbackOne(site, { migrationId, tenant, actor });
}

/** Every row of every table as text, without the tables in which Drover keeps its records. */
export type Rows = ReadonlyMap<string, readonly string[]>;

/** Is it one in which Drover keeps its records? As `schema.table`. */
export function isRecord(table: string): boolean {
  const [schema = '', name = ''] = table.split('.');
  return ['migration', 'drover'].includes(schema) && recordTables.has(name);
}

/** `without`: columns (`schema.table.column`) that differ from run to run, such as the time of a retirement. */
export async function readRows(database: Database, without: readonly string[] = []): Promise<Rows> {
  const tables = await listTables(database, without);
  return readDatabase(
    database,
    tables.filter(({ name }) => !isRecord(name)),
  );
}

/** Fails unless the rows are the same, byte for byte. */
export async function assertUnchanged(database: Database, before: Rows, what: string): Promise<void> {
  assert.deepEqual(compareDatabases(before, await readRows(database)), {}, what);
}

/** Work as the application role, bound to a tenant: what the product itself could do. */
export function asApplication<T>(
  database: Database,
  work: (tx: Tx) => Promise<T>,
  tenant = alder,
): Promise<T> {
  return asTenant(database, platformScope, tenant, work);
}

export function history(site: Site, tenant: string | undefined = alder): Promise<MigrationRecord[]> {
  return listMigrations(site, { tenant, limit: 500 });
}

/** The error that the work is refused with. Anything but a DroverError fails the test. */
export async function refusedWith(work: Promise<unknown>, code?: ErrorCode): Promise<DroverError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof DroverError, `a refusal was expected, not ${String(error)}`);
  if (code !== undefined) assert.equal(error.code, code, error.message);
  return error;
}

/** Waits until the condition holds; fails at the deadline. */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 30_000,
): Promise<void> {
  // Not by the time of day, which some tests hold.
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, `not within ${timeoutMs} ms: ${what}`);
    await pause(5);
  }
}

/** The outcome of the work; fails at the deadline, so that something that never ends says what it was. */
export async function within<T>(work: Promise<T>, what: string, timeoutMs = 120_000): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${timeoutMs} ms: ${what}`)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
