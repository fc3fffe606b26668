import type { IsolationReport } from '../../engine/isolation/report.ts';

/** What every form is made from. */
export interface FormatInput {
  readonly report: IsolationReport;
  /** The version of Drover. */
  readonly version: string;
}
