/** A run outlives its database: where the server goes away in the middle of it, workers wait, and go on when it is back. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createRun } from '../../src/fleet/create.ts';
import { workThrough } from '../../src/fleet/work-through.ts';
import { openServer } from '../../src/postgres/driver/connect.ts';
import { getRun } from '../../src/postgres/runs/runs.ts';
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
    const doneNow = async (): Promise<number> => (await getRun(site, runId)).succeeded;
    await waitUntil(async () => (await doneNow()) >= 10, 'ten tenants are moved');
    await server.restart(() => waitUntil(() => problems.length > 1, 'the worker misses its database'));
    assert.ok((await doneNow()) < tenants, 'the server went away in the middle');
    assert.equal((await ended).status, 'succeeded');
    assert.ok(
      problems.every((error) => error instanceof DroverError && error.code === 'DATABASE_UNREACHABLE'),
      String(problems),
    );
    await assertExactlyOnce({ many: (sql) => database.transaction({}, (tx) => tx.many(sql)) }, tenants);
  } finally {
    for (const stop of stops) await stop();
  }
});
