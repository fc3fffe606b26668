/**
 * What Drover must be told about a database (the nine concepts of docs/guides/attached.md), as data.
 * The same kind of configuration describes a foreign database (`drover.config.yaml`) and Drover's own schema.
 *
 * A place is written `table.column` or `schema.table.column`; a part that is not plain lower case is double-quoted
 * (`"Order"."modelId"`). A table without a schema is looked up in `database.schemas`, in that order.
 * SQL conditions are written over the row's own columns, unqualified.
 */
import type { Condition, PlaceConfig, PlaceRole } from './place-config.ts';

/**
 * Columns with what is known of a model, or of the row that a key leads to (`class_id -> classes.level`): tokens, capabilities
 * (boolean), prices, where it runs, its class, dates, parameters.
 */
interface FactsConfig {
  readonly context?: string;
  readonly output?: string;
  readonly vision?: string;
  readonly tools?: string;
  readonly reasoning?: string;
  readonly audio?: string;
  readonly structured?: string;
  readonly price_in?: string;
  readonly price_out?: string;
  readonly region?: string;
  readonly security?: string;
  readonly shutdown?: string;
  readonly announced?: string;
  readonly parameters?: string;
}

export interface ModelTableConfig {
  readonly table: string;
  /** Default: `completion`. */
  readonly kind?: string;
  /** The key column of a model within its tenant; default: the primary key without the tenant column. */
  readonly key?: string;
  /** Which columns mean what. Conditions are SQL over the row. */
  readonly columns: {
    readonly name: string;
    readonly family?: string;
    readonly provider?: string;
    readonly tenant?: string;
    readonly updated?: string;
  };
  readonly enabled?: string;
  readonly deprecated?: string;
  readonly retired?: string;
  /** Rows of which this holds belong to nobody and serve all tenants. */
  readonly global?: string;
  readonly facts?: FactsConfig;
  /** The provider's table, where it has one: is it active, has it credentials (SQL over the provider's row). */
  readonly providers?: {
    readonly table: string;
    readonly column: string;
    readonly name: string;
    readonly usable?: string;
  };
  /** Columns set on the source when everything has moved: a literal, or `$target` (its key) or `$now`. */
  readonly retire?: Readonly<Record<string, string | number | boolean | null>>;
}

/** Which of two rows that meet in one unique key is kept, where a merge makes them meet; by default somebody is asked. */
export type CollisionPolicy = 'keep-target' | 'keep-source' | 'ask' | { readonly newest: string };

/** Whose value a column of the row that stays has after a merge; `fill`: the source's where the target has none (NULL). */
export type KeptValue = 'target' | 'source' | 'fill';

/** A value that is the key of a row, where no foreign key says so: members of a place, with the same meaning. */
export interface NameConfig {
  readonly at: string;
  /** `reference` (the default) follows; `history` stays, and is read through the alias. */
  readonly role?: PlaceRole;
  /** `key` (the default), or a text around it: `/printers/{key}`. */
  readonly as?: string;
  readonly shape?: 'scalar' | 'list' | 'comma' | 'bars' | 'inside';
  readonly json?: string;
  readonly copies?: readonly string[];
  readonly live?: Condition;
  readonly held?: boolean;
  readonly reason?: string;
  /** Only rows of which this holds (SQL over the row) mean this table: the type beside the id. In the others the value is another's key. */
  readonly when?: string;
  /** `token`: inside a longer text, between the boundaries of a name; `shape: inside` in other words. */
  readonly within?: 'token';
  /** At a foreign key it is all that the entry says: such a column follows anyway. */
  readonly merge?: CollisionPolicy;
}

/** A table whose rows can be given another key. */
export interface RowsConfig {
  readonly table: string;
  /** Columns by which people know a row, within its tenant; `--from` and `--to` take their values, too. */
  readonly natural?: readonly string[];
  /** SQL over the row: such a row is not given another key now. */
  readonly busy?: string;
  /** What holds the key and is out of Drover's reach, in words for people. */
  readonly outside?: readonly string[];
  /** Of a merge: whose values the row that stays has; for all columns, or by column. Default: `target`. */
  readonly values?: KeptValue | Readonly<Record<string, KeptValue>>;
  readonly names?: readonly NameConfig[];
  /** What somebody writes by a key that a row had goes to the row, by triggers. */
  readonly aliases?: 'redirect';
}

