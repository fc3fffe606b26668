/** Runs: many tenants are moved, each by itself, each once; what concerns one of them concerns no other. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, it } from 'node:test';
import { createRollback } from '../../src/fleet/create.ts';
import { listEvents } from '../../src/postgres/runs/events.ts';
import { getRun } from '../../src/postgres/runs/runs.ts';
import { oneEngine } from '../support/databases.ts';
import {
  assertExactlyOnce,
  digestFleet,
  type Fleet,
  openFleet,
  runAll,
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
