/**
 * A plan is immutable data: the steps for one tenant with the rows that each must touch, what the planner noticed, what stays, and a
 * content hash over all of that. It holds no SQL, no connection and no clock.
 */
import type { TableId } from '../catalogue/catalog.ts';
import type { Finding } from '../finding.ts';
import type { KeyPair } from '../key-pairs.ts';
import type { ModelName } from '../models/model.ts';
import type { Mapping } from '../edit/value-rule.ts';
import type { KeyMapping } from '../rules/rows/merging.ts';
import type { TenantRef } from '../tenant.ts';
import type { Intent } from './intent.ts';
import type { Accounts } from './accounts.ts';
import type { CollisionPolicy } from '../rules/config.ts';
import type { Completion } from './completion.ts';
import type { StateCode } from './place-state.ts';

/** One place moved by a step on columns. */
export interface MovedColumns {
  readonly place: string;
  readonly columns: readonly string[];
  readonly mappings: readonly Mapping[];
  /** The states of the place in which a row moves. */
  readonly states: readonly StateCode[];
  /** Companion columns: what is written beside the reference. */
  readonly companions: readonly {
    readonly column: string;
    readonly rule: 'drop' | Readonly<Record<string, string>>;
  }[];
  /** The column with the parameters of this reference and what happens to them. */
  readonly parameters?: {
    readonly column: string;
    readonly policy: 'reset' | 'translate';
    /** All members are parameters, or those that are known as such. */
    readonly members: 'all' | 'known';
    readonly empty: '{}' | null;
  };
}

/** The columns that a move writes; the others of a composite key are the same before and after. */
export function changedColumns(move: Pick<MovedColumns, 'columns' | 'mappings'>): string[] {
  return move.columns.filter((_, at) => move.mappings.some((mapping) => mapping.from[at] !== mapping.to[at]));
}

/** A row that a person can recognise. */
export interface RowName {
  readonly key: string;
  readonly name?: string;
  /** Of a row of several tenants: their keys, in order. */
  readonly owners?: readonly string[];
}

/** What every step says. */
export interface StepBase {
  readonly id: number;
  readonly table: TableId;
  /** The entity type of the rows: `assistants`. */
  readonly entity: string;
  /** How many rows the step must touch; anything else rolls the migration back. */
  readonly expected: number;
  /** How many of these rows are soft-deleted or archived. */
  readonly dead: number;
  /** Do soft-deleted and archived rows belong to the step? */
  readonly includeDead: boolean;
  /** An order-independent digest of the keys of those rows. */
  readonly digest: string;
  /** Up to fifty of the rows. */
  readonly rows: readonly RowName[];
}

/** All scalar references of one table, moved in one statement. */
export interface RepointStep extends StepBase {
  readonly operation: 'repoint';
  readonly moves: readonly MovedColumns[];
}

/** Rows whose move would collide with a row that is on the target already. They are removed, and the journal keeps them whole. */
export interface MergeStep extends StepBase {
  readonly operation: 'merge';
  readonly move: MovedColumns;
  /** Columns of which the row that survives is given what the removed row had. */
  readonly carry: readonly string[];
}

/** References inside the values of one column: JSON (json, jsonb, text), arrays, texts. `expected` counts rows. */
export interface RewriteStep extends StepBase {
  readonly operation: 'rewrite-json' | 'rewrite-text' | 'rewrite-array';
  readonly column: string;
  readonly places: readonly string[];
  /** By place: what becomes what, and the row states that move. */
  readonly rules: Readonly<
    Record<string, { readonly mappings: readonly Mapping[]; readonly states: readonly StateCode[] }>
  >;
  /** How many single values change. */
  readonly occurrences: number;
}

/** Makes the target available where the source is and a moved row needs it. */
export interface EnableStep extends StepBase {
  readonly operation: 'enable';
  /** The grant place: its table, column and the column shared with the moved rows. */
  readonly grant: MovedColumns;
  readonly via: string;
  /** The values of `via` that gain the target. */
  readonly scopes: readonly string[];
}

/** Marks the source as migrated; last of all, and only where nothing live refers to it any more. */
export interface RetireStep extends StepBase {
  readonly operation: 'retire';
  readonly set: Readonly<Record<string, string | number | boolean | null>>;
}

