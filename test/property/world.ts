/** A small random database as data: what it looks like, what is in it, and what Drover is told about it. */
import type { Config } from '../../src/engine/rules/config.ts';
import type { Intent } from '../../src/engine/plan/intent.ts';
import type { Form } from './choices.ts';
import type { Words } from './words.ts';

/** Every value as PostgreSQL prints it. */
export type Cells = Readonly<Record<string, string | null>>;

export interface ColumnDef {
  readonly name: string;
  readonly type: string;
  readonly notNull: boolean;
}

export interface UniqueDef {
  readonly columns: readonly string[];
  /** Only rows that are not soft-deleted count. */
  readonly partial: boolean;
  readonly nullsNotDistinct: boolean;
}

export interface KeyDef {
  readonly columns: readonly string[];
  readonly references: string;
  readonly referencedColumns: readonly string[];
}

/** One way from a row to its tenant. */
export type TieDef =
  | { readonly kind: 'column'; readonly column: string }
  | { readonly kind: 'parent'; readonly column: string; readonly parent: string }
  | { readonly kind: 'junction'; readonly table: string }
  | { readonly kind: 'members'; readonly column: string };

export type Template = 'key' | 'tenant' | 'name' | 'provider' | 'provider/name';

export interface PlaceDef {
  readonly form: Form;
  readonly carrier: 'columns' | 'json' | 'array' | 'comma' | 'bars' | 'inside';
  readonly role: 'reference' | 'grant' | 'history' | 'ask' | 'dead-copy' | 'ignore';
  readonly answer: 'none' | 'move' | 'keep';
  readonly columns: readonly string[];
  /** What the columns hold; of JSON with members, what the members hold. */
  readonly templates: readonly Template[];
  readonly pointer: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly list: boolean;
  readonly document: 'jsonb' | 'json' | 'text';
  readonly pointerNumber: number;
  readonly collision: 'drop-redundant' | 'skip' | 'ask';
  readonly settings: boolean;
  readonly statuses: boolean;
  /** Not in the configuration: Drover must find the foreign key itself. */
  readonly unlisted: boolean;
  /** How its only column may be written, too. */
  readonly also?: Template;
}

export interface TableDef {
  readonly name: string;
  readonly entity: string;
  readonly columns: readonly ColumnDef[];
  readonly primaryKey: readonly string[];
  /** What the configuration calls the key where there is no primary key. */
  readonly configuredKey: readonly string[];
  readonly uniques: readonly UniqueDef[];
  readonly foreignKeys: readonly KeyDef[];
  readonly ties: readonly TieDef[];
  readonly places: readonly PlaceDef[];
  readonly rows: readonly Cells[];
}

/** What the tables and columns are called that every case has. */
export interface Names {
  readonly tenants: string;
  readonly models: string;
  readonly spaces: string;
  readonly users: string;
  readonly folders: string;
  readonly groups: string;
  readonly tenant: string;
  readonly id: string;
  readonly space: string;
  readonly user: string;
  readonly folder: string;
  readonly member: string;
  readonly members: string;
  readonly link: string;
  readonly row: string;
  readonly scope: string;
  readonly deleted: string;
  readonly status: string;
  readonly parameters: string;
  readonly effort: string;
  readonly spare: string;
  readonly name: string;
  readonly provider: string;
  readonly state: string;
  readonly successor: string;
}

export interface ModelDef {
  readonly key: string | undefined;
  readonly name: string;
  readonly provider: string;
}

/** A tenant that migrates. */
export interface Member {
  readonly me: string;
  readonly source: ModelDef;
  /** A model of the source's name from another provider; none where all have the name from one. */
  readonly twin: ModelDef | undefined;
  readonly target: ModelDef;
  readonly intent: Intent;
}

/** What is said of a member is said of the first. */
export interface World extends Member {
  readonly names: Names;
  readonly members: readonly Member[];
  readonly words: Words;
  /** All of these mean the first. */
  readonly spellings: { readonly provider: readonly string[][]; readonly name: readonly string[][] };
  readonly byKeyAlone: boolean;
  readonly deadRows: 'move' | 'leave';
  readonly parameters: 'reset' | 'keep';
  readonly entityTypes: readonly string[] | undefined;
  readonly hasModelTable: boolean;
  /** Tenants, models and what ties rows to tenants; they hold no reference. */
  readonly surroundings: readonly TableDef[];
  readonly subjects: readonly TableDef[];
  readonly config: Config;
}

/** The name as a configuration writes it. */
export function configName(...parts: string[]): string {
  return parts.map((part) => quote(part)).join('.');
}

/** The name as SQL writes it. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
