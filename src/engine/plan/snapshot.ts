/** The facts a plan is made from, read in one transaction. Plain data; `src/postgres/facts/snapshot.ts` reads them. */
import type { KeyPair } from '../key-pairs.ts';
import type { Check, TableId } from '../catalogue/catalog.ts';
import type { Finding } from '../finding.ts';
import type { Occurrence, SchemaOccurrence } from '../inventory/occurrence.ts';
import type { ModelFacts } from '../models/model.ts';
import type { TenantRef } from '../tenant.ts';
import type { StateCode } from './place-state.ts';
import type { Mapping } from '../edit/value-rule.ts';
import type { LostRows, RowName } from './plan-types.ts';
import type { KeyMapping } from '../rules/rows/merging.ts';
import type { Rules } from '../rules/references.ts';
import type { Hiding } from '../rules/visible.ts';

/**
 * Whose a row is, seen from the tenant of the plan; `shared`: also another tenant's, by its nature; `disagree`: also another's, by a
 * fault in the data. In a plan for the shared rows `mine` are those of everybody, of nobody and of several tenants.
 */
export type Owner = 'mine' | 'other' | 'global' | 'none' | 'shared' | 'disagree';

/** Rows of one table that are alike in all that a plan decides by. */
export interface RowGroup {
  /** By place id; a place of the table that does not name the source is absent. */
  readonly states: Readonly<Record<string, StateCode>>;
  readonly owner: Owner;
  readonly dead: boolean;
  readonly rows: number;
  /** References within these rows: for a document there can be several in one row. By place id. */
  readonly occurrences: Readonly<Record<string, number>>;
  /** Rows with settings beside the reference that a move would change, by column. */
  readonly side: Readonly<Record<string, number>>;
  /** Order-independent digest of the rows' keys and of the settings that a move would change. */
  readonly digest: string;
  /** Up to fifty of the rows. */
  readonly sample: readonly RowName[];
}

/** The scalar places of a table (together), or the places in one column of documents. */
export interface PlaceGroup {
  readonly table: TableId;
  readonly carrier: 'columns' | 'json' | 'array' | 'text';
  /** The column of documents; undefined for scalar places. */
  readonly column?: string;
  readonly places: readonly string[];
  readonly mappings: Readonly<Record<string, readonly Mapping[]>>;
  readonly groups: readonly RowGroup[];
  /** Can the rows be named again later? False where the table has neither a primary key nor configured keys. */
  readonly keyed: boolean;
}

/** Distinct parameter documents beside a place whose reference moves: text of the JSON → rows. */
export interface ParameterDocuments {
  readonly place: string;
  readonly table: TableId;
  readonly column: string;
  /** Rows without a document, which a reset gives an empty one. */
  readonly unset: number;
  readonly documents: readonly { readonly text: string; readonly rows: number }[];
}

/** Rows that name the source in one way, somewhere where no place of the rules writes it. */
export interface Uncovered extends Occurrence {
  readonly owner: Owner;
  /** The tenants of rows of several, by the keys of the rows. */
  readonly owners?: ReadonlyMap<string, readonly string[]>;
  readonly dead: boolean;
  /** The places that the row is one of say that it is not live. */
  readonly past: boolean;
  /** Places that lead there, although this value is none of those that they move. */
  readonly places: readonly string[];
}

/** Scopes, such as spaces, that list the source, lack the target, and have a row that moves. */
export interface NeededGrant {
  /** The place whose rows need it. */
  readonly place: string;
  readonly grant: string;
  readonly via: string;
  readonly scopes: readonly string[];
}

/** What the surroundings of rows on the source demand of their model; null where they demand nothing. */
export interface Demand {
  readonly place: string;
  readonly security: number | null;
  readonly region: string | null;
  readonly rows: number;
}

/** A table that the session may not read, or of which policies may hide rows from it. */
export type Hidden = { readonly table: TableId } & (Hiding | Closed);

interface Closed {
  readonly why: 'no right to read';
  /** Undefined where it is the whole table. */
  readonly columns: readonly string[] | undefined;
  /** The statement that gives the right. */
  readonly grant: string;
}

/** A setting that rows have which a merge removes, and that the rows which survive do not have. */
export interface MergedSetting {
  readonly place: string;
  readonly column: string;
  readonly rows: number;
  /** One such row: its key, what it has, and what the row has that survives. */
  readonly example: { readonly key: string; readonly removed: string; readonly survivor: string | null };
}

/** Words that may say through whom a model is reached, beside a name in rows that move. */
export interface ServersBeside {
  readonly place: string;
  /** Each set of them, `azure, bedrock`; empty where a row has none. */
  readonly rows: readonly { readonly servers: string; readonly rows: number }[];
}

/** Values of a setting beside a place, in rows of which the reference moves. */
export interface CompanionValues {
  readonly place: string;
  readonly column: string;
  /** The parameter that the column holds. Undefined where the configuration says what becomes of it. */
  readonly parameter?: string;
  /** The most frequent ones. */
  readonly values: readonly { readonly text: string; readonly rows: number }[];
}

