/** Works on one run in this process until the run ends or rests. Other workers may help. */
import { getRun } from '../postgres/runs/runs.ts';
import type { RunRecord } from '../postgres/runs/runs.ts';
import type { Site } from '../postgres/scope/site.ts';
import { untilAnswered, waitForRun } from './follow.ts';
import type { Following } from './follow.ts';
import { isFinal, isResting } from './status.ts';
import { startWorkers } from './worker.ts';
import type { WorkerOptions } from './worker.ts';

/**
 * Returns the run when it has ended or rests, or when the signal is aborted. A database that is gone meanwhile is waited for.
 * @throws what keeps this process from the run and does not pass by itself, where the run cannot even be stopped for it
 */
export async function workThrough(
  site: Site,
  runId: string,
  options: Omit<WorkerOptions, 'only'> & Following = {},
): Promise<RunRecord> {
  const { signal, onLook, pollMs = 100, ...rest } = options;
  const workers = startWorkers(site, { ...rest, pollMs, only: runId });
  const kept = new AbortController();
  workers.ended.catch((error: unknown) => kept.abort(error));
  try {
    await waitForRun(site, runId, {
      pollMs,
      signal: signal === undefined ? kept.signal : AbortSignal.any([signal, kept.signal]),
      ...(onLook === undefined ? {} : { onLook }),
    });
  } finally {
    await workers.stop();
  }
  // A pause ends the waiting while a wave is still under way, which the worker has finished by now.
  const run = await untilAnswered(() => getRun(site, runId), signal);
  if (!isFinal(run) && !isResting(run)) kept.signal.throwIfAborted();
  return run;
}
