/** What a policy was read to say. */
import type { IsolationObject } from '../../engine/isolation/report.ts';

interface ReadPolicy {
  readonly at: IsolationObject;
  /** Why it could not be read: then nothing is said of it. */
  readonly unread?: string;
}

/** By the id of the table and the name of the policy. */
export type Conditions = ReadonlyMap<string, ReadPolicy>;
