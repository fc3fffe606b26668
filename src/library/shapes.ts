/**
 * What goes into the library and comes out, in full, so that what a program sees does not change with the inside; the compiler compares it
 * with that in library.ts.
 */

/** Which database. */
export interface DatabaseOptions {
  /** `postgres://user@host:5432/database`, or `pglite:FOLDER`. */
  readonly database: string;
  /** The folder of a registry that replaces the built-in one. */
  readonly registry?: string;
}

/** A database, what Drover must know about it, and where its records are. */
export interface SiteOptions extends DatabaseOptions {
  /** The configuration of a database that Drover did not create: a path. Without it the database has Drover's own schema. */
  readonly config?: string;
  /** Another database, or a folder, for Drover's records: `postgres://…`, `pglite:FOLDER`. */
  readonly state?: string;
  /** The SQL of the configuration may call volatile functions although the login is a superuser. */
  readonly trustConfig?: boolean;
  /** `apply` and `rollback` may write, and make the schema for the records. Without it nothing is written. */
  readonly write?: boolean;
}

/** An open site. Close it: it holds connections, and an embedded database takes one process at a time. */
export interface Site {
  readonly options: SiteOptions;
  readonly close: () => Promise<void>;
}

export interface InventoryOptions extends DatabaseOptions {
  /** A configuration: then places have roles, and models say who uses them. What is found does not depend on it. */
  readonly config?: string;
  /** The SQL of the configuration may call volatile functions although the login is a superuser. */
  readonly trustConfig?: boolean;
  /** Only this model, by any of its names. */
  readonly model?: string;
  /** Of the pages of large tables, above 0 and up to 100. */
  readonly samplePercent?: number;
}

/** Rows that name a model in one way in one place. */
export interface Occurrence {
  readonly table: string;
  readonly column: string;
  /** What kind of value the column holds: `text`, `jsonb`, `uuid`, … */
  readonly kind: string;
  /** The JSON pointer pattern within the value; null where the value is no document and no list. */
  readonly path: string | null;
  readonly form: 'exact' | 'inside' | 'member';
  readonly by: 'name' | 'key';
  readonly model: string;
  readonly spelling: string;
  readonly snapshot: boolean;
  readonly prose: boolean;
  readonly written: readonly string[];
  readonly rows: number;
  /** Keys of some of the rows, as text. */
  readonly samples: readonly string[];
  /** With a configuration: what its places there are for. Empty where it says nothing. */
  readonly roles?: readonly string[];
}

/** A part of the schema whose text names a model. */
export interface SchemaOccurrence {
  readonly part: string;
  readonly object: string;
  readonly model: string;
  readonly spelling: string;
  readonly written: string;
  readonly snapshot: boolean;
  readonly text: string;
  /** The statement that mends it. */
  readonly mend: string;
  /** Does it put the name into new rows by itself? */
  readonly live: boolean;
}

export interface InventoriedModel {
  readonly model: string;
  readonly vendor: string;
  readonly kind: string;
  /** Days as `YYYY-MM-DD`. */
  readonly lifecycle: {
    readonly status: 'active' | 'deprecated' | 'withdrawn' | 'retired';
    readonly announced: string | null;
    readonly shutdown: string | null;
    readonly notBefore: string | null;
    readonly distributors: readonly { readonly via: string; readonly shutdown: string }[];
    /** The earliest day on which somebody stops serving it. */
    readonly ends: string | null;
  };
  readonly successor: string | null;
  /** Sum of the rows of all occurrences. */
  readonly count: number;
  /** With a configuration: the tenants that use it by its places, and the shared rows; the most rows first. */
  readonly usedBy?: readonly {
    /** Null where the database has one tenant. */
    readonly key: string | null;
    readonly name: string;
    /** Rows of configuration, the soft-deleted ones among them. */
    readonly rows: number;
    /** Rows that only record what happened. */
    readonly history: number;
  }[];
  readonly occurrences: readonly Occurrence[];
  readonly schema: readonly SchemaOccurrence[];
  readonly related: readonly Occurrence[];
  readonly relatedSchema: readonly SchemaOccurrence[];
}

export interface Inventory {
  /** Without a password. */
  readonly database: string;
  /** Was everything read in which a model could be named? What was not is in `unread`. */
  readonly complete: boolean;
  readonly models: readonly InventoriedModel[];
  /** Keys of rows that foreign keys refer to and that read like a model, such as a customer `o1`: no occurrences. */
  readonly keys: readonly Occurrence[];
  readonly read: readonly {
    readonly table: string;
    readonly rows: number;
    readonly bytes: number;
    readonly sampled: boolean;
  }[];
  readonly unread: readonly { readonly gap: string; readonly object: string; readonly message: string }[];
  /** With a configuration: how many tenants were looked at; null where the database has one. */
  readonly tenants?: number | null;
  /** With a configuration: tenants that were not looked at, and why. */
  readonly tenantsNotRead?: readonly string[];
  readonly durationMs: number;
}

