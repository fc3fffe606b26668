/** Follows a run from outside: its events one after the other, and its end. */
import { setTimeout as wait } from 'node:timers/promises';
import { mayPass } from '../errors.ts';
import { listEvents } from '../postgres/runs/events.ts';
import type { RunEvent } from '../postgres/runs/events.ts';
import { getRun } from '../postgres/runs/runs.ts';
import type { RunRecord } from '../postgres/runs/runs.ts';
import type { Site } from '../postgres/scope/site.ts';
import { isFinal, isResting } from './status.ts';

export interface Following {
  readonly signal?: AbortSignal;
  /** How often to look; 250 ms by default. */
  readonly pollMs?: number;
  /** At each look, with the run as it is. */
  readonly onLook?: (run: RunRecord) => void;
}

const pauseForDatabaseMs = 1000;

const pageSize = 500;

/**
 * The events of a run after a number, as they come, in batches. A batch is empty where nothing happened meanwhile. Ends after the event
 * `end`, or when the signal is aborted.
 * @throws RUN_NOT_FOUND
 */
export async function* followEvents(
  site: Site,
  about: Following & { runId: string; after: number },
): AsyncGenerator<readonly RunEvent[]> {
  await getRun(site, about.runId);
  let after = about.after;
  while (about.signal?.aborted !== true) {
    const events = await listEvents(site, { runId: about.runId, after, limit: pageSize });
    yield events;
    const last = events.at(-1);
    if (last?.kind === 'end') return;
    after = last?.number ?? after;
    if (events.length === 0) {
      if (isFinal(await getRun(site, about.runId))) {
        // The run may have ended between the two looks. Then its last events are still to be read.
        yield await listEvents(site, { runId: about.runId, after, limit: pageSize });
        return;
      }
      await pause(about);
    }
  }
}

/** Asks again while the database is gone or busy. An aborted signal ends that with the error. */
export async function untilAnswered<T>(ask: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (;;)
    try {
      return await ask();
    } catch (error) {
      if (!mayPass(error) || signal?.aborted === true) throw error;
      await pause({ pollMs: pauseForDatabaseMs, ...(signal === undefined ? {} : { signal }) });
    }
}

/** Resolves when the run has ended, or rests until a person gives an order. A database that is gone meanwhile is waited for. */
export async function waitForRun(site: Site, runId: string, about: Following): Promise<RunRecord> {
  for (;;) {
    const run = await untilAnswered(() => getRun(site, runId), about.signal);
    about.onLook?.(run);
    if (isFinal(run) || isResting(run) || about.signal?.aborted === true) return run;
    await pause(about);
  }
}

function pause({ signal, pollMs = 250 }: Following): Promise<void> {
  return wait(pollMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
}
