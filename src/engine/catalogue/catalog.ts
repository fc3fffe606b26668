/**
 * The catalogue of a database as plain data: what `pg_catalog` says about tables, columns, keys, triggers and policies.
 *
 * A table is named everywhere by its `TableId`: `schema.name`, each part quoted as PostgreSQL would quote it
 * (`public.agents`, `public."Order"`). Partitions are folded into their parent and do not appear.
 */
export type TableId = string;

/** What kind of value a column holds, as far as naming a model is concerned. `text` is every kind of it, whatever its length or case. */
export type ScalarKind = 'uuid' | 'integer' | 'text' | 'enum' | 'json' | 'jsonb';
export type ValueKind = ScalarKind | `${ScalarKind}[]` | 'other';

/** How the database compares the values of a column (of a list: its elements), where that is not as plain text. */
export interface Comparison {
  /** The type that a text is cast to, without domain and length: `bpchar`, `public.citext`, `public.llm`. */
  readonly type: string;
  /** `=`, or the operator with its schema, which need not be on the search path. */
  readonly equals: string;
  /** A collation by which texts that differ may be equal. */
  readonly collation?: string;
  /** May values that are written differently be equal? So in `citext` and under a nondeterministic collation. */
  readonly loose: boolean;
}

export interface Column {
  readonly name: string;
  /** The type as `format_type` prints it, usable in a cast: `character varying(64)`, `uuid`. */
  readonly type: string;
  readonly kind: ValueKind;
  readonly comparison?: Comparison;
  /** What an enum can hold, in its order. */
  readonly labels?: readonly string[];
  readonly notNull: boolean;
  readonly hasDefault: boolean;
  /** A computed column or an ALWAYS identity. It cannot be written. */
  readonly generated: boolean;
  /** Computed from other columns: never written, not even when a row is put back. */
  readonly computed: boolean;
}

export interface ForeignKey {
  readonly name: string;
  readonly columns: readonly string[];
  readonly references: TableId;
  readonly referencedColumns: readonly string[];
  readonly onDelete: 'no action' | 'restrict' | 'cascade' | 'set null' | 'set default';
  readonly onUpdate: 'no action' | 'restrict' | 'cascade' | 'set null' | 'set default';
  readonly deferrable: boolean;
  readonly validated: boolean;
}

/** A unique index, whether or not a constraint stands behind it. */
export interface UniqueIndex {
  readonly name: string;
  /** Key columns in order; `null` where the key part is an expression. */
  readonly columns: readonly (string | null)[];
  /** Where a key part is an expression, or compares otherwise than its column: SQL over the columns, unqualified; by position. */
  readonly expressions?: readonly (string | null)[];
  /** The columns that an index with expressions reads. */
  readonly reads?: readonly string[];
  /** The WHERE of a partial index, columns unqualified. */
  readonly predicate?: string;
  readonly nullsNotDistinct: boolean;
  readonly primary: boolean;
}

/** What a value must meet to be stored. */
export interface Check {
  /** A CHECK of the table, one of a column's domain, the length that a column's type allows, or the labels that it has. */
  readonly kind: 'table' | 'domain' | 'length' | 'enum';
  /** Of the constraint; of a length and of labels the type. */
  readonly name: string;
  readonly columns: readonly string[];
  /** SQL over the columns, without a qualifier; of a domain over VALUE. Of a length and of labels there is none. */
  readonly expression?: string;
  readonly length?: number;
  readonly labels?: readonly string[];
  /** As people read it. */
  readonly definition: string;
  /** The type of the column without domain and length; text where it has labels. */
  readonly bare?: string;
}

export interface Trigger {
  readonly name: string;
  readonly definition: string;
  readonly enabled: boolean;
}

export interface Policy {
  readonly name: string;
  readonly command: 'all' | 'select' | 'insert' | 'update' | 'delete';
  readonly permissive: boolean;
  readonly roles: readonly string[];
  readonly using?: string;
  readonly withCheck?: string;
  /** The columns that its conditions read, of its own table and of others. */
  readonly reads?: readonly { readonly table: TableId; readonly column: string }[];
}

export interface Table {
  readonly id: TableId;
  readonly schema: string;
  readonly name: string;
  readonly partitioned: boolean;
  readonly columns: readonly Column[];
  readonly primaryKey: readonly string[];
  readonly uniqueIndexes: readonly UniqueIndex[];
  readonly foreignKeys: readonly ForeignKey[];
  readonly checks: readonly Check[];
  readonly triggers: readonly Trigger[];
  readonly policies: readonly Policy[];
  readonly rowSecurity: { readonly enabled: boolean; readonly forced: boolean };
  /** The planner's estimate (`reltuples`), -1 where the table was never analysed. */
  readonly rowEstimate: number;
}

export interface Catalog {
  readonly tables: readonly Table[];
}

/** The table of that id. Undefined where the catalogue has none. */
export function findTable(catalog: Catalog, id: TableId): Table | undefined {
  return catalog.tables.find((table) => table.id === id);
}

/** The column of that name. Undefined where the table has none. */
export function findColumn(table: Table, name: string): Column | undefined {
  return table.columns.find((column) => column.name === name);
}

/** `name` as PostgreSQL prints it: quoted only where it must be. For people and for ids, never for building SQL. */
export function displayName(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/** The id of a table. */
export function tableId(schema: string, name: string): TableId {
  return `${displayName(schema)}.${displayName(name)}`;
}
