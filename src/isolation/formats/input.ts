import type { SourcePlace } from '../source-place.ts';
import type { IsolationObject, IsolationReport } from '../../engine/isolation/report.ts';

/** What every form is made from. */
export interface FormatInput {
  readonly report: IsolationReport;
  /** The version of Drover. */
  readonly version: string;
  /** Where an object is made in files of SQL, as a path from where the command runs; undefined where no file makes it. */
  readonly places?: (at: IsolationObject) => SourcePlace | undefined;
}
