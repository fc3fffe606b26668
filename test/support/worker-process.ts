/** A process of its own with one worker of runs: says `open`, works until its input ends, and stops then as a program does. */
import { once } from 'node:events';
import { startWorker } from '../../src/fleet/worker.ts';
import { openServer } from '../../src/postgres/driver/connect.ts';
import { platformSite } from './guarantee.ts';

export interface WorkerTask {
  readonly url: string;
  readonly leaseMs: number;
}

async function main({ url, leaseMs }: WorkerTask): Promise<void> {
  const database = await openServer({ url, applicationName: 'drover-test-worker' });
  const worker = startWorker(await platformSite(database), { leaseMs, pollMs: 20 });
  process.stdout.write('open\n');
  process.stdin.resume();
  await once(process.stdin, 'end');
  await worker.stop();
  await database.close();
}

await main(JSON.parse(process.argv[2] ?? '{}') as WorkerTask);