/** What shall move. */
export interface Move {
  /** A model by name, `family/name`, `provider/name`, or the key of its row. */
  readonly from: string;
  readonly to: string;
  /** The key or the name of a tenant; left out where the database has a single one. */
  readonly tenant?: string;
  /** The rows of everybody, of nobody and of several tenants, instead of a tenant's. */
  readonly shared?: boolean;
  readonly kind?: string;
  readonly entityTypes?: readonly string[];
  readonly parameters?: 'reset' | 'keep' | 'translate';
  /** Answers to questions of the plan, by place (`table.column`). */
  readonly answers?: Readonly<Record<string, 'move' | 'keep'>>;
  readonly leaveAsks?: boolean;
  /** A model that nobody knows is meant as it is written; `apply` needs a reason. */
  readonly allowUnknown?: boolean;
}

/** What a plan noticed: an error refuses, a warning needs `confirm`. Codes: docs/findings.md. */
export interface Finding {
  readonly severity: 'error' | 'warning' | 'info';
  readonly code: string;
  readonly message: string;
  /** `force` with a reason passes it. */
  readonly forceable?: boolean;
  readonly entity?: string;
  readonly place?: string;
  readonly count?: number;
}

/** Rows that go on naming the source, and why. */
export interface LeftBehind {
  readonly place: string;
  readonly entity: string;
  readonly reason: string;
  /** Live configuration: nothing is complete while it stays. */
  readonly live: boolean;
  /** Rows of the place. */
  readonly count: number;
  /** Values of these rows that name it; left out where each row has one there. */
  readonly occurrences?: number;
  readonly message: string;
}

export interface PlanStep {
  readonly id: number;
  readonly operation: string;
  readonly table: string;
  readonly entity: string;
  /** How many rows it must touch; any other number takes everything back. */
  readonly expected: number;
}

export type Completion = 'complete' | 'complete for the tenant' | 'partial';

/** A plan: plain data, also as JSON. It is not edited, it is made again: `apply` refuses one whose hashes do not fit. */
export interface Plan {
  readonly version: 1;
  readonly tenant: { readonly key: string; readonly name: string } | null;
  readonly steps: readonly PlanStep[];
  readonly findings: readonly Finding[];
  readonly leftBehind: readonly LeftBehind[];
  readonly completion: Completion;
  /** How many occurrences of the source have which account. */
  readonly accounts: Readonly<Record<string, number>>;
  /** Row changes by entity type. */
  readonly counts: Readonly<Record<string, number>>;
  readonly hash: string;
  readonly shownHash: string;
}

/** Who does it and why, for the record. */
export interface Acting {
  readonly actor: string;
  readonly reason?: string;
  /** Throwing in it takes everything back. */
  readonly onProgress?: (progress: Progress) => void;
}

export interface Progress {
  readonly step: number;
  readonly steps: number;
  readonly operation: string;
  readonly table: string;
  readonly entity: string;
  readonly rows: number;
  readonly expected: number;
}

export interface ApplyOptions extends Acting {
  /** The warnings of the plan were read and accepted. */
  readonly confirm?: boolean;
  /** Errors that can be forced are accepted; needs a reason. */
  readonly force?: boolean;
}

/** What an apply did. */
export interface Migrated {
  readonly status: 'succeeded';
  readonly migrationId: string;
  readonly tenant: string | null;
  /** The same plan was applied before: this is that result, and nothing was done now. */
  readonly replayed: boolean;
  readonly completion: Completion;
  readonly accounts: Readonly<Record<string, number>>;
  readonly counts: Readonly<Record<string, number>>;
  readonly leftBehind: readonly LeftBehind[];
  readonly findings: readonly Finding[];
  readonly planHash: string;
  readonly durationMs: number;
}

/** The plan had no steps: everything is on the target already, or nothing names the source. Nothing was recorded. */
export interface NothingToDo {
  readonly status: 'nothing-to-do';
  readonly planHash: string;
}

export interface RollbackOptions extends Acting {
  /** Whose it is: the key or the name of a tenant. Where it is left out, it is looked for. */
  readonly tenant?: string;
}

export interface RolledBack {
  /** Of the rollback, which can itself be rolled back. */
  readonly migrationId: string;
  readonly parentId: string;
  readonly restored: number;
  /** What somebody changed since, which is left as it is. */
  readonly skippedCount: number;
  /** Up to a thousand of it. */
  readonly skipped: readonly { readonly table: string; readonly key: string; readonly reason: string }[];
  readonly complete: boolean;
  readonly durationMs: number;
}
