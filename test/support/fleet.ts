/**
 * Many tenants in Drover's own schema, made by set-based SQL and cloned from a template: each has a retiring model and its
 * successor, a few assistants on it (one with parameters, some tenants more than others), an app with a pipeline that names it, a
 * space that may use it, and a past question.
 */
import assert from 'node:assert/strict';
import type { RunRequest } from '../../src/fleet/request.ts';
import { startWorker, type WorkerOptions } from '../../src/fleet/worker.ts';
import { waitForRun } from '../../src/fleet/follow.ts';
import { createRun } from '../../src/fleet/create.ts';
import { installPlatform } from '../../src/platform/install.ts';
import { type DatabaseTarget, openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { listRunTenants } from '../../src/postgres/runs/tenants.ts';
import type { RunTenant } from '../../src/postgres/runs/tenants.ts';
import { getRun } from '../../src/postgres/runs/runs.ts';
import type { RunRecord } from '../../src/postgres/runs/runs.ts';
import type { Site } from '../../src/postgres/scope/site.ts';
import { listTables } from '../attached/database-text.ts';
import { embeddedTemplate, type Engine, serverTemplate } from './databases.ts';
import { actor, platformSite } from './guarantee.ts';

export const oldModel = 'claude-3-7-sonnet';
export const newModel = 'claude-sonnet-4-6';

const things = { tenant: 0, user: 1, space: 2, provider: 3, old: 4, new: 5, app: 6 } as const;

/** The id of something of tenant number `n`, from 1 on. */
export function fleetId(n: number, what: keyof typeof things): string {
  return `f1ee7000-${String(things[what]).padStart(4, '0')}-4000-8000-${String(n).padStart(12, '0')}`;
}

const id = (what: keyof typeof things): string =>
  `('f1ee7000-${String(things[what]).padStart(4, '0')}-4000-8000-' || lpad(n::text, 12, '0'))::uuid`;

/** Tenant n has n % 7 + 1 assistants. */
const assistants = `
  INSERT INTO migration.assistants (tenant_id, id, space_id, user_id, name, completion_model_id, parameters)
  SELECT ${id('tenant')}, ('f1ee7100-' || lpad(k::text, 4, '0') || '-4000-8000-' || lpad(n::text, 12, '0'))::uuid, ${id('space')}, ${id('user')}, 'Assistant ' || k, ${id('old')},
    CASE WHEN k = 1 THEN '{"temperature": 0.5}'::jsonb ELSE '{}' END`;

function scene(tenants: number): string {
  const from = `FROM generate_series(1, ${tenants}) n`;
  const model = (what: 'old' | 'new', name: string): string =>
    `INSERT INTO migration.completion_models (tenant_id, id, name, family, provider_id) SELECT ${id('tenant')}, ${id(what)}, '${name}', 'claude', ${id('provider')} ${from}`;
  return [
    `INSERT INTO migration.tenants (id, name, slug) SELECT ${id('tenant')}, 'Tenant ' || lpad(n::text, 5, '0'), 'tenant-' || n ${from}`,
    `INSERT INTO migration.users (tenant_id, id, email, display_name) SELECT ${id('tenant')}, ${id('user')}, 'a@example.org', 'A' ${from}`,
    `INSERT INTO migration.spaces (tenant_id, id, name) SELECT ${id('tenant')}, ${id('space')}, 'Space' ${from}`,
    `INSERT INTO migration.model_providers (tenant_id, id, name, is_active, has_credentials) SELECT ${id('tenant')}, ${id('provider')}, 'anthropic', true, true ${from}`,
    model('old', oldModel),
    model('new', newModel),
    `INSERT INTO migration.space_completion_models (tenant_id, space_id, model_id) SELECT ${id('tenant')}, ${id('space')}, ${id('old')} ${from}`,
    `${assistants} ${from} CROSS JOIN LATERAL generate_series(1, n % 7 + 1) k`,
    `INSERT INTO migration.apps (tenant_id, id, space_id, user_id, name, completion_model_id, pipeline)
     SELECT ${id('tenant')}, ${id('app')}, ${id('space')}, ${id('user')}, 'App', ${id('old')},
       jsonb_build_object('nodes', jsonb_build_array(jsonb_build_object('data', jsonb_build_object('model', jsonb_build_object('id', ${id('old')}, 'name', '${oldModel}'))))) ${from}`,
    'ANALYZE',
  ].join(';\n');
}

export interface Fleet {
  readonly target: DatabaseTarget;
  readonly database: Database;
  readonly site: Site;
  /** Runs statements as the login, which is superuser in tests. */
  script(sql: string): Promise<void>;
  many<R extends object>(sql: string, params?: readonly unknown[]): Promise<R[]>;
  drop(): Promise<void>;
}

/** Makes the schema and the tenants in an empty database. */
export async function fillFleet(database: Database, tenants: number): Promise<void> {
  await installPlatform(database);
  await database.transaction({}, (tx) => tx.script(scene(tenants)));
}

/** A database with so many tenants of its own. */
async function fleetDatabase(
  engine: Engine,
  tenants: number,
): Promise<{ target: DatabaseTarget; drop: () => Promise<void> }> {
  const key = `fleet ${tenants}`;
  const build = async (target: DatabaseTarget): Promise<void> => {
    const db = await openDatabase(target);
    try {
      await fillFleet(db, tenants);
    } finally {
      await db.close();
    }
  };
  if (engine === 'server') {
    const { url, drop } = await serverTemplate(key, (to) => build({ url: to }));
    return { target: { url }, drop };
  }
  const { dataDir, drop } = await embeddedTemplate(key, (to) => build({ dataDir: to }));
  return { target: { dataDir }, drop };
}

/** The same, opened. */
export async function openFleet(engine: Engine, tenants: number): Promise<Fleet> {
  const { target, drop } = await fleetDatabase(engine, tenants);
  const database = await openDatabase(target);
  return {
    target,
    database,
    site: await platformSite(database),
    script: (sql) => database.transaction({}, (tx) => tx.script(sql)),
    many: (sql, params) => database.transaction({}, (tx) => tx.many(sql, params)),
    drop: async () => {
      await database.close();
      await drop();
    },
  };
}

/** From the old model to the new one, in all tenants. */
export function runRequest(change: Partial<RunRequest> = {}): RunRequest {
  return { from: oldModel, to: newModel, confirm: true, actor, ...change };
}

/** Works on a run in this process until it ends or stands still. */
export async function workUntilStill(
  site: Site,
  runId: string,
  options: WorkerOptions = {},
): Promise<RunRecord> {
  const worker = startWorker(site, { only: runId, pollMs: 20, ...options });
  try {
    await waitForRun(site, runId, { pollMs: 20, signal: AbortSignal.timeout(120_000) });
  } finally {
    await worker.stop();
  }
  return getRun(site, runId);
}

/** Makes a run and works on it. */
export async function runAll(site: Site, change: Partial<RunRequest> = {}): Promise<RunRecord> {
  return workUntilStill(site, await createRun(site, runRequest(change)));
}

/** All tenants of a run, by position. */
export function tenantsOf(site: Site, runId: string): Promise<RunTenant[]> {
  return listRunTenants(site, { runId, limit: 100_000 });
}

const records =
  /^migration\.(migrations|migration_steps|journal|aliases|set_aside|audit_log|runs|run_\w+|schema_migrations|idempotency_keys)$/;

/** Every row of every tenant, but for Drover's records. The time of a retirement, and what it touches, may differ. */
export async function digestFleet(database: Database): Promise<Record<string, string>> {
  const tables = (await listTables(database, ['migration.completion_models.retired_at'])).filter(
    ({ name }) => !records.test(name),
  );
  return database.transaction({ readOnly: true }, async (tx) => {
    const sums: Record<string, string> = {};
    for (const { name, select } of tables) {
      const sum = `SELECT count(*) || ' ' || coalesce(md5(string_agg(line, ',' ORDER BY line)), '') AS sum FROM (${select}) r`;
      sums[name] = (await tx.one<{ sum: string }>(sum)).sum;
    }
    return sums;
  });
}

/**
 * Every tenant was moved exactly once: one migration that succeeded, no live reference to the old model, and a journal that holds
 * as many rows as the plans of all tenants together.
 */
export async function assertExactlyOnce(fleet: Pick<Fleet, 'many'>, tenants: number): Promise<void> {
  const [found] = await fleet.many<Record<string, number>>(
    `SELECT (SELECT count(*) FROM migration.migrations WHERE kind = 'model' AND status = 'succeeded') AS migrations,
       (SELECT count(DISTINCT tenant_id) FROM migration.migrations WHERE kind = 'model' AND status = 'succeeded') AS tenants,
       (SELECT count(*) FROM migration.run_tenants WHERE status = 'succeeded') AS results,
       (SELECT count(*) FROM migration.run_tenants t JOIN migration.migrations m ON (m.tenant_id, m.id) = (t.tenant_id, t.migration_id) WHERE m.status = 'succeeded') AS joined,
       (SELECT count(*) FROM migration.migrations WHERE status IN ('running', 'prepared')) AS open,
       (SELECT count(*) FROM migration.assistants a JOIN migration.completion_models m ON (m.tenant_id, m.id) = (a.tenant_id, a.completion_model_id) WHERE m.name = '${oldModel}') AS left,
       (SELECT sum(row_count) FROM migration.journal)
         - (SELECT sum(s.expected) FROM migration.migration_steps s JOIN migration.migrations m ON (m.tenant_id, m.id) = (s.tenant_id, s.migration_id) WHERE m.status = 'succeeded') AS journal`,
  );
  const once = {
    migrations: tenants,
    tenants,
    results: tenants,
    joined: tenants,
    open: 0,
    left: 0,
    journal: 0,
  };
  assert.deepEqual({ ...found, journal: Number(found?.['journal']) }, once);
}
