/**
 * A worker takes tenants of runs, wave by wave, until it is stopped. Any number of them work side by side, in one process or in
 * many: what they share is in the tables of the runs, and nothing else. A worker may die at any instant; its claims run out, and
 * the others go on. Where the database is gone it waits, longer each time, and goes on when it is back. What does not pass by itself
 * stops the run that it concerns, with its cause.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { mayPass } from '../errors.ts';
import { readPressure } from '../postgres/runs/pressure.ts';
import type { Pressure } from '../postgres/runs/pressure.ts';
import { claimTenants, expireClaims, releaseClaim, renewClaim } from '../postgres/runs/claims.ts';
import type { Claim, TenantOutcome } from '../postgres/runs/tenants.ts';
import { forgetWorker, reportWorker } from '../postgres/runs/workers.ts';
import { listActiveRuns } from '../postgres/runs/runs.ts';
import type { RunRecord, Throttle } from '../postgres/runs/runs.ts';
import type { Site } from '../postgres/scope/site.ts';
import { advanceRun, stopRun } from './advance.ts';
import { workWave } from './wave.ts';
import { asDroverError } from './outcome.ts';

export interface WorkerOptions {
  /** Only this run. */
  readonly only?: string;
  /** How long a claim holds without a sign of life; 30 s by default. */
  readonly leaseMs?: number;
  /** How often to look for work where there is none; half a second by default. */
  readonly pollMs?: number;
  /** After each wave. */
  readonly onWave?: (run: RunRecord, ended: readonly TenantOutcome[]) => Promise<void> | void;
  /** What keeps the worker from working, or stopped a run. */
  readonly onProblem?: (error: unknown) => void;
}

export interface Worker {
  readonly id: string;
  /**
   * Resolves when it was stopped. A worker for one run rejects with what keeps it from that run and does not pass, where not even the
   * run can be told; any other worker looks again from time to time.
   */
  readonly ended: Promise<void>;
  /** Finishes the wave under way, begins no other, and resolves when all is still. */
  stop(): Promise<void>;
}

export interface Workers extends Pick<Worker, 'stop' | 'ended'> {
  readonly count: number;
}

interface WorkerContext {
  readonly site: Site;
  readonly id: string;
  readonly leaseMs: number;
  readonly pollMs: number;
  readonly options: WorkerOptions;
  readonly signal: AbortSignal;
  /** Claims whose tenants could not be given back, because the database was gone. */
  readonly held: Claim[];
  reportedAt: number;
  /** Until when a run is left alone, because somebody has to mend something first and the run cannot say so. */
  readonly left: Map<string, number>;
  /** The claims that dead processes left are given back. */
  begun: boolean;
}

/** How the names of this process's workers begin. The random part tells apart processes that had the same number. */
const thisProcess = `${hostname()}:${process.pid}:${randomBytes(3).toString('hex')}`;

/** Starts a worker. */
export function startWorker(site: Site, options: WorkerOptions): Worker {
  const stopping = new AbortController();
  const id = `${thisProcess}:${randomBytes(3).toString('hex')}`;
  const context: WorkerContext = {
    site,
    id,
    leaseMs: options.leaseMs ?? 30_000,
    pollMs: options.pollMs ?? 500,
    options,
    signal: stopping.signal,
    held: [],
    left: new Map(),
    reportedAt: 0,
    begun: false,
  };
  const ended = work(context);
  const still = ended.catch(() => undefined);
  return {
    id,
    ended,
    stop: () => {
      stopping.abort();
      return still;
    },
  };
}

/**
 * Starts several in this process, as one.
 * @param count by default two, of which one computes while the other waits for the database, so that a run is about a third
 *   faster (bench/fleet.ts); one where their waves would only wait for each other: a single connection, or a fence that locks tables
 */
export function startWorkers(site: Site, options: WorkerOptions, count = usualCount(site)): Workers {
  const workers = Array.from({ length: count }, () => startWorker(site, options));
  const all = (of: (worker: Worker) => Promise<void>): Promise<void> =>
    Promise.all(workers.map(of)).then(() => undefined);
  const ended = all((worker) => worker.ended);
  ended.catch(() => undefined);
  return { count, ended, stop: () => all((worker) => worker.stop()) };
}

function usualCount({ database, config }: Site): number {
  return database.engine === 'server' && config.database?.fence === 'constraint' ? 2 : 1;
}

const longestPauseMs = 5000;
/** How long a worker waits where somebody has to mend something first. */
const pauseForMendingMs = 30_000;

async function work(context: WorkerContext): Promise<void> {
  let failures = 0;
  try {
    while (!context.signal.aborted) {
      try {
        await beginAfresh(context);
        const worked = await workOnce(context);
        failures = 0;
        if (!worked) await pause(context, context.pollMs);
      } catch (error) {
        if (!mayPass(error) && context.options.only !== undefined) throw error;
        context.options.onProblem?.(error);
        failures += 1;
        await pause(
          context,
          mayPass(error) ? Math.min(longestPauseMs, 100 * 2 ** failures) : pauseForMendingMs,
        );
      }
    }
  } finally {
    await giveBack(context).catch(() => undefined);
    await forgetWorker(context.site, context.id).catch(() => undefined);
  }
}

