/** Runs in databases that Drover did not create: bound to one tenant at a time, under a role of their own, with records elsewhere. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Config } from '../../src/engine/rules/config.ts';
import { createRollback, createRun } from '../../src/fleet/create.ts';
import { planRun } from '../../src/fleet/plan-run.ts';
import { resolveRun } from '../../src/fleet/resolve.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { openSite, type Site } from '../../src/postgres/scope/site.ts';
import { oneEngine, freshDatabase } from '../support/databases.ts';
import { runRequest, tenantsOf, workUntilStill } from '../support/fleet.ts';
import { actor, history, readRows, type Rows } from '../support/guarantee.ts';
import { planFleet } from '../support/planned-fleet.ts';
import { engineId, north, south, studioConfig, studioDatabase } from '../support/studio.ts';

const request = runRequest({ from: 'old', to: 'new', tenants: [north, south] });

oneEngine((engine) => {
  let database: Database;
  let drops: (() => Promise<void>)[];
  let start: Rows;
  beforeEach(async () => {
    const { target, drop } = await studioDatabase(engine);
    database = await openDatabase(target);
    drops = [() => database.close(), drop];
    start = await readRows(database);
  });
  afterEach(async () => {
    for (const drop of drops) await drop();
  });

  const siteWith = (config: Config, state?: Database): Promise<Site> =>
    openSite(state === undefined ? { database, config } : { database, config, state });
  const script = (sql: string): Promise<void> => database.transaction({}, (tx) => tx.script(sql));

  /** Both firms are moved, once, and taken back. */
  const thereAndBack = async (site: Site): Promise<void> => {
    const run = await workUntilStill(site, await createRun(site, request));
    assert.deepEqual(
      (await tenantsOf(site, run.id)).map(({ tenant, status, code }) => [tenant, status, code]),
      [north, south].map((tenant) => [tenant, 'succeeded', null]),
    );
    for (const tenant of [north, south])
      assert.equal((await history(site, tenant)).filter(({ status }) => status === 'succeeded').length, 1);
    const undo = await workUntilStill(site, await createRollback(site, { runId: run.id, actor }));
    assert.deepEqual([undo.status, undo.succeeded], ['succeeded', 2]);
    assert.deepEqual(await readRows(database), start);
  };

  it('a plan of a hundred tenants has each of them, in little memory', () => planFleet(engine, 100));

  it('a database without roles', async () => thereAndBack(await siteWith(studioConfig)));

  it('a tenant of text models that has nothing to move is skipped, in the plan and in the run', async () => {
    await script(`CREATE TABLE notes (id int PRIMARY KEY, firm_id uuid NOT NULL REFERENCES firms, model text);
      INSERT INTO notes VALUES (1, '${north}', 'gpt-4o'), (2, '${south}', 'gpt-4.1')`);
    const tenant = studioConfig.tenant;
    const places = [{ at: 'notes.model' }];
    const site = await siteWith({ version: 1, model: { identity: ['name'] }, tenant, places });
    const move = {
      ...request,
      from: 'gpt-4o',
      to: 'gpt-6-luna',
      allowUnknown: true,
      reason: 'a test',
    };
    const statuses = async (): Promise<unknown> => {
      const { ready, skipped, tenants } = await planRun(site, move);
      return [ready, skipped, tenants.map(({ tenant, status, code }) => [tenant, status, code])];
    };
    const skipped = [south, 'skipped', 'NOTHING_TO_MOVE'];
    assert.deepEqual(await statuses(), [1, 1, [[north, 'ready', null], skipped]]);
    const run = await workUntilStill(site, await createRun(site, move));
    // As a move of that tenant alone, which has nothing to do: no record, and no fence.
    assert.deepEqual(await history(site, south), []);
    assert.deepEqual(
      [run.status, run.succeeded, run.skipped, run.completion],
      ['succeeded', 1, 1, 'complete'],
    );
    assert.deepEqual(await statuses(), [0, 2, [[north, 'skipped', 'NOTHING_TO_MOVE'], skipped]]);
    await script('DROP TABLE notes');
  });

  it('what the database refuses for ever fails the tenants with its cause, and ends the run', async () => {
    const run = await createRun(await siteWith(studioConfig), request);
    const [place] = studioConfig.places ?? [];
    const [table = '', column = ''] = (place?.at ?? '').split('.');
    await script(`ALTER TABLE ${table} RENAME COLUMN ${column} TO renamed`);
    const ended = await workUntilStill(await siteWith(studioConfig), run);
    assert.deepEqual([ended.status, ended.failed], ['failed', 2]);
    const failed = await tenantsOf(await siteWith({ ...studioConfig, places: [] }), run);
    assert.deepEqual(
      failed.map(({ code }) => code),
      ['CONFIG_MISMATCH', 'CONFIG_MISMATCH'],
    );
    for (const { message } of failed) assert.match(message ?? '', new RegExp(column));
    await script(`ALTER TABLE ${table} RENAME COLUMN renamed TO ${column}`);
  });

  it('a database that binds each transaction to one tenant, under a role', async () => {
    const role = `studio_worker_${engine}`;
    await script(`
      DO $$ BEGIN CREATE ROLE ${role} NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
      GRANT USAGE ON SCHEMA public TO ${role};
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role}`);
    drops.unshift(() => script(`DROP OWNED BY ${role}; DROP ROLE ${role}`));
    const session = { role, settings: { 'studio.firm': '$tenant' } };
    await thereAndBack(await siteWith({ ...studioConfig, database: { session } }));
  });

  describe('with its records in another database', () => {
    let state: Database;
    beforeEach(async () => {
      const fresh = await freshDatabase(engine);
      state = await openDatabase(fresh.target);
      drops.unshift(() => state.close().then(fresh.drop));
    });

    it('moves each tenant and takes it back', async () => thereAndBack(await siteWith(studioConfig, state)));

    it('adopts what a worker had done that died before it could say so', async () => {
      const site = await siteWith(studioConfig, state);
      const run = await workUntilStill(site, await createRun(site, request));
      const before = await tenantsOf(site, run.id);
      const moved = await readRows(database);
      // As if the worker had died between the commit of the work and the note of the run.
      await state.transaction({}, (tx) =>
        tx.script(`
          UPDATE drover.run_tenants SET status = 'claimed', claim = gen_random_uuid(), claimed_until = now() - interval '1 second', migration_id = NULL, finished_at = NULL;
          UPDATE drover.runs SET status = 'running', finished_at = NULL`),
      );
      const again = await workUntilStill(site, run.id);
      assert.deepEqual([again.status, again.succeeded], ['succeeded', 2]);
      assert.deepEqual(
        (await tenantsOf(site, run.id)).map(({ migrationId, migratedCount }) => [migrationId, migratedCount]),
        before.map(({ migrationId, migratedCount }) => [migrationId, migratedCount]),
      );
      assert.deepEqual(await readRows(database), moved);
    });
  });
});

