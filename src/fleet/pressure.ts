/** Is the database too busy, or its replicas too far behind, for the next wave? */
import type { Pressure } from '../postgres/runs/pressure.ts';
import type { Throttle } from '../postgres/runs/runs.ts';

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
export function hasLimits(throttle: Throttle): boolean {
  return Object.values(throttle).some((limit) => limit !== undefined);
}
