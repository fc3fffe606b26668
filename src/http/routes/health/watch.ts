/**
 * Is this server ready? Each check runs by itself, has a time limit of its own and is asked anew only after a while, so
 * that a probe is cheap, and one that hangs holds up neither the others nor the answer.
 *
 * | worst outcome | status | code |
 * |---|---|---|
 * | a critical check fails | not-ready | 503 |
 * | any other check fails, or any check is stale | degraded | 200 |
 * | all are ok or skipped | ready | 200 |
 */
import { DroverError } from '../../../errors.ts';
import { within } from '../../api/within.ts';

export type Outcome = 'ok' | 'fail' | 'stale' | 'skipped';

export interface Finding {
  readonly status: Outcome;
  /** For whoever operates Drover; never shown to the public. */
  readonly detail?: string;
}

export interface Check {
  readonly name: string;
  /** Without it the server cannot work. */
  readonly critical: boolean;
  /** Throwing is a failure. */
  readonly run: () => Promise<Finding>;
  /** How long a finding holds; 2 s where it is not given. */
  readonly holdsMs?: number;
  /**
   * What a check that does not end says. `stale` where it waits behind work and was fine before: a database that is busy
   * is not gone. `fail` where it is not given.
   */
  readonly late?: 'fail' | 'stale';
}

export type Readiness = 'ready' | 'degraded' | 'not-ready';

export interface Report {
  readonly status: Readiness;
  readonly checks: Readonly<Record<string, Finding>>;
}

export interface HealthOptions {
  readonly limitMs?: number;
  /** Milliseconds; the process's clock where it is not given. */
  readonly now?: () => number;
}

/** What all findings together mean. */
export function judge(
  findings: readonly { readonly critical: boolean; readonly status: Outcome }[],
): Readiness {
  if (findings.some(({ critical, status }) => critical && status === 'fail')) return 'not-ready';
  return findings.some(({ status }) => status === 'fail' || status === 'stale') ? 'degraded' : 'ready';
}

/** Returns how to ask for a report. */
export function watchHealth(checks: readonly Check[], options: HealthOptions = {}): () => Promise<Report> {
  const { limitMs = 1000, now = () => performance.now() } = options;
  const asked = checks.map((check) => remember(check, { limitMs, now }));
  return async () => {
    const findings = await Promise.all(asked.map((ask) => ask()));
    const found = checks.map(({ name, critical }, i) => ({ name, critical, finding: findings[i] ?? late }));
    return {
      status: judge(found.map(({ critical, finding }) => ({ critical, status: finding.status }))),
      checks: Object.fromEntries(found.map(({ name, finding }) => [name, finding])),
    };
  };
}

const late: Finding = { status: 'fail', detail: 'It did not answer in time.' };

/** One run at a time: a check that hangs is not started again on top of itself. */
function remember(check: Check, { limitMs, now }: Required<HealthOptions>): () => Promise<Finding> {
  let last: { readonly at: number; readonly finding: Finding } | undefined;
  let running: Promise<Finding> | undefined;
  const start = (): Promise<Finding> =>
    (running ??= findingOf(check).then((finding) => {
      last = { at: now(), finding };
      running = undefined;
      return finding;
    }));
  return async () => {
    if (last !== undefined && now() - last.at < (check.holdsMs ?? 2000)) return last.finding;
    const wasFine = last?.finding.status === 'ok';
    return within(limitMs, start(), check.late === 'stale' && wasFine ? busy : late);
  };
}

const busy: Finding = { status: 'stale', detail: 'It did not answer in time, but was fine before.' };

async function findingOf(check: Check): Promise<Finding> {
  try {
    return await check.run();
  } catch (error) {
    return {
      status: 'fail',
      detail: error instanceof DroverError ? `${error.code}: ${error.message}` : String(error),
    };
  }
}