it('resolves the tenants that are named, mapped ones too, where the login may not list tenants', async () => {
  const { target, drop } = await studioDatabase('server');
  if (!('url' in target)) throw new Error('a server has a URL');
  const admin = await openDatabase(target);
  const script = (sql: string): Promise<void> => admin.transaction({}, (tx) => tx.script(sql));
  await script(`
    CREATE ROLE studio_blind LOGIN;
    GRANT USAGE ON SCHEMA public TO studio_blind;
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO studio_blind;
    ALTER TABLE firms ENABLE ROW LEVEL SECURITY`);
  const url = new URL(target.url);
  url.username = 'studio_blind';
  const database = await openDatabase({ url: url.href });
  try {
    const site = await openSite({ database, config: studioConfig });
    const other = engineId('b', 3);
    const { tenants, resolve } = await resolveRun(site, {
      ...request,
      mapping: { [south]: { to: other } },
    });
    assert.deepEqual(
      (await resolve(tenants)).map(({ tenant, resolution }) => [
        tenant.key,
        'to' in resolution && resolution.to.key,
      ]),
      [
        [north, engineId('a', 2)],
        [south, other],
      ],
    );
  } finally {
    await database.close();
    await script('DROP OWNED BY studio_blind; DROP ROLE studio_blind');
    await admin.close();
    await drop();
  }
});
