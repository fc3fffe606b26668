/** Worker processes, and runs during which they are killed (kill -9) at random moments. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { createRun } from '../../src/fleet/create.ts';
import { getRun } from '../../src/postgres/runs/runs.ts';
import type { Site } from '../../src/postgres/scope/site.ts';
import { runRequest } from './fleet.ts';
import { waitUntil, within } from './guarantee.ts';
import type { WorkerTask } from './worker-process.ts';

interface WorkerProcess {
  /** Ends it at once, as a power failure would. */
  kill(): Promise<void>;
  /** Lets it finish its wave and end. */
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** Starts a worker in a process of its own, and returns when it works. */
async function startWorkerProcess(task: WorkerTask): Promise<WorkerProcess> {
  const file = join(import.meta.dirname, 'worker-process.ts');
  const child = spawn(process.execPath, [file, JSON.stringify(task)], { stdio: ['pipe', 'pipe', 'inherit'] });
  running.add(child);
  const ended = once(child, 'exit').then(() => running.delete(child));
  const lines = createInterface(child.stdout);
  const opened = once(lines, 'line').then(([line]) => line as unknown);
  assert.equal(await within(Promise.race([opened, ended]), 'the start of a worker process'), 'open');
  return {
    kill: () => end(child, ended, () => child.kill('SIGKILL')),
    stop: () => end(child, ended, () => child.stdin.end()),
  };
}

async function end(child: ChildProcess, ended: Promise<unknown>, how: () => void): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) how();
  await within(ended, 'the end of a worker process');
}

export interface KillPlan {
  readonly url: string;
  /** How often one of the two workers is killed, and another one takes its place. */
  readonly kills: number;
  readonly random: () => number;
  readonly waveSize: number;
  readonly log: (line: string) => void;
}

const leaseMs = 1000;

/** Runs over all tenants with two worker processes, of which one or the other is killed; returns the run's id when it has ended. */
export async function runWithKills(site: Site, plan: KillPlan): Promise<string> {
  const { url, kills, random, waveSize, log } = plan;
  const runId = await createRun(site, runRequest({ waveSize }));
  const workers = await Promise.all([
    startWorkerProcess({ url, leaseMs }),
    startWorkerProcess({ url, leaseMs }),
  ]);
  try {
    const { total } = await getRun(site, runId);
    for (let kill = 0; kill < kills; kill += 1) {
      // The kills are spread over the run; each comes a little after the end of a wave, at whatever the next one is doing then.
      const done = Math.floor(((kill + random()) / kills) * total * 0.95);
      await waitUntil(
        async () => (await progressOf(site, runId)) >= done,
        `${done} of ${total} tenants`,
        120_000,
      );
      const afterMs = random() * 120;
      await pause(afterMs);
      const victim = random() < 0.5 ? 0 : 1;
      const { status, succeeded } = await getRun(site, runId);
      await workers[victim]?.kill();
      workers[victim] = await startWorkerProcess({ url, leaseMs });
      log(
        `worker ${victim + 1} killed at ${succeeded} of ${total} (${status}), ${afterMs.toFixed(0)} ms after ${done}`,
      );
    }
    await waitUntil(
      async () => (await getRun(site, runId)).finishedAt !== null,
      'the end of the run',
      120_000,
    );
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
  }
  return runId;
}

async function progressOf(site: Site, runId: string): Promise<number> {
  const { total, pending } = await getRun(site, runId);
  return total - pending;
}