/** Rows that the database would refuse with the target in the place of the source, by one rule of their table. */
export interface Refusal extends Pick<Check, 'kind' | 'name' | 'definition'> {
  readonly table: TableId;
  /** Null where only the write can tell: what the rule says depends on what changes with the model, or it could not be asked. */
  readonly rows: number | null;
  /** The key of one of them; null where the table has none. */
  readonly example: string | null;
}

/** Rows that forbid the target to whomever the plan is for: what a place of the role `deny` names, in whatever writing. */
export interface Denied {
  readonly place: string;
  readonly rows: number;
  /** Some of their keys. */
  readonly samples: readonly string[];
}

/** What of the database is not looked at. */
export interface NotLookedAt {
  readonly what: 'schema' | 'foreign table' | 'tenant';
  readonly name: string;
  /** How many tables it has. */
  readonly tables: number;
}

/** Rows of one table that follow a row whose key changes, the row itself among them in its own table. */
export interface FollowingRows {
  readonly table: TableId;
  readonly rows: number;
  /** How many of them are another tenant's. */
  readonly others: number;
  /** Order-independent digest of their keys. */
  readonly digest: string;
}

/** What of the database stands in the way of another key, or happens with it. */
export interface AroundFollowers {
  /** What forbids it, with the word of its kind. */
  readonly impossible: readonly { readonly word: string; readonly message: string }[];
  /** Rules of which only the write can tell whether rows may hold the key. */
  readonly unjudged: readonly Refusal[];
  /** Triggers that fire, `table.trigger`. */
  readonly triggers: readonly string[];
  /** What the database or somebody computes from the rows: generated columns, materialised views. */
  readonly derived: readonly string[];
  /** Columns that no index leads to. */
  readonly unindexed: readonly string[];
}

/** What a merge is planned from: both rows are there. */
export interface MergingFacts {
  readonly mappings: readonly KeyMapping[];
  /** The source's row first. */
  readonly lost: readonly LostRows[];
  /** Table by table the rows that change and stay; `others` are another tenant's, those that are lost among them. */
  readonly changed: readonly FollowingRows[];
}

/** Rows that get other keys by one statement, and what follows them. */
export interface RekeyRound {
  readonly pairs: readonly KeyPair[];
  /** In the order of the rules. */
  readonly followers: readonly FollowingRows[];
}

/** What a re-key is planned from, beside the places that name the row. */
export interface SubjectFacts extends AroundFollowers {
  readonly merging?: MergingFacts;
  /** In their order; none where no row gets another key. */
  readonly rounds: readonly RekeyRound[];
  /** Whatever refers to one of the rows, in the order of the rules. */
  readonly followers: readonly FollowingRows[];
  /** Where the key tells nothing by itself, columns that look as if they held it, with the rows that do; undefined where it tells. */
  readonly lookalikes?: readonly { readonly column: string; readonly rows: number }[];
}

export interface Snapshot {
  readonly rules: Rules;
  /** Where a row gets another key. */
  readonly subject?: SubjectFacts;
  readonly tenant: TenantRef | null;
  readonly source: ModelFacts;
  readonly target: ModelFacts;
  readonly keys?: readonly KeyPair[];
  readonly moving?: readonly KeyPair[];
  /** What somebody should know about how the two were found. */
  readonly found?: readonly Finding[];
  /** Other models in use that have the name of the source. */
  readonly namesakes?: readonly ModelFacts[];
  readonly places: readonly PlaceGroup[];
  readonly parameters: readonly ParameterDocuments[];
  readonly grants: readonly NeededGrant[];
  readonly uncovered: readonly Uncovered[];
  /** Other models whose names begin like the source's and were seen: snapshots of it, and names that nobody knows. */
  readonly related: readonly Occurrence[];
  /** Tables whose incoming foreign keys still point at rows that a merge would remove: table id → rows. */
  readonly dependents: Readonly<Record<TableId, number>>;
  /** Defaults, checks, views and other texts of the schema that name the source. */
  readonly schema: readonly SchemaOccurrence[];
  readonly demands: readonly Demand[];
  readonly refusals: readonly Refusal[];
  readonly denied: readonly Denied[];
  readonly companions: readonly CompanionValues[];
  readonly merged: readonly MergedSetting[];
  /** Where nobody says the provider. */
  readonly servers?: readonly ServersBeside[];
  /** What the session cannot see, or may not see all of. */
  readonly hidden: readonly Hidden[];
  readonly unread: readonly NotLookedAt[];
  /** By table, materialised views of its rows, which no move refreshes. */
  readonly materialized?: ReadonlyMap<TableId, readonly string[]>;
  /** By table, and for the configuration: a digest of its definition (`digestDefinitions`). */
  readonly definitions: Readonly<Record<string, string>>;
  /** The day of the snapshot in UTC (`2026-11-21`), so that planning needs no clock. */
  readonly today: string;
}
