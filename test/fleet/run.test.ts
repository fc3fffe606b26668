/** Runs: many tenants are moved, each by itself, each once; what concerns one of them concerns no other. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, it } from 'node:test';
import { createRollback, createRun } from '../../src/fleet/create.ts';
import { waitForRun } from '../../src/fleet/follow.ts';
import { startWorkers } from '../../src/fleet/worker.ts';
import { listEvents } from '../../src/postgres/runs/events.ts';
import { getRun } from '../../src/postgres/runs/runs.ts';
import { oneEngine } from '../support/databases.ts';
import {
  assertExactlyOnce,
  digestFleet,
  type Fleet,
  openFleet,
  runAll,
  runRequest,
  tenantsOf,
  workUntilStill,
} from '../support/fleet.ts';
import { actor } from '../support/guarantee.ts';

oneEngine((engine) => {
  let fleet: Fleet;
  beforeEach(async () => {
    fleet = await openFleet(engine, 12);
  });
  afterEach(() => fleet.drop());

  it('moves every tenant exactly once, and says what it did to each', async () => {
    const run = await runAll(fleet.site, { waveSize: 5 });
    assert.equal(run.status, 'succeeded', JSON.stringify(await tenantsOf(fleet.site, run.id)));
    assert.deepEqual([run.total, run.succeeded, run.failed, run.skipped, run.pending], [12, 12, 0, 0, 0]);
    await assertExactlyOnce(fleet, 12);
    const tenants = await tenantsOf(fleet.site, run.id);
    assert.equal(
      tenants.reduce((sum, one) => sum + one.migratedCount, 0),
      run.migratedCount,
    );
    assert.ok(tenants.every(({ migrationId, migratedCount }) => migrationId !== null && migratedCount > 0));
  });

  it('tells what happened in numbered events, and ends with the last', async () => {
    const run = await runAll(fleet.site, { waveSize: 5 });
    const events = await listEvents(fleet.site, { runId: run.id, after: 0, limit: 1000 });
    assert.deepEqual(
      events.map(({ number }) => number),
      events.map((_, at) => at + 1),
    );
    assert.equal(events.filter(({ kind }) => kind === 'tenant').length, 12);
    assert.equal(events.at(-1)?.kind, 'end');
    assert.equal((await getRun(fleet.site, run.id)).lastEvent, events.length);
  });

  it('counts nobody of whom no event tells, whatever finishes meanwhile', async () => {
    // Between the two statements that announce and count, other workers finish their tenants.
    await fleet.script(`
      CREATE FUNCTION migration.slowly() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep(random() / 20); RETURN NEW; END $$;
      CREATE TRIGGER slowly BEFORE INSERT ON migration.run_events FOR EACH ROW EXECUTE FUNCTION migration.slowly()`);
    const runId = await createRun(fleet.site, runRequest({ waveSize: 1 }));
    const workers = startWorkers(fleet.site, { only: runId, pollMs: 5 }, 4);
    await waitForRun(fleet.site, runId, { pollMs: 20, signal: AbortSignal.timeout(60_000) });
    await workers.stop();
    const told = new Set<unknown>();
    for (const { kind, number, data } of await listEvents(fleet.site, { runId, after: 0, limit: 1000 }))
      if (kind === 'tenant') told.add(data['tenant']);
      else assert.equal(told.size, 12 - Number(data['pending']), `event ${number}`);
    assert.equal(told.size, 12);
  });

  it('takes a whole run back, and that again, and leaves every row as it was', async () => {
    const start = await digestFleet(fleet.database);
    const run = await runAll(fleet.site, { waveSize: 5 });
    const moved = await digestFleet(fleet.database);
    assert.notDeepEqual(moved, start);
    const undo = await createRollback(fleet.site, { runId: run.id, actor });
    assert.equal((await workUntilStill(fleet.site, undo)).status, 'succeeded');
    assert.deepEqual(await digestFleet(fleet.database), start);
    const redo = await createRollback(fleet.site, { runId: undo, actor });
    assert.equal((await workUntilStill(fleet.site, redo)).status, 'succeeded');
    assert.deepEqual(await digestFleet(fleet.database), moved);
  });
});
