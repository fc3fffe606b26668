/**
 * The long form of test/guarantees/kill.test.ts: fifty kills per engine, some with the records in another database, and some of moves in
 * parts; fewer where the machine is slow, so that it ends in ten minutes on two quiet cores.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { bulkDatabase } from '../support/bulk.ts';
import { eachEngine } from '../support/databases.ts';
import { intentFor } from '../support/guarantee.ts';
import { killAtRandom, withSeparateState } from '../support/kill.ts';
import { withMap } from '../support/kill-map.ts';
import { killOnline } from '../support/kill-online.ts';

const rows = { server: 20_000, embedded: 2000 } as const;
const withinMs = 90_000;

eachEngine((engine) => {
  it('is before or after, never between, after each of up to 25 kills of an apply and 25 of a rollback', async (t) => {
    const { target, drop } = await bulkDatabase(engine, rows[engine]);
    try {
      const on = { target, schema: 'platform', intent: intentFor() } as const;
      const tally = await killAtRandom(on, { kills: 25, seed: 2026, withinMs }, (line) => t.diagnostic(line));
      t.diagnostic(`${engine}: ${tally.before} times before, ${tally.after} times after, never between`);
      assert.ok(tally.before + tally.after >= 10);
    } finally {
      await drop();
    }
  });

  it('is before or after, with true records in another database, after each of 10 kills', async (t) => {
    await withSeparateState(engine, rows[engine] / 2, async (on) => {
      const tally = await killAtRandom(on, { kills: 5, seed: 7, withinMs }, (line) => t.diagnostic(line));
      t.diagnostic(`${engine}: ${tally.before} times before, ${tally.after} times after, never between`);
    });
  });

  it('is all of ten thousand keys or none, after each of up to 15 kills of an apply and 15 of a rollback', async (t) => {
    await withMap(engine, { server: 10_000, embedded: 2000 }[engine], async (on) => {
      const tally = await killAtRandom(on, { kills: 15, seed: 13, withinMs }, (line) => t.diagnostic(line));
      t.diagnostic(`${engine}: ${tally.before} times before, ${tally.after} times after, never between`);
    });
  });

  it('is under way, to be ended or taken back whole, after each of up to 25 kills of a move in parts', async (t) => {
    const documents = { server: 10_000, embedded: 3000 }[engine];
    const tally = await killOnline(engine, { documents, kills: 25, seed: 2024, withinMs }, (line) =>
      t.diagnostic(line),
    );
    t.diagnostic(`${engine}: ${JSON.stringify(tally)}`);
    const done = tally['nothing committed'] + tally['under way'] + tally.through;
    // A slow machine kills too seldom to be sure of a kill in the middle.
    assert.ok(tally['under way'] > 0 || done < 15);
  });
});
