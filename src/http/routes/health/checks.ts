/**
 * Is this server ready? Each check runs by itself, has a time limit, and is asked anew only after a while. A probe is cheap,
 * and a check that hangs delays neither the others nor the answer.
 *
 * | worst result | status | code |
 * |---|---|---|
 * | a critical check fails | not-ready | 503 |
 * | any other check fails, or any check is stale | degraded | 200 |
 * | all are ok or skipped | ready | 200 |
 */
import { DroverError } from '../../../errors.ts';
import { pendingMigrations, proveIsolation } from '../../../platform/install.ts';
import { watchIsolation } from '../../../platform/judge.ts';
import { ping } from '../../../postgres/driver/connect.ts';
import { within } from '../../api/within.ts';
import type { AppDeps, ReadinessCheck, CheckResult } from '../../contract.ts';

export interface ReadinessReport {
  readonly status: 'ready' | 'degraded' | 'not-ready';
  readonly checks: Readonly<Record<string, CheckResult>>;
}

interface CheckTiming {
  readonly limitMs?: number;
  /** Milliseconds; the clock of the process by default. */
  readonly now?: () => number;
}

/** The status that follows from all results. */
export function judge(
  results: readonly { readonly critical: boolean; readonly status: CheckResult['status'] }[],
): ReadinessReport['status'] {
  if (results.some(({ critical, status }) => critical && status === 'fail')) return 'not-ready';
  return results.some(({ status }) => status === 'fail' || status === 'stale') ? 'degraded' : 'ready';
}

/** Returns the function that asks for a report. */
export function watchHealth(
  checks: readonly ReadinessCheck[],
  options: CheckTiming = {},
): () => Promise<ReadinessReport> {
  const { limitMs = 1000, now = () => performance.now() } = options;
  const asked = checks.map((check) => remember(check, { limitMs, now }));
  return async () => {
    const results = await Promise.all(asked.map((ask) => ask()));
    const found = checks.map(({ name, critical }, i) => ({ name, critical, result: results[i] ?? late }));
    return {
      status: judge(found.map(({ critical, result }) => ({ critical, status: result.status }))),
      checks: Object.fromEntries(found.map(({ name, result }) => [name, result])),
    };
  };
}

const late: CheckResult = { status: 'fail', detail: 'It did not answer in time.' };

const usualMs = 2000;

/** One run at a time: while a check hangs, it is not started again. */
function remember(
  check: ReadinessCheck,
  { limitMs, now }: Required<CheckTiming>,
): () => Promise<CheckResult> {
  let last: { readonly at: number; readonly result: CheckResult } | undefined;
  let running: Promise<CheckResult> | undefined;
  const start = (): Promise<CheckResult> =>
    (running ??= resultOf(check).then((result) => {
      last = { at: now(), result };
      running = undefined;
      return result;
    }));
  return async () => {
    const wasFine = last?.result.status === 'ok';
    // What is mended is seen soon, however long a good result holds.
    const holdsMs = wasFine ? (check.holdsMs ?? usualMs) : Math.min(check.holdsMs ?? usualMs, usualMs);
    if (last !== undefined && now() - last.at < holdsMs) return last.result;
    return within(limitMs, start(), check.late === 'stale' && wasFine ? busy : late);
  };
}

const busy: CheckResult = { status: 'stale', detail: 'It did not answer in time, but was fine before.' };

async function resultOf(check: ReadinessCheck): Promise<CheckResult> {
  try {
    return await check.run();
  } catch (error) {
    return {
      status: 'fail',
      detail: error instanceof DroverError ? `${error.code}: ${error.message}` : String(error),
    };
  }
}

/** Every check of a server. A check of a part replaces the skipped one of its name. */
export function checksOf({ platform, checks = [] }: Pick<AppDeps, 'platform' | 'checks'>): ReadinessCheck[] {
  const given = new Set(checks.map(({ name }) => name));
  return [...ofDatabase(platform), ...skipped.filter(({ name }) => !given.has(name)), ...checks];
}

function ofDatabase({ database, schema }: AppDeps['platform']): ReadinessCheck[] {
  // An embedded database has one connection: the check waits behind a long migration.
  const doctor = watchIsolation(database);
  const late = database.engine === 'embedded' ? 'stale' : 'fail';
  return [
    {
      name: 'database',
      critical: true,
      late,
      run: async () => {
        await ping(database);
        return { status: 'ok' };
      },
    },
    {
      name: 'migrations',
      critical: true,
      holdsMs: 10_000,
      late: 'stale',
      run: async () => {
        const pending = await pendingMigrations(database, schema);
        return pending.length === 0
          ? { status: 'ok' }
          : { status: 'fail', detail: `not applied: ${pending.join(', ')}` };
      },
    },
    {
      name: 'isolation',
      critical: true,
      holdsMs: 10_000,
      late: 'stale',
      run: async () => {
        await proveIsolation(database, schema);
        // It reads the whole catalogue: where that takes long, the proof is answered first.
        const errors = await within(500, doctor(), undefined);
        if (errors === undefined)
          return { status: 'stale', detail: 'Isolation is proved, and the doctor is still judging.' };
        if (errors.length === 0) return { status: 'ok' };
        return { status: 'fail', detail: `the doctor finds ${errors.join(', ')}: drover doctor says more` };
      },
    },
  ];
}

/** Checks of parts that a server may not have. */
const skipped: readonly ReadinessCheck[] = (
  [
    ['registry', true],
    ['workers', false],
    ['resources', false],
    ['retirement_feed', false],
  ] as const
).map(([name, critical]) => ({ name, critical, run: () => Promise.resolve({ status: 'skipped' }) }));
