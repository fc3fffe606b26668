/** What a lint of migrations says. */
import type { Severity } from '../../engine/finding.ts';

export interface LintFinding {
  /** A rule of the doctor where it judges the same, else one of the statements alone. */
  readonly rule: string;
  readonly severity: Severity;
  readonly file: string;
  readonly line: number;
  /** The table, function or role that it is about, as the doctor prints it. */
  readonly at: string;
  readonly message: string;
  /** Why it is not counted. */
  readonly ignored?: string;
}

export interface LintReport {
  readonly version: 1;
  readonly files: number;
  readonly statements: number;
  /** All files ran on a scratch database and the doctor judged what came of them. */
  readonly judged: boolean;
  /** Why not, where they did not: those are judged by their syntax alone. */
  readonly notRun?: { readonly file: string; readonly line: number; readonly reason: string };
  readonly notRead: readonly { readonly file: string; readonly reason: string }[];
  readonly findings: readonly LintFinding[];
  readonly ignored: readonly LintFinding[];
}