function pause({ signal }: WorkerContext, ms: number): Promise<void> {
  return wait(ms, undefined, { signal }).catch(() => undefined);
}

/** A folder belongs to one process: the claims of others in it are those of dead processes, and nobody waits for them. */
async function beginAfresh(context: WorkerContext): Promise<void> {
  const { site } = context;
  if (site.state.database.engine === 'embedded' && !context.begun) await expireClaims(site, thisProcess);
  context.begun = true;
  await giveBack(context);
}

/**
 * Gives back the claims that were held when the work ended with an error. What was under way was committed or rolled back with the
 * connection. A claim that cannot be given back runs out by itself.
 */
async function giveBack({ site, held }: WorkerContext): Promise<void> {
  for (let claim = held[0]; claim !== undefined; claim = held[0]) {
    await releaseClaim(site, claim, { afterMs: 0 }).catch((error: unknown) => {
      if (mayPass(error)) throw error;
    });
    held.shift();
  }
}

/** Works on one wave of the first run that has one; false where there is nothing to do now. */
async function workOnce(context: WorkerContext): Promise<boolean> {
  const runs = await listActiveRuns(context.site, context.options.only);
  for (const run of runs) {
    if ((context.left.get(run.id) ?? 0) > Date.now()) continue;
    try {
      await report(context, run.id);
      if (await workOn(context, run)) return true;
    } catch (error) {
      if (mayPass(error)) throw error;
      await stop(context, run, error);
    }
  }
  return false;
}

/** Stops a run for what does not pass, and tells. One that cannot be stopped is left alone for a while; the others go on. */
async function stop(
  { site, options, left }: WorkerContext,
  { id }: RunRecord,
  cause: unknown,
): Promise<void> {
  const isStopped = await stopRun(site, id, asDroverError(cause)).catch((error: unknown) => {
    if (mayPass(error)) throw error;
    return false;
  });
  if (isStopped) left.delete(id);
  else if (options.only === undefined) left.set(id, Date.now() + pauseForMendingMs);
  else throw cause;
  options.onProblem?.(cause);
}

async function report(context: WorkerContext, runId: string): Promise<void> {
  const now = Date.now();
  if (now - context.reportedAt < context.leaseMs / 3) return;
  await reportWorker(context.site, context.id, runId);
  context.reportedAt = now;
}

async function workOn(context: WorkerContext, found: RunRecord): Promise<boolean> {
  const { site } = context;
  const throttleReason = await whyWait(site, found);
  const run = await advanceRun(site, found.id, { throttleReason });
  if (run.status !== 'running' || throttleReason !== null) return false;
  const claim = { runId: run.id, claim: randomUUID(), worker: context.id, leaseMs: context.leaseMs };
  const claimed = await claimTenants(site, claim, run.options.waveSize);
  if (claimed.length === 0) return false;
  context.held.push(claim);
  const ended = await whileRenewing(site, claim, () => workWave(site, { run, claim, claimed }));
  context.held.splice(context.held.indexOf(claim), 1);
  const now = await advanceRun(site, run.id);
  await context.options.onWave?.(now, ended);
  return true;
}

/** Null where nothing speaks against the next wave. */
async function whyWait(site: Site, { options }: RunRecord): Promise<string | null> {
  if (!hasLimits(options.throttle)) return null;
  return overLimits(options.throttle, await readPressure(site)) ?? null;
}

/** A renewal may fail: the work of the wave notices by itself that the database is gone, or that the claim was lost. */
async function whileRenewing<T>(site: Site, claim: Claim, work: () => Promise<T>): Promise<T> {
  const renew = (): void => void renewClaim(site, claim).catch(() => undefined);
  const timer = setInterval(renew, claim.leaseMs / 3);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/* Is the database too busy, or its replicas too far behind, for the next wave? */

/** Which limits are exceeded, in words; undefined where none is. What cannot be measured exceeds nothing. */
export function overLimits(throttle: Throttle, now: Pressure): string | undefined {
  const measured = [
    ['a replica lags', now.replicationLagMs, throttle.maxReplicationLagMs, 'ms'],
    ['a replica lags', now.replicationLagBytes, throttle.maxReplicationLagBytes, 'bytes'],
    ['other statements are running', now.activeStatements, throttle.maxActiveStatements, ''],
    ['a small statement takes', now.latencyMs, throttle.maxLatencyMs, 'ms'],
  ] as const;
  const over = measured.flatMap(([what, value, limit, unit]) =>
    value === null || limit === undefined || value <= limit
      ? []
      : [`${what}: ${Math.round(value)} ${unit}`.trimEnd() + ` (limit ${limit})`],
  );
  return over.length === 0 ? undefined : over.join('; ');
}

/** Is there anything to measure for? */
function hasLimits(throttle: Throttle): boolean {
  return Object.values(throttle).some((limit) => limit !== undefined);
}
