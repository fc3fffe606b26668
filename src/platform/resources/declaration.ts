/**
 * What a resource is, as data: a table, its columns and who may write them, how it is found, ordered and taken away.
 * Everything that lists, reads, changes or describes rows is written once and reads such a declaration
 * (../rows, ../../http/routes/resources/resource-routes.ts).
 */
import type { AccessScope, Caller, Role } from '../access/caller.ts';
import type { Platform } from '../open.ts';
import type { Tx } from '../../postgres/driver/database.ts';

export type Values = Readonly<Record<string, unknown>>;

/** What a value may be, the same at every endpoint. */
export type ValueType =
  | {
      readonly kind: 'text';
      readonly max: number;
      readonly min?: number;
      readonly form?: 'email' | 'slug' | 'line';
    }
  | { readonly kind: 'choice'; readonly values: readonly [string, ...string[]] }
  | { readonly kind: 'integer'; readonly min: number; readonly max: number }
  /** numeric(12, 4), never negative. */
  | { readonly kind: 'decimal' }
  | { readonly kind: 'flag' }
  | { readonly kind: 'id' }
  | { readonly kind: 'instant' }
  | { readonly kind: 'day' }
  /** What a key may do; a list of access scopes. */
  | { readonly kind: 'scopes' }
  /** A JSON object; `pipeline` names models in its nodes. */
  | { readonly kind: 'object'; readonly maxBytes: number; readonly form?: 'pipeline' };

export type ModelKind = 'completion' | 'transcription' | 'embedding';

/** What an id refers to: a model that is chosen, a model that merely comes after, or a row of another resource. */
export type Reference =
  | { readonly to: 'model'; readonly kind: ModelKind }
  | { readonly to: 'successor'; readonly kind: ModelKind }
  | {
      readonly to: 'row';
      readonly table: string;
      readonly noun: string;
      /** The row cannot be chosen while this column says that it is gone. */
      readonly gone?: { readonly column: string; readonly when: 'set' | 'false'; readonly word: string };
    };

export interface ResourceColumn {
  readonly type: ValueType;
  readonly nullable?: true;
  /** What a client may give at creation; absent: nothing. */
  readonly create?: 'required' | 'optional';
  /** May a client change it? */
  readonly update?: true;
  readonly names?: Reference;
  /** Filled with the caller's user when the row is made. */
  readonly filled?: 'caller';
  readonly about?: string;
}

export type Filter =
  | { readonly column: string; readonly test: 'equals' | 'from' | 'before' }
  /** Rows that are gone are left out unless they are asked for. */
  | { readonly column: string; readonly test: 'presence' | 'flag'; readonly default: 'true' | 'false' }
  | {
      readonly column: string;
      readonly test: 'lifecycle';
      readonly live: readonly string[];
      readonly gone: readonly string[];
    };

/** How a row is taken away. Only what nothing refers to and nobody needs as a record is really removed. */
export interface RowRemoval {
  readonly column: string;
  /** `stamp`: the column gets the moment; `off`: it becomes false; `lifecycle`: it becomes `retired`; `removal`: the row goes. */
  readonly how: 'stamp' | 'off' | 'lifecycle' | 'removal';
  /** In the audit log: `assistant.deleted`. */
  readonly word: string;
  readonly summary: string;
  /** Columns that may be given with it. */
  readonly takes?: readonly string[];
  /** Nothing brings the row back. */
  readonly final?: true;
}

export type RowAction = 'create' | 'update' | 'retire' | 'restore';

/** In which transaction something is written, and by whom. */
export interface WriteContext {
  readonly tx: Tx;
  readonly platform: Platform;
  readonly caller: Caller;
}

/** A change that is about to be made, in its transaction, with the row locked. */
export interface Proposed extends WriteContext {
  readonly action: RowAction;
  readonly id: string;
  /** The row as it is; undefined where it is made. */
  readonly before: Values | undefined;
  /** What the row will be. */
  readonly after: Values;
}

export interface Resource {
  /** The path: `completion-models`. */
  readonly path: string;
  /** One of them, in messages and in the audit log: `completion model`. */
  readonly noun: string;
  /** The name of its schema in the API: `CompletionModel`. */
  readonly title: string;
  readonly tag: string;
  readonly table: string;
  /** `tenant`: rows of the caller's tenant; `global`: everybody reads, sysadmins write; `system`: sysadmins only. */
  readonly owner: 'tenant' | 'global' | 'system';
  readonly columns: Readonly<Record<string, ResourceColumn>>;
  readonly order?: { readonly column: string; readonly descending: boolean };
  readonly filters: Readonly<Record<string, Filter>>;
  readonly retirement?: RowRemoval;
  readonly access: {
    readonly read: { readonly role: Role; readonly scope: AccessScope };
    readonly write?: { readonly role: Role; readonly scope: AccessScope };
  };
  /** Which column says in which space a model has to be available. */
  readonly space?: 'space_id' | 'id';
  /** Unique keys, and the field that is taken where one is violated, or the fields that are taken together. */
  readonly unique?: Readonly<Record<string, string | readonly [string, ...string[]]>>;
  /** The word for making one in the audit log; `created` where it is not given. */
  readonly created?: string;
  /** Locks that must be taken before the row's own. */
  readonly lock?: (about: Omit<Proposed, 'before' | 'after'>) => Promise<void>;
  /** What follows from a change; values that a client cannot give. */
  readonly derive?: (change: Values, before: Values | undefined) => Values;
  /** Throws what speaks against a change. */
  readonly check?: (proposed: Proposed) => Promise<void>;
}
