/** What an inventory finds: places in rows and in the schema that name a model, whatever any configuration says. */
import type { TableId } from '../catalogue/catalog.ts';

/**
 * What kind of value a column holds: `text`, `citext`, `enum`, `json`, `jsonb`, `hstore`, `xml`, `bytea`, `range`, `composite`, `other`
 * (read through its text), `uuid` and `integer` (for keys only), and lists of each: `jsonb[]`.
 */
export type ColumnKind = string;

/** How a value names a model: as a whole, inside a longer text, or as the name of a member of an object. */
export type Form = 'exact' | 'inside' | 'member';

/** All rows that name a model in one way in one place. */
export interface Occurrence {
  readonly table: TableId;
  readonly column: string;
  readonly kind: ColumnKind;
  /**
   * The JSON pointer pattern within the value: `*` for positions of lists and for members that are called after a key or a model,
   * `~json` for a document in a string, `~key` for the name of a member, as in places of the configuration; `/**` where a column has more
   * paths than are counted apart. Null where the value is no document and no list.
   */
  readonly path: string | null;
  readonly form: Form;
  /** By the name of the model, or by the key of its row. */
  readonly by: 'name' | 'key';
  readonly model: string;
  /** The term, or, of a snapshot that no term has, how it is written. */
  readonly spelling: string;
  /** A name with a day behind it that no term has: it is related to the model, and no occurrence of it. */
  readonly snapshot: boolean;
  /** Every value in which it was found reads like running text. */
  readonly prose: boolean;
  /** Other ways to write it that were seen, in other letters; some of them. */
  readonly written: readonly string[];
  /** Rows; one that names it twice in this way here counts once. */
  readonly rows: number;
  /** Keys of some of the rows, as text. */
  readonly samples: readonly string[];
}

/** What of a schema can name a model. */
export type SchemaPart =
  | 'default'
  | 'check'
  | 'enum label'
  | 'generated column'
  | 'view'
  | 'materialized view'
  | 'function'
  | 'trigger'
  | 'policy'
  | 'rule'
  | 'index'
  | 'partition';

/** A part of the schema whose text names a model. */
export interface SchemaOccurrence {
  readonly part: SchemaPart;
  /** `public.agents.model`, `public.set_model(integer)`. */
  readonly object: string;
  readonly model: string;
  readonly spelling: string;
  /** As it stands in the text. */
  readonly written: string;
  readonly snapshot: boolean;
  /** The text that names it. */
  readonly text: string;
  /** The statement that mends it, with `$TO` where the other model's name goes. */
  readonly mend: string;
  /** Does it put the name into new rows by itself? */
  readonly live: boolean;
}

export interface UnreadObject {
  /** Why it was not looked at, or not all of it. */
  readonly gap:
    | 'foreign table'
    | 'no right to read'
    | 'rows hidden by a policy'
    | 'failed'
    | 'materialized view'
    | 'records of Drover'
    | 'large objects'
    | 'stopped';
  readonly object: string;
  readonly message: string;
}

/** Does it put the name into new rows of a table? */
export function isDefault({ part, snapshot }: Pick<SchemaOccurrence, 'part' | 'snapshot'>): boolean {
  return part === 'default' && !snapshot;
}
