import type { Severity } from '../../engine/finding.ts';

const ranks = { error: 3, warning: 2, info: 1 } as const;

/** Does a finding count for the status? */
export function isAtLeast(severity: Severity, failOn: Severity | 'never'): boolean {
  return failOn !== 'never' && ranks[severity] >= ranks[failOn];
}
