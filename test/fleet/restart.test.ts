/** A run outlives its database: where the server goes away in the middle of it, workers wait, and go on when it is back. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { createRun } from '../../src/fleet/create.ts';
import { followEvents } from '../../src/fleet/follow.ts';
import { workThrough } from '../../src/fleet/work-through.ts';
import { openServer } from '../../src/postgres/driver/connect.ts';
import { getRun } from '../../src/postgres/runs/runs.ts';
import type { Site } from '../../src/postgres/scope/site.ts';
import { DroverError } from '../../src/errors.ts';
import { assertExactlyOnce, fillFleet, runRequest } from '../support/fleet.ts';
import { platformSite, waitUntil } from '../support/guarantee.ts';
import { startPostgres } from '../support/postgres-server.ts';

const tenants = 60;

it('a run goes on when the database that was restarted in the middle of it is back', async () => {
  const server = await startPostgres({ durable: true });
  const database = await openServer({ url: server.url });
  const stops: (() => Promise<void>)[] = [() => database.close(), () => server.stop()];
  try {
    await fillFleet(database, tenants);
    const site = await platformSite(database);
    const runId = await createRun(site, runRequest({ waveSize: 5 }));
    const problems: unknown[] = [];
    const ended = workThrough(site, runId, { pollMs: 20, onProblem: (error) => problems.push(error) });
    const followed = numbersOfEvents(site, runId);
    const doneNow = async (): Promise<number> => (await getRun(site, runId)).succeeded;
    await waitUntil(async () => (await doneNow()) >= 10, 'ten tenants are moved');
    await server.restart(() => waitUntil(() => problems.length > 1, 'the worker misses its database'));
    assert.ok((await doneNow()) < tenants, 'the server went away in the middle');
    assert.equal((await ended).status, 'succeeded');
    const numbers = await followed;
    assert.deepEqual(
      numbers,
      numbers.map((_, i) => i + 1),
    );
    assert.ok(numbers.length >= tenants, 'every tenant is told');
    assert.ok(
      problems.every((error) => error instanceof DroverError && error.code === 'DATABASE_UNREACHABLE'),
      String(problems),
    );
    await assertExactlyOnce({ many: (sql) => database.transaction({}, (tx) => tx.many(sql)) }, tenants);
  } finally {
    for (const stop of stops) await stop();
  }
});

/** As a client of the stream does: it comes back after each error, with the last number that it has seen. */
async function numbersOfEvents(site: Site, runId: string): Promise<number[]> {
  const numbers: number[] = [];
  for (;;)
    try {
      for await (const events of followEvents(site, { runId, after: numbers.at(-1) ?? 0, pollMs: 20 }))
        numbers.push(...events.map(({ number }) => number));
      return numbers;
    } catch {
      await wait(50);
    }
}
