/**
 * A conversion as data: what becomes of each table on the way from V1, which the old application knows, to V2, and the steps that lead
 * there. Names of tables and columns are those of the database, unquoted; a `TableId` is that of V1.
 */
import type { TableId } from '../catalogue/catalog.ts';
import type { Finding } from '../finding.ts';
import type { OwnerPath } from '../rules/ownership.ts';
import type { ConversionMode } from '../rules/config.ts';

/** In the order in which they happen. */
export const conversionPhases = ['expand', 'fill', 'validate', 'shadow', 'bind', 'contract'] as const;
export type ConversionPhase = (typeof conversionPhases)[number];

export interface ObjectName {
  readonly schema: string;
  readonly name: string;
}

/** `system`: ledgers of migration tools, which nobody converts. `root`: the table of tenants itself. */
type ConversionClass = 'tenant' | 'global' | 'system' | 'root';

/** How the owner of a row is known. `column`: the table says it already. */
export type RowOwner =
  | { readonly kind: 'zero' }
  | { readonly kind: 'column'; readonly column: string }
  | { readonly kind: 'path'; readonly paths: readonly OwnerPath[] };

/** The class of a table, and why. */
export interface Classified {
  readonly table: TableId;
  readonly class: ConversionClass;
  readonly owner?: RowOwner;
  readonly why: string;
}

/** Rows that fit no tenant: they lead to none, to several, or to one that there is not; or they name a row of another than their own. */
export const strayKinds = ['ownerless', 'disputed', 'dangling', 'crossing'] as const;
type StrayRows = Readonly<
  Record<(typeof strayKinds)[number], { readonly rows: number; readonly keys: readonly string[] }>
>;

/** What a table holds, counted. */
export interface TableRows {
  readonly table: TableId;
  readonly rows: number;
  readonly bytes: number;
  readonly strays?: StrayRows;
  /** By tenant, where the owner is derived or a column says it: rows of each. */
  readonly tenants?: readonly { readonly tenant: string; readonly rows: number }[];
  /** By column of `values`: how often each value stands there; null is left out. */
  readonly values?: Readonly<Record<string, readonly ValueCount[]>>;
  /** Rows that a unique index would refuse once a column is mapped. */
  readonly collisions?: readonly {
    readonly column: string;
    readonly index: string;
    readonly rows: number;
    readonly keys: readonly string[];
  }[];
}

export interface ValueCount {
  readonly value: string;
  readonly rows: number;
}

/** Something that a person must say before anything can be written. */
export interface ConversionQuestion extends Finding {
  readonly table: TableId;
  /** YAML for drover.config.yaml, each with what it means; none where the database itself must be mended first. */
  readonly answers: readonly { readonly yaml: string; readonly means: string }[];
}

export interface RenamedColumn {
  readonly from: string;
  readonly to: string;
}

/** A column that V1 and V2 write in two ways. */
export interface TwinColumn {
  /** What V1 calls it, and what the column is called once the twin has its name. */
  readonly v1: string;
  readonly kept: string;
  /** What V2 calls it: text. */
  readonly v2: string;
  readonly type: string;
  readonly map: readonly { readonly from: string; readonly to: string }[];
  readonly set: readonly string[];
  readonly notNull: boolean;
  readonly check: string;
  readonly function: string;
  /** What V2 begins with, where V1 begins with a value. */
  readonly fallback?: string;
}

/** One part of a key: a column, or an expression over columns. */
export type KeyPart = { readonly column: string } | { readonly expression: string };

/** A unique key of V1 without the tenant, and what becomes of it. */
export interface NarrowKey {
  readonly name: string;
  readonly constraint: boolean;
  readonly primary: boolean;
  /** `wide`: one with the tenant takes its place. `global`: it stays. */
  readonly becomes: 'wide' | 'global';
  /** What a second tenant meets from bind to contract. */
  readonly meets: string;
}

