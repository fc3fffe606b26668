/**
 * Samples the rows for `drover init`: the distinct values of short texts, the strings within lists and documents, and
 * how many values of a column are keys of a table it has no foreign key to.
 *
 * Of each table at most some thousands of rows are read, of a big one from pages all over it, and never for longer than
 * a few seconds: what is missed here is found by the full scan of a plan.
 */
import { findTable, tableId } from '../../engine/catalogue/catalog.ts';
import type { Catalog, Column, Table, TableId } from '../../engine/catalogue/catalog.ts';
import type {
  ColumnValues,
  InnerValues,
  LinkCandidate,
  LinkMatch,
  Observations,
} from '../../engine/propose/observation.ts';
import { listLinkCandidates } from '../../engine/propose/tenant.ts';
import { statusPattern } from '../../engine/propose/shape.ts';
import { looksLikeJson, walkJson } from '../../engine/inventory/match.ts';
import { namesModel, snake } from '../../engine/propose/wording.ts';
import type { Tx } from '../driver/database.ts';
import { quoteIdent, quoteTable } from '../sql/identifiers.ts';

interface ObserveLimits {
  readonly rowsPerTable: number;
  /** Documents longer than this are not looked into. */
  readonly documentChars: number;
  readonly millisecondsPerTable: number;
}

const defaultLimits: ObserveLimits = {
  rowsPerTable: 5000,
  documentChars: 200_000,
  millisecondsPerTable: 5000,
};

const maxDistinct = 300;
const maxValueChars = 200;
const maxPlaces = 400;

/** Everything that the proposal needs to know about the rows. `models` are looked at with more values than the others. */
export async function observe(
  tx: Tx,
  catalog: Catalog,
  models: ReadonlySet<TableId>,
  limits = defaultLimits,
): Promise<Observations> {
  const columns: ColumnValues[] = [];
  const inner: InnerValues[] = [];
  const sampled: TableId[] = [];
  const readable = await readableTables(tx, catalog);
  for (const table of readable.tables) {
    const tally = new TableTally(table, models.has(table.id) ? maxDistinct * 20 : maxDistinct);
    if (!(await sampleTable(tx, tally, limits))) sampled.push(table.id);
    columns.push(...tally.columns());
    inner.push(...tally.inner());
  }
  const unreadable = catalog.tables
    .filter((table) => !readable.tables.includes(table))
    .map((table) => table.id);
  return { columns, inner, links: await matchLinks(tx, readable), sampled, unreadable };
}

/** Those that this login may read; trying would end the transaction. */
async function readableTables(tx: Tx, catalog: Catalog): Promise<Catalog> {
  const rows = await tx.many<{ schema: string; name: string }>(
    `SELECT n.nspname::text AS schema, c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')`,
  );
  const readable = new Set(rows.map((row) => tableId(row.schema, row.name)));
  return { tables: catalog.tables.filter((table) => readable.has(table.id)) };
}

/** @returns false where rows were left out. */
async function sampleTable(tx: Tx, tally: TableTally, limits: ObserveLimits): Promise<boolean> {
  const { table, observed } = tally;
  if (observed.length === 0) return true;
  const started = performance.now();
  const rows = await declare(tx, table, observed, limits);
  let read = 0;
  while (read < limits.rowsPerTable && performance.now() - started < limits.millisecondsPerTable) {
    const batch = await tx.many<{ v: (string | null)[] }>('FETCH 200 FROM drover_sample');
    for (const row of batch) tally.add(row.v);
    read += batch.length;
    if (batch.length < 200) break;
  }
  const more = await tx.many('FETCH 1 FROM drover_sample');
  await tx.run('CLOSE drover_sample');
  return more.length === 0 && !rows.partial;
}

/** Of a table far bigger than the sample some pages are read, chosen by the same seed each time. */
async function declare(
  tx: Tx,
  table: Table,
  columns: readonly Column[],
  limits: ObserveLimits,
): Promise<{ partial: boolean }> {
  const partial = table.rowEstimate > limits.rowsPerTable * 10;
  const percent = Math.min(100, (limits.rowsPerTable * 200) / Math.max(1, table.rowEstimate));
  const sample = partial ? `TABLESAMPLE SYSTEM (${percent.toFixed(6)}) REPEATABLE (7)` : '';
  const values = columns.map((column) => sampledValue(column, limits));
  await tx.run(
    `DECLARE drover_sample NO SCROLL CURSOR FOR SELECT ARRAY[${values.join(', ')}]::text[] AS v
       FROM ${table.partitioned ? '' : 'ONLY '}${quoteTable(table)} AS t ${sample}`,
  );
  return { partial };
}

/** The size on disk is asked first, so that a long document is not even fetched. */
function sampledValue(column: Column, { documentChars }: ObserveLimits): string {
  const name = `t.${quoteIdent(column.name)}`;
  const text = column.kind.endsWith('[]') ? `array_to_json(${name})::text` : `${name}::text`;
  return `CASE WHEN pg_column_size(${name}) <= ${documentChars} THEN CASE WHEN length(${text}) <= ${documentChars} THEN ${text} END END`;
}

