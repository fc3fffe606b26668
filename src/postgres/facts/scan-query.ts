/**
 * The statement that picks candidates: rows of one table that may name the source in a column, beyond what the places of that column
 * find. Some candidates name nothing. Every row that names the source is a candidate.
 */
import type { Scannable } from '../../engine/inventory/scannable.ts';
import type { Table } from '../../engine/catalogue/catalog.ts';
import type { Owner } from '../../engine/plan/snapshot.ts';
import { isSharedRows } from '../../engine/tenant.ts';
import { columnOf, equalsEach } from '../sql/cast.ts';
import { sentSql } from '../sql/document.ts';
import { meansRowSql, ofPlaceSql } from '../sql/match.ts';
import type { RowContext } from '../sql/match.ts';
import { ownerSql, severalOwnersSql, visibleSql } from '../sql/row.ts';
import { deadSql, liveSql } from '../sql/state.ts';
import { allOf, anyOf, column as columnSql, list, literal, raw, rowsOf, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import { rowContext } from './member.ts';
import type { Batch } from './member.ts';
import { isModelSql } from './model-rows.ts';
import { testsSql, textOf, CandidateSearch } from './scan-conditions.ts';
import type { CandidateColumn } from './scan-conditions.ts';

export interface CandidateQuery {
  readonly table: Table;
  readonly columns: readonly CandidateColumn[];
  /** Is there a candidate at all? Most tables have none, and unlike a cursor this may run in parallel. Undefined where one is expected. */
  readonly precheck: Sql | undefined;
  /** Made for the few tables that have one. */
  readonly select: () => Sql;
}

/** A row that may name the source where no place covers it. */
export interface CandidateRow {
  readonly k: string;
  readonly owners: readonly string[] | null;
  readonly owner: Owner;
  readonly dead: boolean;
  /** The text of each column, or `tooLargeText`; null where it is no candidate. Of a list its elements as JSON. */
  readonly v: readonly (string | null)[];
  /** For each column the elements that equal a name but are written otherwise, with the name: see alikeSql. */
  readonly alike: readonly (Readonly<Record<string, string>> | null)[];
  /** For each place in the documents and lists of each column: is the row live there? Null where it is none of its rows. */
  readonly live: readonly (readonly (boolean | null)[])[];
  /** For each of these places: does its own reading look at the row? What it cannot read there it asks about. */
  readonly seen: readonly (readonly boolean[])[];
  /** For each of the places that say which rows they mean: is it one of them? */
  readonly chosen: readonly (readonly boolean[])[];
  /** Short texts of the row, where a key counts only beside a word that speaks of models. */
  readonly beside: readonly (string | null)[];
}

/** Undefined where no column of the table can name the sources. */
export function candidateQuery(batch: Batch, target: Scannable): CandidateQuery | undefined {
  if (batch.members.every(({ terms }) => terms.length === 0)) return undefined;
  const search = new CandidateSearch(batch, target);
  const conditions = search.conditions();
  if (conditions.length === 0) return undefined;
  const { table } = target;
  const context = rowContext(batch.rules, table, batch.members);
  const rows = sql`${rowsOf(table)} AS t`;
  const where = allOf(whoseRows(context, target, batch));
  const columns = conditions.map(({ column }) => column);
  // A text of every document is made for the conditions anyway, where most rows are expected to be candidates.
  const rough = search.hasDirect(columns) ? raw('true') : search.rough(columns);
  const any = allOf([rough, anyOf(conditions.map(({ condition }) => sql`(${condition})`))]);
  // What places find is told from the rest by the conditions alone. Where no place looks, the quick look at all texts says enough.
  const possible = columns.some(({ name }) => search.isCovered(name)) ? any : rough;
  const values = (): Sql =>
    list(conditions.map(({ column, condition }) => sql`CASE WHEN ${condition} THEN ${sentText(column)} END`));
  return {
    table,
    columns,
    precheck: search.hasDirect(columns)
      ? undefined
      : sql`SELECT coalesce(bool_or(${possible}), false) AS possible FROM ${rows} WHERE ${where}`,
    select:
      () => sql`SELECT ${rowKey(table)} AS k, ${ownerSql(context)} AS owner, ${severalOwnersSql(context)} AS owners,
      ${deadSql(context)} AS dead, ARRAY[${values()}]::text[] AS v,
      ARRAY[${list(columns.map((column) => search.alike(column)))}]::jsonb[] AS alike, ${livePlaces(context, columns)} AS live,
      ${search.seen(columns)} AS seen, ${chosenRows(context, columns)} AS chosen,
      ARRAY[${search.beside()}]::text[] AS beside FROM ${rows} WHERE ${where} AND ${any}`,
  };
}

function livePlaces(context: RowContext, columns: readonly CandidateColumn[]): Sql {
  return testsSql(
    columns.map(({ documents }) =>
      documents.map(
        (place) =>
          sql`CASE WHEN ${ofPlaceSql(context, place)} THEN coalesce(${liveSql(context, place)}, false) END`,
      ),
    ),
  );
}

function chosenRows(context: RowContext, columns: readonly CandidateColumn[]): Sql {
  return testsSql(columns.map(({ choosing }) => choosing.map((place) => meansRowSql(context, place))));
}

/** This tenant's rows and those of nobody, where one column says so; never the row of the model itself. A row may name its own key, too. */
function whoseRows(context: RowContext, { owner }: Scannable, { rules, members }: Batch): Sql[] {
  const { table, tenants } = context;
  const models =
    rules.subject === undefined ? rules.modelTables.filter((model) => model.table.id === table.id) : [];
  const sources = members.map(({ pair }) => pair.source);
  const itself = models.map((model) => sql`NOT ${isModelSql(rules, model, sources)}`);
  if (owner === undefined || tenants === undefined) return [visibleSql(context), ...itself];
  const name = columnSql('t', owner.column);
  if (isSharedRows(tenants[0])) return [owner.nullable ? sql`${name} IS NULL` : raw('false')];
  const mine = equalsEach(columnOf(table, owner.column), name, tenants);
  return [owner.nullable ? sql`(${mine} OR ${name} IS NULL)` : mine, ...itself];
}

/** The primary key as text, its parts separated by a comma; where there is none, the place of the row on disk. */
function rowKey(table: Table): Sql {
  if (table.primaryKey.length === 0) return raw(`t.tableoid::regclass::text || ' ' || t.ctid::text`);
  return sql`concat_ws(', ', ${list(table.primaryKey.map((name) => sql`${columnSql('t', name)}::text`))})`;
}

/** What comes in the place of a text that is too large to be read: that it may name the source is all that is known. */
export const tooLargeText = '\u0001drover: too large to be read';

function sentText(column: CandidateColumn): Sql {
  const text = textOf(column);
  return sql`coalesce(${sentSql(text, text)}, ${literal(tooLargeText)})`;
}
