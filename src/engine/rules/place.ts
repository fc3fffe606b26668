/** A place: somewhere in a table where a model may be named, as the rules know it. */
import type { Column, ForeignKey, Table, TableId } from '../catalogue/catalog.ts';
import type { NameScope } from '../catalogue/names.ts';
import { rowsSaidBy } from './conditions.ts';
import type { PlaceConditions, RowCondition } from './conditions.ts';
import type { ValueShape } from '../edit/value-rule.ts';
import type { Config, ConfigProblem, ModelTableConfig } from './config.ts';
import type { CompanionRule, PlaceConfig, PlaceRole } from './place-config.ts';

/** One column of a scalar place and what it holds: a template over the components of a model. */
export interface PlaceColumn {
  readonly column: string;
  /** `{key}`, `{tenant}`, `{name}`, `{provider}/{name}`, `{spelling}` … */
  readonly template: string;
}

/** A table with the values that are allowed, in rows that have the same values in the columns of `match`. */
export interface AllowedTable {
  readonly table: TableId;
  readonly match: Readonly<Record<string, string>>;
  readonly value: string;
}

/** A row relies on a grant: its model must be available where the row is. */
export interface Reliance {
  /** The place of the grants, by its id. */
  readonly grant: string;
  /** Where the row is: its own column, and the column of the grants that says the same. */
  readonly via: string;
  readonly scope: string;
}

export interface Place {
  /** `table.column`, followed by the JSON pointer pattern where there is one. */
  readonly id: string;
  readonly table: TableId;
  readonly entity: string;
  readonly column: string;
  readonly kind: string;
  /** The table of models whose rows the value means. Undefined where it may mean a row of any: a name, or a key that repeats nowhere. */
  readonly models?: TableId;
  readonly role: PlaceRole;
  /** `columns`: moved by SQL; the others are edited value by value. */
  readonly carrier: 'columns' | 'json' | 'array' | 'text';
  /** How the value is written, or what the pointer leads to. */
  readonly shape: ValueShape;
  readonly columns: readonly PlaceColumn[];
  readonly json?: {
    readonly pointer: string;
    readonly fields?: Readonly<Record<string, string>>;
  };
  /** The role is that of the whole document in the column, whatever is in it. */
  readonly whole?: true;
  /** The value alone identifies a model in the whole database. A name does not, nor does a number that each tenant counts for itself. */
  readonly byKey: boolean;
  readonly foreignKey?: string;
  /** In a table of models: the column by which the row itself is called as the place calls a model. */
  readonly itself?: string;
  readonly conditions: PlaceConditions;
  /**
   * Where a column is listed several times: a row is of the last of these places whose condition `live` or `ask` holds, else of the first.
   * `own` is empty for the first; `others` are the conditions of the places behind this one. Of a place within documents `beside` are the
   * conditions of places that take the column as one value, and of those the conditions of places within: where one of them holds and
   * none of this place, the value is theirs.
   */
  readonly among?: {
    readonly own: readonly RowCondition[];
    readonly others: readonly RowCondition[];
    readonly beside: readonly RowCondition[];
  };
  /** The other places of the row that hold the same reference, by id. They move together or not at all. */
  readonly copies: readonly string[];
  /** The places of the row that must not come to name the same model, by id. */
  readonly rivals: readonly string[];
  readonly companions: Readonly<Record<string, CompanionRule>>;
  readonly parameters?: string;
  readonly parameterMembers: 'known' | 'all';
  /** What a reset leaves where no member is left. */
  readonly empty: '{}' | null;
  readonly collision: 'skip' | 'drop-redundant' | 'ask';
  /** What passes from a removed row to the one that survives. */
  readonly carry: readonly string[];
  readonly defaultOf?: string;
  readonly enables?: Reliance;
  /** What is demanded of the model, by columns of the row or of the parent that a foreign key leads to. */
  readonly demands?: {
    readonly security?: string;
    readonly region?: string;
    readonly parent?: {
      readonly table: TableId;
      readonly from: readonly string[];
      readonly to: readonly string[];
    };
  };
  /** Other templates of the only column. */
  readonly also?: readonly string[];
  /** The table that must have the new value, and its columns beside those of the row. */
  readonly allowed?:
    | (AllowedTable & {
        /** Columns that the new value must have there, and that must not differ from those of the old value. */
        readonly same: readonly string[];
        /** Where else the old value may stand. */
        readonly sameIn?: AllowedTable;
      })
    /** SQL over the row, in which `$target` is the new value. */
    | { readonly where: string };
  /** Whoever writes such a row holds the models that it names, so the lock on the source keeps late writers out. */
  readonly held?: boolean;
  readonly reason?: string;
  /** Mentioned in the configuration, or only found in the catalogue. */
  readonly listed: boolean;
  /** A column beside a document that looks like its checksum. */
  readonly checksum?: string;
}

export interface ModelTable {
  readonly table: Table;
  readonly kind: string;
  readonly key: string;
  readonly facts: Readonly<Record<string, FactColumn>>;
  readonly config: ModelTableConfig;
}

/** Where a fact about a model stands: in a column of its row, or of the row that a key leads to. */
export interface FactColumn {
  readonly column: string;
  readonly parent?: { readonly table: Table; readonly from: string; readonly to: string };
}

/** Can its rows move, by its role? */
export function canMove({ role }: Pick<Place, 'role'>): boolean {
  return role === 'reference' || role === 'grant' || role === 'ask';
}

/** Does a row that names a model there use it, now or when it is brought back? What is recorded, copied or forbidden is no use. */
export function isUse({ role }: Pick<Place, 'role'>): boolean {
  return role !== 'history' && role !== 'dead-copy' && role !== 'deny';
}

/** Is it said of some rows only? */
export function saysWhichRows({ conditions, among }: Place): boolean {
  return among !== undefined || rowsSaidBy(conditions).length > 0;
}

/** Is what it holds none of Drover's business? Then nobody counts it. */
export function isLeftAlone({ role }: Pick<Place, 'role'>): boolean {
  return role === 'ignore' || role === 'catalogue';
}

/** Are its rows counted with the places? What stands in a text that people wrote the inventory of the plan counts. */
export function isCounted(place: Pick<Place, 'role'>): boolean {
  return !isLeftAlone(place) && place.role !== 'prose';
}

/** What is known while a configuration is resolved. */
export interface Draft {
  readonly scope: NameScope;
  readonly config: Config;
  readonly modelTables: readonly ModelTable[];
  readonly problems: ConfigProblem[];
}

/** A configured place and what the catalogue has of it. */
export interface FoundPlace {
  readonly place: PlaceConfig;
  readonly at: number;
  readonly table: Table;
  readonly column: Column;
  readonly carrier: Place['carrier'];
  readonly key?: { readonly foreignKey: ForeignKey; readonly model: ModelTable };
}