/** Rows get other keys, and every row that refers to one of them by a foreign key follows, at any depth, in one statement. */
export interface RekeyStep extends StepBase {
  readonly operation: 'rekey';
  /** The column of the key. */
  readonly key: string;
  /** No row has one of the new keys before the step. */
  readonly pairs: readonly KeyPair[];
  /** How many rows refer to the rows by a foreign key; of a chain or a ring its first step says it. */
  readonly referring: number;
  /** The database alone writes the key (GENERATED ALWAYS AS IDENTITY): the statement removes the row and inserts it with the other key. */
  readonly anew?: true;
  /** Every table that the statement changes, the row's own first, with the columns in which it does. `expected` is their sum. */
  readonly follows: readonly {
    readonly table: TableId;
    readonly columns: readonly string[];
    readonly expected: number;
  }[];
}

/** Rows of one table that go, because each would meet another row in one unique key: that row stays. */
export interface LostRows {
  readonly table: TableId;
  /** The unique key, by its name; of the source row itself undefined. */
  readonly constraint?: string;
  /** The column in which they come to meet, as plans call it. */
  readonly place: string;
  /** Whose values the row that stays has; `ask` where nobody has said it yet, and then nothing is done. */
  readonly keep: CollisionPolicy;
  /** Their keys, and of each the key of the row that stays. */
  readonly pairs: readonly { readonly row: string; readonly survivor: string }[];
  /** The rows among them whose values pass to the row that stays. */
  readonly pass: readonly string[];
}

/**
 * Rows become one with others. One statement removes them and every other row that is lost, and changes whatever refers to one of
 * them by a foreign key, at any depth.
 */
export interface MergeRowsStep extends StepBase {
  readonly operation: 'merge-rows';
  /** The column of the key. */
  readonly key: string;
  /** The rows that become one with others. */
  readonly pairs: readonly KeyPair[];
  /** Which keys become which, those of the `pairs` first. */
  readonly mappings: readonly KeyMapping[];
  /** Rows that change and stay, table by table. */
  readonly follows: RekeyStep['follows'];
  /** The rows of `pairs` first. Together with what follows they are `expected`. */
  readonly lost: readonly LostRows[];
  /** How many rows refer to the rows of `pairs` by a foreign key. */
  readonly referring: number;
}

export type Step =
  | RepointStep
  | MergeStep
  | RewriteStep
  | EnableStep
  | RekeyStep
  | MergeRowsStep
  | RetireStep;

/** Rows that go on naming the source, and why. */
export interface LeftBehind {
  readonly place: string;
  readonly entity: string;
  readonly reason:
    | 'history'
    | 'other-tenant'
    | 'global'
    | 'shared'
    | 'disagreeing-owners'
    | 'no-owner'
    | 'kept'
    | 'denied'
    | 'ask'
    | 'not-requested'
    | 'dead'
    | 'dead-copy'
    | 'data-bound'
    | 'collision'
    | 'catalogue'
    | 'not-allowed'
    | 'mention'
    | 'unaccounted';
  /** Is it live configuration, so that nothing is complete while it stays? */
  readonly live: boolean;
  /** Rows of the place. */
  readonly count: number;
  /** How many values of these rows name it; left out where each row has one there. */
  readonly occurrences?: number;
  readonly rows: readonly RowName[];
  readonly message: string;
  /** How the source is written there, where no place of the configuration writes it. */
  readonly written?: string;
  /** Where in a document that is: what a place there has as its `json`. */
  readonly json?: string;
}

export interface Plan {
  readonly version: 1;
  readonly tenant: TenantRef | null;
  readonly intent: Intent;
  readonly source: ModelName;
  readonly target: ModelName;
  readonly steps: readonly Step[];
  readonly findings: readonly Finding[];
  readonly leftBehind: readonly LeftBehind[];
  readonly completion: Completion;
  /** How many occurrences of the source have which account; those without any are left out. */
  readonly accounts: Accounts;
  /** Row changes of all steps but the mark on the model, by entity type: a row that two steps change counts twice. */
  readonly counts: Readonly<Record<string, number>>;
  /** Digest of each fact group the plan rests on, by name, so that a stale plan can name what changed. */
  readonly facts: Readonly<Record<string, string>>;
  /** sha-256 of the canonical text of everything above. */
  readonly hash: string;
}