/** What `drover doctor` is told. */
export interface IsolationConfig {
  /** The application's roles, which policies must bind; default: `database.session.role`, else the login. */
  readonly roles?: readonly string[];
  /** Roles that are meant to see all tenants: a backup, a report. */
  readonly trusted?: readonly string[];
  /** Settings of a session that name the tenant, beside those of `database.session`. */
  readonly context?: readonly string[];
  /** Findings that somebody answers for. */
  readonly ignore?: readonly IgnoreConfig[];
  /** A file of findings that are known and not counted; its path begins at the folder of the configuration. */
  readonly baseline?: string;
  /** From which severity on the doctor refuses. */
  readonly failOn?: 'error' | 'warning' | 'info' | 'never';
  readonly probe?: {
    /** SQL that makes rows to try with, where a probe cannot make them itself; it is taken back. */
    readonly seed?: string;
    /** `run`: triggers in C and in languages that the database does not confine are run, too. */
    readonly triggers?: 'run';
  };
}

export interface IgnoreConfig {
  readonly rule: string;
  /** The object as the finding prints it; `*` for every one. */
  readonly at: string;
  readonly reason: string;
  /** The last day on which it holds: `2027-06-30`. What leaked, and rows that stand where they must not, are never left for good. */
  readonly until?: string;
}

/** What is said of one table of V1. */
export interface TenantizeTable {
  /** `zero`: its rows are tenant zero's, whatever they name. */
  readonly owner?: 'zero';
  /** What it is called in V2. */
  readonly name?: string;
  /** Columns that have another name in V2: old to new. */
  readonly columns?: Readonly<Record<string, string>>;
  /** How V1 goes on to find it; default: `tenantize.mode`. */
  readonly mode?: ConversionMode;
  /** Columns whose values are written otherwise in V2: by column, old to new. The new ones are the whole set. */
  readonly values?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Unique indexes that stay unique among all tenants: `stays global`. */
  readonly global?: readonly string[];
  /** Rows that lead to no tenant: the key of a tenant, or `quarantine` for a table of the same shape beside. */
  readonly ownerless?: string;
  /** Rows that lead to several tenants: the keys of V2 fit neither. */
  readonly disputed?: 'quarantine';
  /** Triggers that a fill would fire. */
  readonly triggers?: Readonly<Record<string, 'fire' | 'silence'>>;
  readonly reason?: string;
}

/** `shim`: a view keeps the old name. `in-place`: the table stays where it is, and open connections meet the new columns. */
export type ConversionMode = 'shim' | 'in-place';

/** How a single-tenant database becomes one of many tenants. */
export interface TenantizeConfig {
  /** What the names of the roles begin with: `shop` gives `shop_app`. */
  readonly name: string;
  /** `make`: the table `tenant.root` is not there yet. */
  readonly root?: 'existing' | 'make';
  /** The key of tenant zero, to whom rows go that are said to be its own. */
  readonly zero?: string;
  /** The schema in which tables have their V2 names; default: `v2`. */
  readonly schema?: string;
  /** `keep` (the default): primary keys stay as they are. `tenant-led`: the tenant is their first column. */
  readonly keys?: 'keep' | 'tenant-led';
  readonly mode?: ConversionMode;
  /** The setting of a session that names the tenant; default: `app.tenant_id`. */
  readonly context?: string;
  /** The logins of the old application. */
  readonly logins?: readonly string[];
  readonly tables?: Readonly<Record<string, TenantizeTable>>;
}

