/**
 * Promise 8 for runs: whoever dies, whenever, every tenant is moved exactly once. Two worker processes, one or the other of which is
 * killed (kill -9) at random moments. The long form is test/soak/fleet-kill.test.ts.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { getRun } from '../../src/postgres/runs/runs.ts';
import { assertExactlyOnce, openFleet } from '../support/fleet.ts';
import { seeded } from '../support/kill.ts';
import { runWithKills } from '../support/worker-kill.ts';

const tenants = 120;

it('every tenant is moved exactly once, although workers are killed at random moments', async (t) => {
  const fleet = await openFleet('server', tenants);
  try {
    if (!('url' in fleet.target)) throw new Error('a server has a URL');
    const runId = await runWithKills(fleet.site, {
      url: fleet.target.url,
      kills: 2,
      random: seeded(9),
      waveSize: 10,
      log: (line) => t.diagnostic(line),
    });
    const run = await getRun(fleet.site, runId);
    assert.deepEqual([run.status, run.succeeded, run.failed], ['succeeded', tenants, 0]);
    await assertExactlyOnce(fleet, tenants);
  } finally {
    await fleet.drop();
  }
});
