/** Findings: what a plan, or the comparison of two models, noticed, and what that means for whoever wants to go on. */
export type Severity = 'error' | 'warning' | 'info';

export interface Finding {
  readonly severity: Severity;
  /** Stable, upper case: see docs/findings.md. */
  readonly code: string;
  readonly message: string;
  /** What the people concerned are told, who know no configuration; where it is left out, the message. */
  readonly told?: string;
  /** An error that `force` with a reason passes. */
  readonly forceable?: boolean;
  readonly entity?: string;
  readonly place?: string;
  readonly count?: number;
}

/** A finding; `about` says of which rows. */
export function finding(
  severity: Severity,
  code: string,
  message: string,
  about: Omit<Finding, 'severity' | 'code' | 'message'> = {},
): Finding {
  return { severity, code, message, ...about };
}

/** The findings that refuse. Errors do; `force` passes those that may be forced. */
export function refusing(findings: readonly Finding[], force = false): Finding[] {
  return findings.filter(({ severity, forceable }) => severity === 'error' && !(force && forceable === true));
}

/** The findings that somebody must have read and accepted. */
export function toConfirm(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ severity }) => severity === 'warning');
}
