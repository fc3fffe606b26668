/**
 * What a proposal needs to know about the rows, beside the catalogue: samples, counted and cut short.
 * `src/postgres/facts/observe.ts` reads them; everything here is plain data.
 */
import type { TableId } from '../catalogue/catalog.ts';

/** A guess and what it rests on. */
export interface Guess<T> {
  readonly value: T;
  readonly reason: string;
}

/** The values of a scalar column, as text. */
export interface ColumnValues {
  readonly table: TableId;
  readonly column: string;
  /** How many rows of the sample have a value. */
  readonly filled: number;
  /** Distinct values, none longer than 200 characters, at most 300. */
  readonly distinct: readonly string[];
}

/** Values within lists and documents, by place. */
export interface InnerValues {
  readonly table: TableId;
  readonly column: string;
  /** An element of an array, a string or the name of a member in a document, an element of a text parted by commas or bars. */
  readonly kind: 'array' | 'json-value' | 'json-key' | 'comma' | 'bars';
  /** For documents: where, as a place of the configuration says it; for keys the object that has them. */
  readonly pointer?: string;
  readonly filled: number;
  readonly distinct: readonly string[];
}

/** The values of a column in the rows of which another column says one name: the settings of one name. */
export interface BoundValues {
  readonly table: TableId;
  /** The column with the values, and the one with the name. */
  readonly column: string;
  readonly by: string;
  readonly name: string;
  readonly distinct: readonly string[];
}

/** How many values of a column are keys of a table to which no foreign key leads. */
export interface LinkMatch {
  readonly table: TableId;
  readonly column: string;
  readonly target: TableId;
  readonly targetColumn: string;
  readonly sampled: number;
  readonly matched: number;
}

/** A column that may point at a table, by its name and type. */
export type LinkCandidate = Omit<LinkMatch, 'sampled' | 'matched'>;

export interface Observations {
  readonly columns: readonly ColumnValues[];
  readonly inner: readonly InnerValues[];
  readonly bound: readonly BoundValues[];
  readonly links: readonly LinkMatch[];
  /** Tables of which not all rows were looked at. */
  readonly sampled: readonly TableId[];
  /** Tables that the login may not read. */
  readonly unreadable: readonly TableId[];
  /** Tables whose policies bind the login and do not show it all rows. */
  readonly hidden: readonly TableId[];
  /** Derived (see `byColumn`): what was seen by its column. With a thousand tables it is asked for tens of thousands of times. */
  readonly byColumn?: {
    readonly columns: ReadonlyMap<string, readonly ColumnValues[]>;
    readonly inner: ReadonlyMap<string, readonly InnerValues[]>;
  };
}

/** The observations, in which a column is found at once. */
export function byColumn(seen: Observations): Observations {
  if (seen.byColumn !== undefined) return seen;
  const { columns, inner } = seen;
  return { ...seen, byColumn: { columns: Map.groupBy(columns, idOf), inner: Map.groupBy(inner, idOf) } };
}

function idOf({ table, column }: { readonly table: TableId; readonly column: string }): string {
  return JSON.stringify([table, column]);
}

/** The distinct values that were seen in a column; none where nobody looked. */
export function valuesOf(seen: Observations, table: TableId, column: string | undefined): readonly string[] {
  return column === undefined ? [] : (columnOf(seen, table, column)?.distinct ?? []);
}

/** In how many rows of the sample the column has a value. */
export function filledOf(seen: Observations, table: TableId, column: string): number {
  return columnOf(seen, table, column)?.filled ?? 0;
}

function columnOf(seen: Observations, table: TableId, column: string): ColumnValues | undefined {
  return byColumn(seen).byColumn?.columns.get(idOf({ table, column }))?.[0];
}

/** What was seen within the lists and documents of a column. */
export function innerOf(seen: Observations, table: TableId, column: string): readonly InnerValues[] {
  return byColumn(seen).byColumn?.inner.get(idOf({ table, column })) ?? [];
}

/** The share of sampled values that are keys of the target; undefined where there was nothing to sample. */
export function matchRate(link: LinkMatch): number | undefined {
  return link.sampled === 0 ? undefined : link.matched / link.sampled;
}
