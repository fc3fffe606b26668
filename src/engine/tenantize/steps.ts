/**
 * The steps of a conversion as data. Each is one transaction, or one statement that cannot run in one, and locks one table exclusively, a
 * foreign key its two. What it says in SQL, and how it is taken back, is in `src/isolation/conversion`.
 */
import type { AclEntry } from '../isolation/facts.ts';
import type {
  ConversionPhase,
  PlannedGrant,
  PlannedIndex,
  PlannedPolicy,
  PlannedShim,
  RenamedColumn,
  StepLock,
  ObjectName,
  TwinColumn,
  WideForeignKey,
  WideKey,
} from './conversion.ts';

/** Where the owner of a row is read: a row of a table that has its tenant already. */
export interface OwnerSource {
  readonly table: ObjectName;
  readonly column: string;
  readonly from: readonly string[];
  readonly to: readonly string[];
}

interface OwnerColumn {
  readonly at: ObjectName;
  readonly column: string;
  /** The type of the key of the root. */
  readonly type: string;
}

/** Where the keys of the rows are that a fill of V1's own column changed. */
export interface KeptKeys {
  readonly side: ObjectName;
  readonly keys: readonly string[];
}

export interface OwnerTrigger extends OwnerColumn {
  readonly kind: 'owner-trigger';
  readonly name: string;
  /** The columns that say the owner. */
  readonly keys: readonly string[];
  readonly sources: readonly OwnerSource[];
  readonly context: string;
  /** The tenant of rows that lead to none. */
  readonly otherwise?: string;
}

export interface ReplacedTrigger {
  readonly at: ObjectName;
  readonly trigger: string;
  readonly definition: string;
  /** It is an ENABLE ALWAYS trigger, which to replace would make a usual one. */
  readonly always?: true;
}

export interface ShimChange {
  readonly kind: 'shim';
  readonly v1: ObjectName;
  readonly v2: ObjectName;
  readonly shim: PlannedShim;
  readonly renamed: readonly RenamedColumn[];
  readonly owner: string;
  readonly grants: readonly AclEntry[];
}

export interface ShadowChange extends OwnerColumn {
  readonly kind: 'shadow';
  readonly context: string;
  readonly zero?: string;
  /** The role of the old application, whose policy is its own from here to contract. */
  readonly v1: PlannedPolicy;
  /** What the functions that count are called. */
  readonly counter: string;
}

export interface BindChange extends OwnerColumn {
  readonly kind: 'bind';
  readonly context: string;
  readonly policies: readonly PlannedPolicy[];
  readonly zero?: string;
  readonly counter: string;
  /** The role whose statements are not counted. */
  readonly v1: string;
}

export type StepChange =
  | {
      readonly kind: 'schema';
      readonly schema: string;
      readonly isThere: boolean;
      readonly users: readonly string[];
    }
  | {
      readonly kind: 'root';
      readonly at: ObjectName;
      readonly key: string;
      readonly display: string;
      readonly zero?: string;
    }
  | ShimChange
  | (OwnerColumn & { readonly kind: 'owner-column'; readonly zero?: string; readonly context: string })
  | OwnerTrigger
  | { readonly kind: 'twin'; readonly at: ObjectName; readonly twin: TwinColumn }
  | { readonly kind: 'foreign-key'; readonly at: ObjectName; readonly key: WideForeignKey }
  | (ReplacedTrigger & { readonly kind: 'quiet' })
  | (ReplacedTrigger & { readonly kind: 'loud' })
  | {
      readonly kind: 'quarantine';
      readonly at: ObjectName;
      readonly side: ObjectName;
      /** Those that can be written, in V2's names. */
      readonly columns: readonly string[];
      readonly sources: readonly OwnerSource[];
      readonly which: 'ownerless' | 'disputed';
      /** The tenant column of V1, where it has one. */
      readonly column?: string;
    }
  | (OwnerColumn & {
      readonly kind: 'fill-owner';
      readonly sources: readonly OwnerSource[];
      readonly otherwise?: string;
      readonly kept?: KeptKeys;
    })
  | { readonly kind: 'filled-keys'; readonly at: ObjectName; readonly kept: KeptKeys }
  | { readonly kind: 'fill-twin'; readonly at: ObjectName; readonly twin: TwinColumn }
  | (OwnerColumn & { readonly kind: 'owner-gate'; readonly sources: readonly OwnerSource[] })
  | { readonly kind: 'twin-gate'; readonly at: ObjectName; readonly twin: TwinColumn }
  | { readonly kind: 'not-null'; readonly at: ObjectName; readonly column: string; readonly check: string }
  | { readonly kind: 'value-check'; readonly at: ObjectName; readonly twin: TwinColumn }
  | { readonly kind: 'valid-check'; readonly at: ObjectName; readonly check: string }
  | { readonly kind: 'drop-check'; readonly at: ObjectName; readonly column: string; readonly check: string }
  | { readonly kind: 'wide-index'; readonly at: ObjectName; readonly key: WideKey }
  | { readonly kind: 'wide-constraint'; readonly at: ObjectName; readonly key: WideKey }
  | { readonly kind: 'index'; readonly at: ObjectName; readonly index: PlannedIndex }
  | { readonly kind: 'valid-key'; readonly at: ObjectName; readonly key: WideForeignKey }
  | {
      readonly kind: 'roles';
      readonly roles: readonly string[];
      readonly v1: string;
      readonly logins: readonly string[];
    }
  | {
      readonly kind: 'usage';
      readonly schema: string;
      readonly roles: readonly string[];
      readonly owner: string;
    }
  | {
      readonly kind: 'grants';
      readonly at: ObjectName;
      readonly grants: readonly PlannedGrant[];
      readonly sequences: readonly ObjectName[];
    }
  | ShadowChange
  | { readonly kind: 'invoker'; readonly view: ObjectName }
  | BindChange
  | { readonly kind: 'drop-shim'; readonly shim: PlannedShim }
  | { readonly kind: 'drop-foreign-key'; readonly at: ObjectName; readonly name: string }
  | {
      readonly kind: 'drop-narrow';
      readonly at: ObjectName;
      readonly name: string;
      readonly constraint: boolean;
    }
  | { readonly kind: 'primary'; readonly at: ObjectName; readonly old: string; readonly key: WideKey }
  | { readonly kind: 'drop-twin'; readonly at: ObjectName; readonly twin: TwinColumn }
  | (OwnerColumn & { readonly kind: 'context-default'; readonly context: string; readonly trigger: boolean })
  | { readonly kind: 'drop-type'; readonly type: string }
  | { readonly kind: 'drop-v1'; readonly at: ObjectName; readonly role: string }
  | { readonly kind: 'drop-role'; readonly role: string }
  | { readonly kind: 'drop-schema'; readonly schema: string }
  | { readonly kind: 'own'; readonly at: ObjectName; readonly role: string };

export interface ConversionStep {
  readonly phase: ConversionPhase;
  /** The table in V1's name; empty where it is about all. */
  readonly table: string;
  readonly what: string;
  readonly locks: readonly StepLock[];
  /** Does it run in a transaction? CREATE INDEX CONCURRENTLY does not. */
  readonly transaction: boolean;
  /** Can it be taken back? Contract cannot. */
  readonly reversible: boolean;
  readonly change: StepChange;
}