/** Distinct values, up to a number. */
class Distinct {
  filled = 0;
  readonly values = new Set<string>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(value: string): void {
    this.filled += 1;
    if (value.length <= maxValueChars && this.values.size < this.#limit) this.values.add(value);
  }
}

class TableTally {
  readonly table: Table;
  readonly observed: readonly Column[];
  readonly #limit: number;
  readonly #columns = new Map<string, Distinct>();
  readonly #inner = new Map<
    string,
    { place: Pick<InnerValues, 'column' | 'kind' | 'pointer'>; values: Distinct }
  >();

  constructor(table: Table, limit: number) {
    this.table = table;
    this.#limit = limit;
    this.observed = table.columns.filter((column) => isObserved(table, column));
  }

  add(values: readonly (string | null)[]): void {
    for (const [at, column] of this.observed.entries()) {
      const value = values[at];
      if (value === null || value === undefined) continue;
      if (
        column.kind === 'text' ||
        column.kind === 'uuid' ||
        column.kind === 'integer' ||
        column.kind === 'other'
      )
        this.#scalar(column.name, value);
      else if (column.kind.endsWith('[]')) this.#list(column.name, value);
      else
        walkJson(value, (leaf) =>
          this.#place(
            { column: column.name, kind: leaf.isKey ? 'json-key' : 'json-value', pointer: leaf.pointer },
            leaf.text,
          ),
        );
    }
  }

  #scalar(column: string, value: string): void {
    const known = this.#columns.get(column) ?? new Distinct(this.#limit);
    this.#columns.set(column, known);
    known.add(value);
    if (looksLikeJson(value) && this.#document(column, value)) return;
    const items = value.split(',').map((item) => item.trim());
    const isList =
      items.length > 1 && value.length <= 2000 && items.every((item) => item !== '' && !/\s/.test(item));
    if (isList) for (const item of items) this.#place({ column, kind: 'comma' }, item);
  }

  #document(column: string, value: string): boolean {
    return walkJson(value, (leaf) =>
      this.#place({ column, kind: leaf.isKey ? 'json-key' : 'json-value', pointer: leaf.pointer }, leaf.text),
    );
  }

  #list(column: string, json: string): void {
    walkJson(json, (leaf) => this.#place({ column, kind: 'array' }, leaf.text));
  }

  #place(place: Pick<InnerValues, 'column' | 'kind' | 'pointer'>, value: string): void {
    const id = `${place.column} ${place.kind} ${place.pointer ?? ''}`;
    const known = this.#inner.get(id) ?? { place, values: new Distinct(maxDistinct) };
    if (this.#inner.size < maxPlaces || this.#inner.has(id)) this.#inner.set(id, known);
    known.values.add(value);
  }

  columns(): ColumnValues[] {
    return [...this.#columns].map(([column, { filled, values }]) => ({
      table: this.table.id,
      column,
      filled,
      distinct: [...values].sort(),
    }));
  }

  inner(): InnerValues[] {
    return [...this.#inner.values()].map(({ place, values }) => ({
      table: this.table.id,
      ...place,
      filled: values.filled,
      distinct: [...values.values].sort(),
    }));
  }
}

/** Texts, lists and documents; of the others keys, columns that speak of models, and states. */
function isObserved(table: Table, column: Column): boolean {
  if (['text', 'json', 'jsonb', 'text[]', 'uuid[]', 'integer[]'].includes(column.kind)) return true;
  if (column.kind === 'other') return statusPattern.test(snake(column.name));
  const isLooseId =
    /(^|_)(id|uuid)$/.test(snake(column.name)) &&
    !table.foreignKeys.some((key) => key.columns.includes(column.name));
  return (
    isLooseId || namesModel(column.name) || (namesModel(table.name) && table.primaryKey.includes(column.name))
  );
}

async function matchLinks(tx: Tx, catalog: Catalog): Promise<LinkMatch[]> {
  const matches: LinkMatch[] = [];
  for (const candidate of listLinkCandidates(catalog)) matches.push(await matchLink(tx, catalog, candidate));
  return matches;
}

/** Up to a thousand values; the target is asked by its key. */
async function matchLink(tx: Tx, catalog: Catalog, candidate: LinkCandidate): Promise<LinkMatch> {
  const [from, to] = [findTable(catalog, candidate.table), findTable(catalog, candidate.target)];
  if (from === undefined || to === undefined) return { ...candidate, sampled: 0, matched: 0 };
  const column = quoteIdent(candidate.column);
  const counts = await tx.one<{ sampled: number; matched: number }>(
    `SELECT count(*)::int AS sampled,
       count(*) FILTER (WHERE EXISTS (SELECT FROM ${quoteTable(to)} k WHERE k.${quoteIdent(candidate.targetColumn)} = s.v))::int AS matched
     FROM (SELECT ${column} AS v FROM ${quoteTable(from)} WHERE ${column} IS NOT NULL LIMIT 1000) s`,
  );
  return { ...candidate, ...counts };
}
