/** The long form of what test/isolation/probe.test.ts tries a few times: a probe that is killed leaves every row as it was. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eachEngine } from '../support/databases.ts';
import { killProbes } from '../isolation/kill-probe.ts';

eachEngine((engine) => {
  it('leaves every row as it was after each of 20 kills of a probe that writes', async (t) => {
    const inWork = await killProbes(engine, { kills: 20, seed: 2026 }, (line) => t.diagnostic(line));
    assert.ok(inWork >= 10);
  });
});
