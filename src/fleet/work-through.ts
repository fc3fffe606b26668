/** Works on one run in this process until the run ends or rests. Other workers may help. */
import { getRun } from '../postgres/runs/runs.ts';
import type { RunRecord } from '../postgres/runs/runs.ts';
import type { Site } from '../postgres/scope/site.ts';
import { waitForRun } from './follow.ts';
import type { Following } from './follow.ts';
import { startWorkers } from './worker.ts';
import type { WorkerOptions } from './worker.ts';

/** Returns the run when it has ended or rests, or when the signal is aborted. */
export async function workThrough(
  site: Site,
  runId: string,
  options: Omit<WorkerOptions, 'only'> & Following = {},
): Promise<RunRecord> {
  const { signal, onLook, pollMs = 100, ...rest } = options;
  const workers = startWorkers(site, { ...rest, pollMs, only: runId });
  try {
    await waitForRun(site, runId, {
      pollMs,
      ...(signal === undefined ? {} : { signal }),
      ...(onLook === undefined ? {} : { onLook }),
    });
  } finally {
    await workers.stop();
  }
  // A pause ends the waiting while a wave is still under way, which the worker has finished by now.
  return getRun(site, runId);
}
