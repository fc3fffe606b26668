/**
 * A migration that is running is left alone: its source is locked for everybody else, by whatever name they call it, and its
 * record is not taken for one that a killed process left behind. On a server, where two can run at once.
 */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Config } from '../../src/engine/rules/config.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { lockPair } from '../../src/postgres/records/pair-lock.ts';
import { openRecords } from '../../src/postgres/records/records.ts';
import { openSite, prepareState, withTenant } from '../../src/postgres/scope/site.ts';
import type { Site } from '../../src/postgres/scope/site.ts';
import { type FreshServer, freshServerDatabase } from '../support/databases.ts';
import { demoForEach, studioForEach } from '../support/ground.ts';
import {
  actor,
  alder,
  apply,
  assertUnchanged,
  birch,
  history,
  intentFor,
  refusedWith,
  rollback,
  sourceId,
} from '../support/guarantee.ts';
import { startMigrateProcess } from '../support/migrate-process-handle.ts';
import { north, studioWith } from '../support/studio.ts';

/** The same site by connections of its own, as another process has it. */
async function elsewhere(url: string, like: Site, work: (site: Site) => Promise<void>): Promise<void> {
  const database = await openDatabase({ url });
  try {
    await work({ ...like, database, state: { ...like.state, database } });
  } finally {
    await database.close();
  }
}

describe('a migration that is running', () => {
  const at = demoForEach('server');
  const locked = { kind: 'completion', key: sourceId, components: {} };
  const url = (): string => ('url' in at.target ? at.target.url : '');

  it('keeps a second one of the same source away, and none of another tenant', async () => {
    await withTenant(at.site, { tenant: alder }, async (tx) => {
      await lockPair(tx, { tenant: alder, source: locked });
      await elsewhere(url(), at.site, async (site) => {
        await refusedWith(apply(site), 'MIGRATION_RUNNING');
        const other = await apply(site, { tenant: birch });
        assert.equal(other.completion, 'complete for the tenant');
        await rollback(site, other.migrationId, birch);
      });
    });
    const [record] = await history(at.site);
    assert.deepEqual([record?.status, record?.errorCode], ['failed', 'MIGRATION_RUNNING']);
    await assertUnchanged(at.database, at.start, 'it waited for nobody and changed nothing');
    assert.equal((await apply(at.site)).completion, 'complete for the tenant');
  });

  it('keeps none away of the model of another kind that has the same key', async () => {
    await withTenant(at.site, { tenant: alder }, async (tx) => {
      await lockPair(tx, { tenant: alder, source: { ...locked, kind: 'embedding' } });
      await elsewhere(url(), at.site, async (site) => {
        await rollback(site, (await apply(site)).migrationId);
      });
    });
  });

  it('keeps a rollback of the same source away', async () => {
    const { migrationId } = await apply(at.site);
    await withTenant(at.site, { tenant: alder }, async (tx) => {
      await lockPair(tx, { tenant: alder, source: locked });
      await elsewhere(url(), at.site, async (site) => {
        await refusedWith(rollback(site, migrationId), 'MIGRATION_RUNNING');
      });
    });
    assert.deepEqual((await rollback(at.site, migrationId)).skipped, []);
  });
});

