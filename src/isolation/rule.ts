/** What a rule of the doctor is: a function over the facts of a database, with a file, a page of docs/isolation and a planted fault. */
import type { IsolationFacts } from '../engine/isolation/facts.ts';
import type { IsolationObject, RuleState } from '../engine/isolation/report.ts';
import type { Severity } from '../engine/finding.ts';
import type { Ground } from './ground.ts';

/** What mends a finding, by kind. */
type MendKind =
  | 'policy'
  | 'key'
  | 'not null'
  | 'index'
  | 'grant'
  | 'view'
  | 'function'
  | 'role'
  | 'tenantize'
  | 'data'
  | 'advice';

/** Something that a rule saw, before it is known what another rule explains. */
export interface Sighting {
  readonly at: IsolationObject;
  /** True of this object: what is there, and who reaches what by it. */
  readonly message: string;
  /** Where it is not that of the rule. */
  readonly severity?: Severity;
  readonly reachedBy?: readonly string[];
  /** Other objects on which what this rule explains is explained, too. */
  readonly covers?: readonly IsolationObject[];
}

/** What a rule that judges the judgement is told: which rules were asked, and what those before it saw. */
export interface SeenSoFar {
  readonly states: readonly RuleState[];
  readonly sightings: readonly { readonly rule: string; readonly at: IsolationObject }[];
}

export interface IsolationRule {
  /** Also the name of its page. */
  readonly id: string;
  /** What it finds, in one line. */
  readonly summary: string;
  /** `by reach`: an error where an application role or PUBLIC reaches it, a warning where another role does that nobody trusts. */
  readonly severity: Severity | 'by reach';
  readonly mend: MendKind;
  /** Facts without which it cannot judge. */
  readonly needs?: readonly (keyof IsolationFacts)[];
  /** Rules whose findings on the same object are no findings of their own. */
  readonly explains?: readonly string[];
  readonly find: (ground: Ground, seen: SeenSoFar) => readonly Sighting[];
}
