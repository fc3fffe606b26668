/** What follows for a run from the counts of its tenants. Pure: every worker decides the same from the same counts. */
import type { RunRecord } from '../postgres/runs/runs.ts';
import type { RunChange } from '../postgres/runs/change-run.ts';
import { finalStatuses, restingStatuses } from '../postgres/runs/runs.ts';
import type { TenantCounts } from '../postgres/runs/tenants.ts';

type KnownRun = Pick<RunRecord, 'status' | 'options' | 'canaryReleased' | 'failuresExcused'>;

/** Has the run ended for good? */
export function isFinal({ status }: Pick<RunRecord, 'status'>): boolean {
  return (finalStatuses as readonly string[]).includes(status);
}

/** Does the run rest until a person gives an order? */
export function isResting({ status }: Pick<RunRecord, 'status'>): boolean {
  return (restingStatuses as readonly string[]).includes(status);
}

/** The change of status that is due; nothing where the run goes on as it is. */
export function decideRun(run: KnownRun, now: TenantCounts): RunChange {
  if (isFinal(run)) return {};
  if (now.open === 0) return endOf(run, now);
  if (run.status === 'cancelling' || isResting(run)) return {};
  const stopped = overFailures(run, now) ?? afterCanary(run, now);
  if (stopped !== undefined) return stopped;
  return run.status === 'queued' ? { status: 'running' } : {};
}

function endOf(run: KnownRun, now: TenantCounts): RunChange {
  if (run.status === 'cancelling') return { status: 'cancelled' };
  return { status: now.failed > 0 ? 'failed' : 'succeeded', statusReason: null };
}

/** Failures from before the first wave, and those from before a resume, do not count. */
function newFailures(run: KnownRun, now: TenantCounts): number {
  return now.failed - run.failuresExcused;
}

function overFailures(run: KnownRun, now: TenantCounts): RunChange | undefined {
  const limit = run.options.maxFailures ?? Infinity;
  const failures = newFailures(run, now);
  if (failures <= limit) return undefined;
  return {
    status: 'stopped',
    statusReason: `${failures} ${failures === 1 ? 'tenant' : 'tenants'} failed, more than the ${limit} allowed`,
  };
}

function afterCanary(run: KnownRun, now: TenantCounts): RunChange | undefined {
  if (run.canaryReleased || now.canaryOpen > 0) return undefined;
  const failures = newFailures(run, now);
  const goesOn = run.options.canary?.afterwards === 'go-on' && failures <= (run.options.maxFailures ?? 0);
  if (goesOn) return { status: 'running', canaryReleased: true };
  const how = failures === 0 ? 'none of it failed' : `${failures} of it failed`;
  return { status: 'waiting', statusReason: `the canary is done; ${how}` };
}