export interface WideKey {
  readonly name: string;
  readonly parts: readonly KeyPart[];
  readonly predicate?: string;
  readonly nullsNotDistinct: boolean;
  /** Columns that it holds and does not compare (INCLUDE). */
  readonly included?: readonly string[];
  /** Can a constraint stand behind it? Not where it is partial or has an expression. */
  readonly constraint: boolean;
  /** The narrow key whose place it takes; none where it is there for foreign keys alone. */
  readonly instead?: string;
}

export interface WideForeignKey {
  readonly name: string;
  readonly columns: readonly string[];
  readonly references: ObjectName;
  /** The table of V1 that it leads to; undefined where it is made. */
  readonly parent?: TableId;
  readonly referencedColumns: readonly string[];
  readonly onDelete: string;
  readonly onUpdate: string;
  /** The columns that ON DELETE SET NULL writes, without the tenant. */
  readonly setColumns: readonly string[];
  /** It may be checked at the end of a transaction: where that is asked for, or always. */
  readonly deferrable?: 'asked' | 'always';
  /** The foreign key of V1 whose place it takes. */
  readonly instead?: string;
}

export interface PlannedIndex {
  readonly name: string;
  readonly columns: readonly string[];
}

/** Who may do what with a table in V2. */
export interface PlannedGrant {
  readonly role: string;
  readonly privileges: readonly string[];
  /** Only these columns. */
  readonly columns?: readonly string[];
}

/** `who`: which rows a role sees. `tenant`: of the tenant in the context, `tenants`: of the list there. */
export interface PlannedPolicy {
  readonly role: string;
  readonly who: 'tenant' | 'tenants' | 'zero' | 'all';
}

export interface PlannedShim {
  readonly view: ObjectName;
  readonly columns: readonly { readonly column: string; readonly as: string }[];
  /** Routines that take or return rows of V1: they are made again, with the rows of the view. */
  readonly routines: readonly PlannedRoutine[];
}

export interface PlannedRoutine {
  /** As DROP wants it: `public.assets_of(client uuid)`. */
  readonly signature: string;
  readonly definition: string;
  readonly owner: string;
  /** Who may execute it, beside its owner. */
  readonly grantees: readonly string[];
}

/** One table in V2. */
export interface ConvertedTable extends Classified {
  readonly rows: number;
  readonly mode: ConversionMode;
  readonly v1: ObjectName;
  readonly v2: ObjectName;
  readonly ownerRole: string;
  /** The column that holds the tenant; undefined where the rows are everybody's. */
  readonly column?: string;
  /** Is it there in V1? */
  readonly hasColumn: boolean;
  readonly renamed: readonly RenamedColumn[];
  readonly twins: readonly TwinColumn[];
  readonly keys: readonly WideKey[];
  readonly narrow: readonly NarrowKey[];
  readonly foreignKeys: readonly WideForeignKey[];
  readonly indexes: readonly PlannedIndex[];
  readonly grants: readonly PlannedGrant[];
  readonly policies: readonly PlannedPolicy[];
  readonly shim?: PlannedShim;
  readonly strays?: StrayRows;
  readonly tenants?: TableRows['tenants'];
}

/** What the owner of the application must do. */
export interface Duty {
  readonly id: string;
  /** Table, login or index. */
  readonly about: string;
  readonly text: string;
}

/** A table that a step locks, in V1's name for it. `rows`: are the rows read or written meanwhile? */
export interface StepLock {
  readonly table: string;
  readonly mode: LockMode;
  readonly rows: boolean;
}

export type LockMode =
  | 'ROW SHARE'
  | 'ROW EXCLUSIVE'
  | 'SHARE UPDATE EXCLUSIVE'
  | 'SHARE ROW EXCLUSIVE'
  | 'ACCESS EXCLUSIVE';

/** What PostgreSQL cut or would cut, and what the plan calls it. */
export interface ShortenedName {
  readonly from: string;
  readonly to: string;
}
