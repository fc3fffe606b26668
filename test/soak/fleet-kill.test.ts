/** The long form of test/fleet/kill.test.ts: twenty runs over five hundred tenants, in each of which a worker is killed. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { getRun } from '../../src/postgres/runs/runs.ts';
import { assertExactlyOnce, openFleet } from '../support/fleet.ts';
import { seeded } from '../support/kill.ts';
import { runWithKills } from '../support/worker-kill.ts';

const tenants = 500;

async function killDuringRun(
  kills: number,
  random: () => number,
  log: (line: string) => void,
): Promise<void> {
  const fleet = await openFleet('server', tenants);
  try {
    if (!('url' in fleet.target)) throw new Error('a server has a URL');
    const runId = await runWithKills(fleet.site, { url: fleet.target.url, kills, random, waveSize: 25, log });
    const run = await getRun(fleet.site, runId);
    assert.deepEqual([run.status, run.succeeded, run.failed], ['succeeded', tenants, 0]);
    await assertExactlyOnce(fleet, tenants);
  } finally {
    await fleet.drop();
  }
}

it('every one of 500 tenants is moved exactly once in each of 20 runs in which a worker is killed', async (t) => {
  const random = seeded(2026);
  for (let round = 0; round < 20; round += 1)
    await killDuringRun(1, random, (line) => t.diagnostic(`run ${round + 1}: ${line}`));
});

it('every one of 500 tenants is moved exactly once in a run in which workers are killed 20 times', async (t) => {
  await killDuringRun(20, seeded(20), (line) => t.diagnostic(line));
});
