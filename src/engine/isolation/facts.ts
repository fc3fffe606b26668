/**
 * What a database says about how far its roles reach, as plain data: the facts that the rules of the doctor judge. Tables, columns and
 * keys are those of the catalogue; here is what the catalogue of a plan has no use for.
 *
 * Names are those of the database, unquoted; an `id` is quoted as PostgreSQL would print it.
 */
import type { Catalog, Policy, TableId } from '../catalogue/catalog.ts';
import type { Ownership } from '../rules/ownership.ts';

/** Stands for PUBLIC, a name that no role can have. */
export const everybody = 'public';

/** One entry of an access list. An owner's own rights are in it too. */
export interface AclEntry {
  readonly grantee: string;
  /** In lower case: `select`, `usage`, `execute`. */
  readonly privilege: string;
  /** Only this column. */
  readonly column?: string;
}

export interface RoleFact {
  readonly name: string;
  readonly superuser: boolean;
  readonly bypassRls: boolean;
  readonly login: boolean;
  readonly createRole: boolean;
  /** One of PostgreSQL's own, `pg_monitor` say. */
  readonly predefined: boolean;
  /** Roles whose rights it has as it is, itself among them. */
  readonly holds: readonly string[];
  /** Roles that it has or can become, by SET ROLE or by granting itself. */
  readonly becomes: readonly string[];
  /** Roles that it was made a member of, as it was granted. */
  readonly memberOf: readonly { readonly role: string; readonly grantor: string }[];
  /** May set `session_replication_role`, which switches triggers and keys off. */
  readonly setsReplicaMode: boolean;
  /** Settings that a session of this role begins with: `app.tenant_id=…`. */
  readonly defaults: readonly string[];
}

export interface SchemaFact {
  readonly name: string;
  readonly owner: string;
  readonly grants: readonly AclEntry[];
}

export type RelationKind =
  | 'table'
  | 'partitioned'
  | 'view'
  | 'materialized view'
  | 'foreign table'
  | 'sequence';

export interface RelationFact {
  readonly id: TableId;
  readonly schema: string;
  readonly name: string;
  readonly kind: RelationKind;
  readonly owner: string;
  readonly grants: readonly AclEntry[];
  readonly secured: boolean;
  readonly forced: boolean;
  /** The table that it is a partition or a child of, at the top. */
  readonly root?: TableId;
  /** Of a partitioned table: the columns that say which partition a row goes to; null where it is an expression. */
  readonly partitionedBy?: {
    readonly how: 'list' | 'range' | 'hash';
    readonly columns: readonly (string | null)[];
  };
  /** Of a view: does it ask as whoever reads it? */
  readonly invoker: boolean;
  /** Of a view: what it reads directly. */
  readonly reads: readonly TableId[];
  /** Of a sequence: the column that it serves. */
  readonly serves?: { readonly table: TableId; readonly column: string };
  readonly policies: readonly StoredPolicy[];
  readonly triggers: readonly TriggerFact[];
  /** Rules other than that of a view, with the tables that they touch. */
  readonly rewrites: readonly { readonly name: string; readonly touches: readonly TableId[] }[];
}

/** A policy with what its stored tree calls; `pg_depend` has no row for a built-in function. */
export interface StoredPolicy extends Policy {
  readonly calls: readonly CalledFunction[];
}

interface CalledFunction {
  /** `schema.name`, as it would be printed. */
  readonly id: string;
  readonly volatility: 'immutable' | 'stable' | 'volatile';
  readonly builtIn: boolean;
}

export interface TriggerFact {
  readonly name: string;
  readonly enabled: boolean;
  /** It fires for what replication writes, too: ENABLE ALWAYS. */
  readonly always?: true;
  /** The foreign key that it enforces. */
  readonly constraint?: string;
  readonly before: boolean;
  /** It has a WHEN. */
  readonly conditional: boolean;
  readonly events: readonly ('insert' | 'update' | 'delete' | 'truncate')[];
  /** The function that it calls. */
  readonly calls: string;
}

export interface FunctionFact {
  /** `schema.name`; several functions may share it. */
  readonly id: string;
  readonly schema: string;
  readonly name: string;
  /** As PostgreSQL tells it from its namesakes. */
  readonly arguments: string;
  readonly argumentNames: readonly string[];
  readonly owner: string;
  readonly definer: boolean;
  /** Called by triggers alone. */
  readonly ofTrigger: boolean;
  readonly volatility: CalledFunction['volatility'];
  readonly leakproof: boolean;
  readonly language: string;
  readonly body: string;
  /** Its own settings: `search_path=…`. */
  readonly settings: readonly string[];
  readonly grants: readonly AclEntry[];
  /** Tables that a SQL-standard body reads, as the database knows them. */
  readonly reads: readonly TableId[];
  /** Tables whose rows it takes or returns; and, where there are any, the whole statement that makes it. */
  readonly rowTypes: readonly TableId[];
  readonly definition?: string;
}