describe('where no table holds the models', () => {
  const config: Config = {
    version: 1,
    model: { identity: ['provider', 'name'] },
    tenant: { root: 'firms', key: 'id', column: 'firm_id' },
    places: [{ at: 'bots.model', partner: 'provider' }],
  };
  const schema = `CREATE TABLE firms (id text PRIMARY KEY); CREATE TABLE bots (id integer PRIMARY KEY, firm_id text NOT NULL REFERENCES firms, provider text, model text);
    INSERT INTO firms VALUES ('north'); INSERT INTO bots SELECT n, 'north', (ARRAY['one', 'two'])[n % 2 + 1], 'old' FROM generate_series(1, 10) n`;
  const intent = { tenant: 'north', from: 'one/old', to: 'one/new' };
  let server: FreshServer;
  let database: Database;
  let site: Site;

  beforeEach(async () => {
    server = await freshServerDatabase('pairs');
    database = await openDatabase({ url: server.url });
    await database.transaction({}, (tx) => tx.script(schema));
    site = await openSite({ database, config });
    await prepareState(site);
  });
  afterEach(async () => {
    await database.close();
    await server.drop();
  });

  /** Does the work while another process holds the source of that provider and has its record open. */
  async function whileRunning(provider: string, work: (other: Site) => Promise<void>): Promise<void> {
    // Components as a process that begins has them; a record gives them back in another order.
    const source = { kind: 'completion', components: { provider, name: 'old' } };
    const target = { kind: 'completion', components: { provider, name: 'new' } };
    const [id = ''] = await openRecords(site, [
      {
        kind: 'model',
        tenant: 'north',
        source,
        target,
        actor: 'another',
        forced: false,
      },
    ]);
    await withTenant(site, { tenant: 'north' }, async (tx) => {
      await lockPair(tx, { tenant: 'north', source });
      await elsewhere(server.url, site, work);
    });
    const record = (await history(site, 'north')).find((one) => one.id === id);
    assert.equal(record?.status, 'running', 'the record of a running migration stays open');
    assert.equal(record.actor, 'another');
  }

  it('a running migration keeps a second one and a rollback of the same source away', async () => {
    const { migrationId } = await apply(site, intent);
    await whileRunning('one', async (other) => {
      await refusedWith(rollback(other, migrationId, 'north'), 'MIGRATION_RUNNING');
      await refusedWith(apply(other, intent), 'MIGRATION_RUNNING');
    });
  });

  it('a running migration of the model of the same name of another provider is none of its business', async () => {
    await whileRunning('two', async (other) => {
      const { counts, migrationId } = await apply(other, intent);
      assert.deepEqual(counts, { bots: 5 });
      await rollback(other, migrationId, 'north');
    });
  });

  it('what a killed process left open is settled by the next one', async () => {
    const source = { kind: 'completion', components: { name: 'old', provider: 'one' } };
    const [id = ''] = await openRecords(site, [
      {
        kind: 'model',
        tenant: 'north',
        source,
        target: source,
        actor,
        forced: false,
      },
    ]);
    await apply(site, intent);
    const record = (await history(site, 'north')).find((one) => one.id === id);
    assert.deepEqual([record?.status, record?.errorCode], ['failed', 'INTERRUPTED']);
  });
});

describe('processes that are the first at once', () => {
  const role = `first_${process.pid}`;
  const config: Config = { ...studioWith('trigger'), database: { fence: 'trigger', session: { role } } };
  const at = studioForEach('server', config);

  it('make the records together, and one of them moves', async () => {
    await at.script(`CREATE ROLE ${role}; GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role}; GRANT USAGE ON SCHEMA public TO ${role};
      ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC`);
    const intent = intentFor({ tenant: north, from: 'old', to: 'new', parameters: 'keep' });
    try {
      for (let round = 0; round < 2; round += 1) {
        await at.script('DROP SCHEMA IF EXISTS drover CASCADE');
        const task = { target: at.target, schema: 'studio', intent, config } as const;
        const children = await Promise.all([1, 2, 3].map(() => startMigrateProcess(task)));
        for (const child of children) child.go();
        const outcomes = await Promise.all(children.map((child) => child.outcome()));
        await Promise.all(children.map((child) => child.kill()));
        for (const outcome of outcomes)
          if ('code' in outcome)
            assert.match(outcome.code, /^(MIGRATION_RUNNING|PLAN_REFUSED)$/, outcome.message);
        assert.ok(
          outcomes.some((outcome) => 'migrationId' in outcome),
          JSON.stringify(outcomes),
        );
      }
    } finally {
      await at.script(
        `ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC; DROP OWNED BY ${role}; DROP ROLE ${role}`,
      );
    }
  });
});
