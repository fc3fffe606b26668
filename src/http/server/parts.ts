/** The parts of a server that run beside the API. A part may bring checks of readiness and figures. */
import type { Logger } from 'pino';
import { daysBetween } from '../../engine/models/retirements.ts';
import { startWorkers } from '../../fleet/worker.ts';
import type { Workers } from '../../fleet/worker.ts';
import type { ServerSettings } from '../../config.ts';
import type { Platform } from '../../platform/open.ts';
import { dayOf } from '../../platform/workspaces/day.ts';
import type { Reloading } from '../../platform/workspaces/live-registry.ts';
import { countRuns, secondsUnattended } from '../../postgres/runs/health.ts';
import type { Loaded } from '../../registry/load/load.ts';
import type { Model } from '../../registry/load/shape.ts';
import type { ReadinessCheck, CheckResult, Gauge } from '../contract.ts';
import { lookForLate } from '../../fleet/watch.ts';
import type { Site } from '../../postgres/scope/site.ts';

export interface ServerPart {
  readonly name: string;
  readonly checks?: readonly ReadinessCheck[];
  readonly gauges?: readonly Gauge[];
  /** Called when the server listens. */
  readonly start?: () => Promise<void> | void;
  /** Called when the server stops. The part finishes its work or gives it back. */
  readonly stop?: () => Promise<void>;
}

/** The parts of a server, in the order in which they start; they stop together. */
export function partsOf(
  platform: Platform,
  registry: Reloading,
  {
    log,
    watchMinutes,
    retirementFeedDays,
  }: { readonly log: Logger } & Pick<ServerSettings, 'watchMinutes' | 'retirementFeedDays'>,
): ServerPart[] {
  const watch = watching(platform.site, { everyMs: watchMinutes * minuteMs, log });
  return [runs(platform, log), routes(registry, { log, retirementFeedDays }), watch];
}

const minuteMs = 60_000;

/** The registry. Models end on a day, so each minute the database learns which day it is. */
function routes(
  registry: Reloading,
  { log, retirementFeedDays }: { readonly log: Logger } & Pick<ServerSettings, 'retirementFeedDays'>,
): ServerPart {
  let timer: NodeJS.Timeout | undefined;
  const keepUp = (): void => {
    registry.keepUp().catch((error: unknown) => log.warn({ err: error }, 'the registry is not kept up'));
  };
  return {
    name: 'registry',
    checks: [
      { name: 'registry', critical: true, run: () => Promise.resolve(checkRegistry(registry)) },
      {
        name: 'retirement_feed',
        critical: false,
        run: () => {
          const asked = { days: retirementFeedDays, today: dayOf(new Date()) };
          return Promise.resolve(checkRetirementFeed(registry.current(), asked));
        },
      },
    ],
    start: () => {
      timer = setInterval(keepUp, minuteMs).unref();
    },
    stop: () => {
      clearInterval(timer);
      return Promise.resolve();
    },
  };
}

/** A broken registry leaves the last good one in force. */
function checkRegistry(registry: Reloading): CheckResult {
  const loaded = registry.current();
  const problems = registry.problems().slice(0, 5);
  const detail = problems.map(({ file, line, message }) => `${file}:${line} ${message}`).join('; ');
  if (loaded.kind === 'invalid') return { status: 'fail', detail };
  if (problems.length === 0) return { status: 'ok' };
  return { status: 'stale', detail: `the last good one (${loaded.routes.version}) stays: ${detail}` };
}

/**
 * Models end whether or not somebody looks. A registry that nobody compared with the vendors' pages for long is `stale`; 0 days skips.
 * @param today as 2026-11-30
 */