export interface Config {
  readonly version: 1;
  readonly database?: {
    /** Schemas that Drover looks at; default `[public]`. */
    readonly schemas?: readonly string[];
    /** Tables that hold no references and are never looked at (a migration tool's own table, say). */
    readonly ignore?: readonly string[];
    /** Row keys for tables without a primary key. */
    readonly keys?: Readonly<Record<string, readonly string[]>>;
    /** How a tenant's transaction begins: the role to drop to and settings; `$tenant` stands for the tenant. */
    readonly session?: { readonly role?: string; readonly settings?: Readonly<Record<string, string>> };
    readonly lockTimeoutMs?: number;
    /** How long one statement that only reads may take, where the login has no limit; ten minutes by default. */
    readonly readTimeoutMs?: number;
    readonly retries?: number;
    /** What keeps late writers out: the table lock (default), a trigger left behind, or the schema's own constraint. */
    readonly fence?: 'lock' | 'trigger' | 'constraint';
  };
  /** How models are named. Left out where only rows are given other keys. */
  readonly model?: {
    readonly tables?: readonly ModelTableConfig[];
    /** Without a table: the components that name a model, in order. Always includes `name`. */
    readonly identity?: readonly string[];
    /** Other spellings of a component's value: `{ provider: { openai: [vendor/openai/openai] } }`. */
    readonly spellings?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  };
  readonly tenant: {
    /** The table of tenants, or `none` for a database with a single one. */
    readonly root?: string;
    /**
     * Instead of `root`, where each tenant has a schema of its own, whose name is the tenant: `tenant_*`, or several such names. All
     * tables of that schema are the tenant's; those of `database.schemas` are everybody's. Tables are named without their schema.
     */
    readonly schemas?: string | readonly string[];
    readonly key?: string;
    /** The column of the root that shows a tenant's name. */
    readonly display?: string;
    /** The tenant column's usual name. */
    readonly column?: string;
    /** SQL over the root's row: runs over all tenants leave this one out unless they are told otherwise. */
    readonly suspended?: string;
    /**
     * Per table, a link no foreign key declares: `app_id -> apps.id` (this column equals that one),
     * `id <- space_documents.document_id` (a junction's column names this row), `user_id in groups.members` (membership in a list).
     * Each may end in `where` and SQL over the other table's row: `user_id <- members.user_id where role = 'owner'`. Several are
     * separated by `;`.
     */
    readonly links?: Readonly<Record<string, string>>;
    /** Foreign-key columns (`table.column`) that say nothing about the owner (created_by, say). */
    readonly unrelated?: readonly string[];
    /** Tables whose rows belong to nobody. */
    readonly global?: readonly string[];
  };
  /** What the doctor must know beside the ownership of the tables. */
  readonly isolation?: IsolationConfig;
  /** How it becomes a database of many tenants. */
  readonly tenantize?: TenantizeConfig;
  readonly places?: readonly PlaceConfig[];
  /** Tables whose rows can be given another key (`drover rekey`). */
  readonly rows?: readonly RowsConfig[];
  /** Rows that are soft-deleted or archived, by table: SQL over the row. */
  readonly dead?: Readonly<Record<string, string>>;
  /** Dead rows move too (default), so that a restore cannot resurrect a retired model; or stay. */
  readonly deadRows?: 'move' | 'leave';
  /** What a person calls a row of a table: a column. */
  readonly display?: Readonly<Record<string, string>>;
  /** What an entity type is called, by table; default: the table's name. */
  readonly types?: Readonly<Record<string, string>>;
  /** `superseded`: archived rows stay; `removed`: nothing but history may name the source, and what does is listed. */
  readonly intent?: 'superseded' | 'removed';
  /** A foreign key to a model that no place mentions: `ask` (default), `reference` or `history`. */
  readonly unlistedForeignKeys?: 'ask' | 'reference' | 'history';
  /** Unique keys by convention: per table, sets of columns. */
  readonly unique?: Readonly<Record<string, readonly (readonly string[])[]>>;
  /** Warn where the target costs more than this many times the source. */
  readonly priceLimit?: number;
  /** Run after a migration or rollback committed, so that caches and search follow. */
  readonly after?: { readonly command?: readonly string[]; readonly webhook?: string };
}

/** Something in the configuration that does not fit the catalogue. `path` leads to it in the file. */
export interface ConfigProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}
