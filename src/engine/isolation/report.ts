/** What the doctor says: findings by rule and object, and beside them what was not judged, so that silence is never taken for proof. */
import type { Severity } from '../finding.ts';
import type { TableId } from '../catalogue/catalog.ts';
import type { DamageReport } from './damage.ts';
import type { ProbeLeak } from './proof.ts';

type ObjectKind =
  | 'table'
  | 'view'
  | 'sequence'
  | 'function'
  | 'role'
  | 'schema'
  | 'publication'
  | 'database'
  | 'server'
  | 'configuration';

/** What a finding is about. Kind, schema, name and part are its fingerprint beside the rule. */
export interface IsolationObject {
  readonly kind: ObjectKind;
  /** Empty where the kind has none. */
  readonly schema: string;
  readonly name: string;
  /** The policy, key, index, column, trigger or role within it. */
  readonly part?: string;
}

/** How the ownership that a finding rests on is known. */
type OwnershipSource = 'declared' | 'proposed';

export interface IsolationFinding {
  /** The id of the rule, which is also its page: docs/isolation/ID.md. */
  readonly rule: string;
  readonly severity: Severity;
  readonly at: IsolationObject;
  /** One or two sentences, true of this object. */
  readonly message: string;
  readonly ownership: OwnershipSource;
  /** Who reaches it, where the severity follows from that. */
  readonly reachedBy: readonly string[];
  /** Rules that this one explains here; they are not counted. */
  readonly also: readonly { readonly rule: string; readonly at: IsolationObject }[];
  /** Stable under new rows, other words and another severity: the key of a baseline. */
  readonly fingerprint: string;
  /** Why it is not counted. */
  readonly ignored?: string;
}

export interface RuleState {
  readonly rule: string;
  readonly state: 'judged' | 'skipped';
  readonly reason?: string;
}

/** How a role may use a table, and what is known of it. Without a probe every one is unverified. */
export interface UseVerdict {
  readonly table: TableId;
  readonly command: 'select' | 'insert' | 'update' | 'delete';
  readonly role: string;
  readonly verdict: 'proven' | 'leak' | 'unverified';
  readonly reason: string;
  /** Rows that were reached, by their keys. */
  readonly leaks?: readonly ProbeLeak[];
}

export interface IsolationReport {
  readonly version: 1;
  /** As `server_version_num`. */
  readonly server: number;
  readonly engine: 'embedded' | 'server';
  readonly database: string;
  readonly login: string;
  readonly ownership: OwnershipSource;
  /** Roles that policies must bind, and how they are known. */
  readonly applicationRoles: readonly string[];
  readonly rolesFrom: 'configuration' | 'session' | 'login' | 'logins' | 'unknown';
  /** Roles that are meant to see all tenants. */
  readonly trusted: readonly string[];
  /** Nothing to judge, and why: a database with a single tenant. */
  readonly nothingToJudge?: string;
  readonly tables: { readonly owned: number; readonly global: number; readonly unknown: number };
  readonly rules: readonly RuleState[];
  /** Policies that no rule could read: nothing is said of them. */
  readonly notRead: readonly { readonly at: IsolationObject; readonly reason: string }[];
  /** The worst first. */
  readonly findings: readonly IsolationFinding[];
  readonly ignored: readonly IsolationFinding[];
  /** Findings that the baseline knows, which are not counted. */
  readonly baselined?: readonly IsolationFinding[];
  readonly verdicts: readonly UseVerdict[];
  /** How far it was tried; nothing where nobody asked for it. */
  readonly probe?: 'read' | 'write';
  /** What has crossed already, where it was counted. */
  readonly damage?: DamageReport;
  /** The rules and tables that were asked for; findings and verdicts that were left out are counted. */
  readonly filter?: {
    readonly rules?: readonly string[];
    readonly tables?: readonly TableId[];
    readonly findings: number;
    readonly verdicts: number;
  };
}