export function checkRetirementFeed(
  loaded: Loaded,
  { days, today }: { readonly days: number; readonly today: string },
): CheckResult {
  if (days === 0 || loaded.kind === 'invalid') return { status: 'skipped' };
  const newest = newestLook(loaded.registry.models);
  if (newest === undefined) return { status: 'skipped', detail: 'the registry has no model' };
  const age = daysBetween(newest, today);
  if (age <= days) return { status: 'ok' };
  const since = `for ${age} days, since ${newest}`;
  const detail = `nobody compared the registry with a vendor's page ${since}; \`drover registry import\` brings news`;
  return { status: 'stale', detail };
}

function newestLook(models: readonly Model[]): string | undefined {
  return models
    .flatMap(({ checked, lifecycle: { checked: end, distributors = [] } }) => [
      checked,
      end,
      ...distributors.map((each) => each.checked),
    ])
    .filter((day) => day !== undefined)
    .reduce<string | undefined>((a, b) => (a === undefined || b > a ? b : a), undefined);
}

const unattendedSeconds = 90;

/** A run without a worker, in this process or another, will not finish. */
async function checkWorkers(site: Platform['site']): Promise<CheckResult> {
  const seconds = await secondsUnattended(site);
  if (seconds === null || seconds < unattendedSeconds) return { status: 'ok' };
  return {
    status: 'stale',
    detail: `no worker was seen for ${Math.round(seconds)} s, and a run waits for one`,
  };
}

/** Workers of runs. A worker finishes its wave before it stops. */
function runs({ site }: Platform, log: Logger): ServerPart {
  let workers: Workers | undefined;
  return {
    name: 'runs',
    checks: [
      { name: 'workers', critical: false, holdsMs: 5000, late: 'stale', run: () => checkWorkers(site) },
    ],
    gauges: [
      {
        name: 'drover_runs',
        help: 'Runs over many tenants.',
        label: 'status',
        read: async () => (await countRuns(site)).map(({ status, runs }) => ({ word: status, value: runs })),
      },
    ],
    start: () => {
      workers = startWorkers(site, {
        onProblem: (error) => log.warn({ err: error }, 'a worker cannot work'),
      });
    },
    stop: async () => workers?.stop(),
  };
}

/** A part of the server. */
interface WatchPart {
  readonly name: string;
  readonly gauges: readonly Gauge[];
  readonly start: () => void;
  readonly stop: () => Promise<void>;
}

/** @param everyMs between two looks, the first one after as long; never where it is 0 */
export function watching(
  site: Site,
  { everyMs, log }: { readonly everyMs: number; readonly log: Logger },
): WatchPart {
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  let isOver = false;
  let last: { readonly rows: number; readonly unwatched: number } | undefined;
  const look = async (): Promise<void> => {
    try {
      const seen = await lookForLate(site, { isOver: () => isOver });
      if (isOver) return;
      const rows = seen.late.reduce((sum, { count }) => sum + count, 0);
      last = { rows, unwatched: seen.unwatched.length };
      for (const one of seen.late) log.warn({ late: one }, 'rows came to name the source of a move after it');
      for (const one of seen.unwatched) log.warn({ unwatched: one }, 'a move is not watched');
    } catch (error) {
      // What an earlier look saw says nothing of now.
      last = undefined;
      log.warn({ err: error }, 'nobody could look whether rows came late');
    }
  };
  return {
    name: 'watch',
    gauges: [
      {
        name: 'drover_late_rows',
        help: 'Rows that came to name the source of a move after it, as of the last look.',
        // Without a label: keys of models would be as many as tenants, and names of models are theirs.
        read: () => Promise.resolve(last === undefined ? [] : [{ value: last.rows }]),
      },
      {
        name: 'drover_unwatched_moves',
        help: 'Moves that could not be looked after at the last look: of their rows nothing is known.',
        read: () => Promise.resolve(last === undefined ? [] : [{ value: last.unwatched }]),
      },
    ],
    start: () => {
      if (everyMs === 0) return;
      timer = setInterval(() => {
        looking ??= look().finally(() => (looking = undefined));
      }, everyMs).unref();
    },
    stop: async () => {
      isOver = true;
      clearInterval(timer);
      await looking;
    },
  };
}
