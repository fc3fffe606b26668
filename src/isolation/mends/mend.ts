/** What mends a finding, as data: steps in the phases of a conversion, each with its statements and the lock that they take. */
import type { TableId } from '../../engine/catalogue/catalog.ts';
import type { IsolationObject } from '../../engine/isolation/report.ts';

/** `expand` and `validate` disturb nobody; `contract` takes away what the application may still use. */
export type MendPhase = 'expand' | 'validate' | 'bind' | 'contract';

export type TableLock =
  | 'access exclusive'
  | 'share row exclusive'
  | 'share'
  | 'share update exclusive'
  | 'row exclusive'
  | 'row share';

export interface MendStep {
  readonly phase: MendPhase;
  /** One line for people. */
  readonly what: string;
  /** In order. Those of one that is `transactional` are one transaction; of another each runs by itself, outside of any. */
  readonly sql: readonly string[];
  readonly transactional: boolean;
  readonly locks: readonly { readonly lock: TableLock; readonly tables: readonly TableId[] }[];
  /** Reads the whole table while it holds the lock. */
  readonly scans: boolean;
}

export interface Mend {
  readonly rule: string;
  readonly at: IsolationObject;
  /** In order, by phase; none where no SQL mends it by itself. */
  readonly steps: readonly MendStep[];
  /** Why there are no steps, or what the application has to do with them. */
  readonly note?: string;
  /** Lists the keys of rows that would refuse the steps: they are settled before. */
  readonly refusing?: string;
  /** What its steps write as a whole, so that two mends of one are not taken at once: a policy, a table’s owner. */
  readonly writes?: readonly string[];
}

/** What a rule says of one of its findings. */
export type Mending = Omit<Mend, 'rule' | 'at'>;

export function noSql(note: string): Mending {
  return { steps: [], note };
}
