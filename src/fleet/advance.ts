/** Writes what follows from a run's tenants: counts, status, events. It does not matter who does it, or when. */
import { mayPass } from '../errors.ts';
import type { DroverError } from '../errors.ts';
import { announceRun, announceTenants } from '../postgres/runs/events.ts';
import { countTenants, skipOpen } from '../postgres/runs/tenants.ts';
import { updateRun, withRun } from '../postgres/runs/change-run.ts';
import type { RunRecord } from '../postgres/runs/runs.ts';
import type { RunChange } from '../postgres/runs/change-run.ts';
import type { Tx } from '../postgres/driver/database.ts';
import type { Site } from '../postgres/scope/site.ts';
import { decideRun, isFinal, isResting } from './status.ts';

/** Advances the run, and returns it. @throws RUN_NOT_FOUND */
export function advanceRun(site: Site, id: string, change: RunChange = {}): Promise<RunRecord> {
  return withRun(site, id, (tx, run) => advanceLocked(tx, site, { run, change }));
}

/** Advances the run within `withRun`. `change` is what a person ordered; what follows from it is added. */
export async function advanceLocked(
  tx: Tx,
  site: Site,
  { run, change }: { run: RunRecord; change: RunChange },
): Promise<RunRecord> {
  if (isFinal(run)) return run;
  const asked = { ...run, ...change };
  if (asked.status === 'cancelling')
    await skipOpen(tx, site, { runId: run.id, code: 'RUN_CANCELLED', message: 'The run was cancelled.' });
  const announced = await announceTenants(tx, site, run);
  const counts = await countTenants(tx, site, run);
  const due = { ...change, ...decideRun(asked, counts) };
  const news = announced > 0 || counts.skipped !== run.skipped || differs(run, due);
  if (!news) return run;
  const lastEvent = run.lastEvent + announced + 1;
  const next = await updateRun(tx, site, { run: { ...run, lastEvent }, change: due, counts });
  await announceRun(tx, site, { run: next, kind: isFinal(next) ? 'end' : 'run', number: lastEvent });
  return next;
}

/**
 * Stops a run for what does not pass by itself. A person who has mended it resumes the run. One that was ordered to be cancelled stays so
 * and says what it waits for: stopped, it could be resumed. Its counts stay as they were told last, since the tables that they come
 * from may be what cannot be used. Where its events cannot be written the run is stopped without one.
 * @returns whether workers are done with it; false where they have to look again
 * @throws RUN_NOT_FOUND; what the database says of the table of runs
 */
export async function stopRun(site: Site, id: string, cause: DroverError): Promise<boolean> {
  const reason = `${cause.code}: ${cause.message}`;
  const stop = (told: boolean): Promise<boolean> =>
    withRun(site, id, async (tx, run) => {
      if (isFinal(run) || isResting(run)) return true;
      const isCancelled = run.status === 'cancelling';
      const change: RunChange = isCancelled
        ? { throttleReason: reason }
        : { status: 'stopped', statusReason: reason, throttleReason: null };
      if (!differs(run, change)) return false;
      const lastEvent = run.lastEvent + (told ? 1 : 0);
      const { total, pending, succeeded, failed, skipped, migratedCount, completion } = run;
      const next = await updateRun(tx, site, {
        run: { ...run, lastEvent },
        change,
        counts: { total, pending, succeeded, failed, skipped, migratedCount, completion },
      });
      if (told) await announceRun(tx, site, { run: next, kind: 'run', number: lastEvent });
      return !isCancelled;
    });
  return stop(true).catch((error: unknown) => {
    if (mayPass(error)) throw error;
    return stop(false);
  });
}

function differs(run: RunRecord, change: RunChange): boolean {
  const names = ['status', 'statusReason', 'throttleReason', 'canaryReleased', 'failuresExcused'] as const;
  return names.some((name) => change[name] !== undefined && change[name] !== run[name]);
}