/** What the catalogue of a plan leaves out of a key. */
export interface KeyFact {
  readonly table: TableId;
  readonly name: string;
  readonly kind: 'foreign' | 'check' | 'not null';
  readonly columns: readonly string[];
  readonly validated: boolean;
  readonly enforced: boolean;
  /** Columns that ON DELETE SET NULL or SET DEFAULT writes; empty where it writes all. */
  readonly setColumns: readonly string[];
  readonly matchFull: boolean;
  /** As `pg_get_constraintdef` prints it. */
  readonly definition: string;
}

export interface IndexFact {
  readonly table: TableId;
  readonly name: string;
  readonly unique: boolean;
  readonly exclusion: boolean;
  readonly valid: boolean;
  /** The WHERE of a partial index. */
  readonly predicate?: string;
  /** Key columns in order, without INCLUDE; null where the part is an expression. */
  readonly columns: readonly (string | null)[];
  /** The columns that its expressions read. */
  readonly expressionReads: readonly string[];
  readonly included: readonly string[];
  readonly nullsNotDistinct: boolean;
  /** The unique or primary key, or the exclusion, that it stands behind. */
  readonly constraint?: {
    readonly name: string;
    readonly kind: 'unique' | 'primary' | 'exclusion';
    readonly deferrable: boolean;
  };
  /** One of a partition that is part of the whole table's. */
  readonly ofWhole: boolean;
  /** Does each part compare as its type does by default? Then its columns alone say what it is. */
  readonly usual: boolean;
  /** Of each part: may its equality be asked before a policy? */
  readonly leakproof: readonly boolean[];
  readonly method: string;
}

/** What a column begins with. */
export interface DefaultFact {
  readonly table: TableId;
  readonly column: string;
  /** Empty for an identity. */
  readonly expression: string;
  /** A value of its own for each row: an identity, or a call of a volatile function such as `gen_random_uuid`. */
  readonly fresh: boolean;
}

export interface PublicationFact {
  readonly name: string;
  /** Tables by whichever way they are in it, with the columns that their row filter reads. */
  readonly tables: readonly {
    readonly table: TableId;
    readonly filter?: string;
    readonly filterColumns: readonly string[];
    /** The columns that an update or delete is told with. */
    readonly identity: readonly string[];
  }[];
  readonly changes: boolean;
}

export interface DefaultPrivilege {
  readonly schema?: string;
  readonly of: string;
  readonly grants: readonly AclEntry[];
}

export interface IsolationFacts {
  /** As `server_version_num`: 150018. */
  readonly version: number;
  readonly engine: 'embedded' | 'server';
  readonly database: string;
  readonly databaseOwner: string;
  readonly login: string;
  readonly catalog: Catalog;
  readonly ownership: ReadonlyMap<TableId, Ownership>;
  /** The table of tenants and its key. */
  readonly root?: { readonly table: TableId; readonly key: string };
  /** Columns that somebody declared to say nothing about the owner. */
  readonly unrelated: readonly { readonly table: TableId; readonly column: string }[];
  /** Tables of which a declared condition says which rows belong to nobody. */
  readonly partlyGlobal: readonly TableId[];
  readonly roles: readonly RoleFact[];
  readonly schemas: readonly SchemaFact[];
  readonly relations: readonly RelationFact[];
  readonly functions: readonly FunctionFact[];
  readonly keys: readonly KeyFact[];
  readonly indexes: readonly IndexFact[];
  readonly defaults: readonly DefaultFact[];
  readonly publications: readonly PublicationFact[];
  readonly defaultPrivileges: readonly DefaultPrivilege[];
  /** Settings that every session begins with, of the database or of all. */
  readonly sessionDefaults: readonly string[];
  /** Names of settings that policies and functions read and that have a value in a new session, which nobody set. */
  readonly settingsInForce: readonly string[];
  /** Rights on large objects, each once. */
  readonly largeObjects: readonly AclEntry[];
  /** Does an event trigger answer to CREATE TABLE? */
  readonly securesNewTables: boolean;
  /** What could not be read, by the part of these facts. */
  readonly unread: readonly { readonly part: keyof IsolationFacts; readonly reason: string }[];
}
