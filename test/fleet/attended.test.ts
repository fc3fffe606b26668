/** Readiness notices a run that nobody works on, and is not deceived by a long wave or by a run that rests. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { pauseRun } from '../../src/fleet/control.ts';
import { createRun } from '../../src/fleet/create.ts';
import { countRuns, secondsUnattended } from '../../src/postgres/runs/health.ts';
import { oneEngine } from '../support/databases.ts';
import { type Fleet, openFleet, runRequest, workUntilStill } from '../support/fleet.ts';
import { actor } from '../support/guarantee.ts';

oneEngine((engine) => {
  let fleet: Fleet;
  before(async () => {
    fleet = await openFleet(engine, 3);
  });
  after(() => fleet.drop());

  const seconds = async (): Promise<number> => (await secondsUnattended(fleet.site)) ?? -1;

  it('tells since when nobody was seen at work', async () => {
    assert.equal(await secondsUnattended(fleet.site), null);
    const runId = await createRun(fleet.site, runRequest());
    assert.ok((await seconds()) < 60, 'a new run waits for nobody yet');
    await fleet.script(
      `UPDATE migration.runs SET created_at = now() - interval '10 minutes', started_at = NULL`,
    );
    assert.ok((await seconds()) > 500);
    await fleet.script(
      `INSERT INTO migration.run_workers (id, seen_at) VALUES ('w', now() - interval '5 minutes')`,
    );
    assert.ok((await seconds()) < 400 && (await seconds()) > 200, 'the worker was seen since');
    await fleet.script(`UPDATE migration.run_tenants SET claimed_until = now() + interval '20 seconds'`);
    assert.ok((await seconds()) < 60, 'a claim that holds is work under way');
    await fleet.script('UPDATE migration.run_tenants SET claimed_until = NULL');
    await pauseRun(fleet.site, { runId, actor });
    assert.equal(await secondsUnattended(fleet.site), null);
  });

  it('counts runs by status', async () => {
    assert.deepEqual(await countRuns(fleet.site), [{ status: 'paused', runs: 1 }]);
    const runId = await createRun(fleet.site, runRequest());
    await workUntilStill(fleet.site, runId);
    const all = await countRuns(fleet.site);
    assert.equal(
      all.reduce((sum, { runs }) => sum + runs, 0),
      2,
    );
    assert.equal(await secondsUnattended(fleet.site), null);
  });
});
