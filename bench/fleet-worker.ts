/** Work on a fleet in a process of its own: a worker of a run, or moves one by one. Says when it is ready, waits for a line, and goes. */
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { openPlatform } from '../src/platform/open.ts';
import { openServer } from '../src/postgres/driver/connect.ts';
import { applyMove } from '../src/postgres/move/move.ts';
import { getRun } from '../src/postgres/runs/runs.ts';
import { isFinal } from '../src/fleet/status.ts';
import { startWorkers } from '../src/fleet/worker.ts';
import { fleetId } from './fleet-fixture.ts';

const [url = '', task = '', argument = ''] = process.argv.slice(2);
const database = await openServer({ url });
const { site } = await openPlatform(database, { install: false });
process.stdout.write('ready\n');
await once(process.stdin, 'data');

if (task === 'run') {
  const workers = startWorkers(site, { only: argument, pollMs: 100 });
  // Another process may be the one that ends the run.
  while (!isFinal(await getRun(site, argument))) await pause(100);
  await workers.stop();
} else {
  for (let n = 1; n <= Number(argument); n += 1) {
    const intent = {
      from: fleetId(n, 4),
      to: fleetId(n, 5),
      parameters: 'reset',
      answers: {},
      leaveAsks: false,
    } as const;
    await applyMove(site, { intent: { tenant: fleetId(n, 0), ...intent }, confirm: true, actor: 'bench' });
  }
}
process.stdout.write('done\n');
await database.close();
process.exit(0);
