/** The pace of a run in the API: waves, canary, failures that stop it, and limits above which workers wait. */
import { z } from 'zod';
import type { RunPace } from '../../../fleet/request.ts';
import type { Canary, Throttle } from '../../../postgres/runs/runs.ts';

const limit = z.number().min(0).optional();

/** The pace of a run: of a new run, and of a run that takes another one back. */
const pace = z.object({
  wave_size: z.int().min(1).max(10_000).default(100).describe('Tenants in one wave'),
  canary: z
    .strictObject({
      tenants: z.int().min(1).max(1_000_000).optional(),
      share: z.number().gt(0).max(1).optional(),
      afterwards: z
        .enum(['wait', 'go_on'])
        .default('wait')
        .describe('Wait for `continue`, or go on if at most `max_failures` failed (by default none)'),
    })
    .optional()
    .describe('This many tenants, or this share of them, go first'),
  max_failures: z.int().min(0).max(1_000_000).optional().describe('The run stops when more tenants failed'),
  max_failure_share: z
    .number()
    .gt(0)
    .max(1)
    .optional()
    .describe('The same, as a share of the visited tenants'),
  throttle: z
    .strictObject({
      max_replication_lag_ms: limit,
      max_replication_lag_bytes: limit,
      max_active_statements: limit.describe('Of other connections of this database'),
      max_latency_ms: z.number().gt(0).optional().describe('Of a trivial statement'),
    })
    .optional()
    .describe('Limits above which workers wait before the next wave'),
});
export const paceShape = pace.shape;

type Pace = z.infer<typeof pace>;

/** The pace that a request asks for. */
export function paceOf(body: Pace): RunPace {
  const { canary, throttle, max_failures: maxFailures, max_failure_share: maxFailureShare } = body;
  return {
    waveSize: body.wave_size,
    ...(canary === undefined ? {} : { canary: canaryOf(canary) }),
    ...(maxFailures === undefined ? {} : { maxFailures }),
    ...(maxFailureShare === undefined ? {} : { maxFailureShare }),
    ...(throttle === undefined ? {} : { throttle: throttleOf(throttle) }),
  };
}

function canaryOf({ tenants, share, afterwards }: NonNullable<Pace['canary']>): Canary {
  return {
    afterwards: afterwards === 'wait' ? 'wait' : 'go-on',
    ...(tenants === undefined ? {} : { tenants }),
    ...(share === undefined ? {} : { share }),
  };
}

function throttleOf(limits: NonNullable<Pace['throttle']>): Throttle {
  const named = {
    maxReplicationLagMs: limits.max_replication_lag_ms,
    maxReplicationLagBytes: limits.max_replication_lag_bytes,
    maxActiveStatements: limits.max_active_statements,
    maxLatencyMs: limits.max_latency_ms,
  };
  return Object.fromEntries(Object.entries(named).filter(([, limit]) => limit !== undefined));
}
