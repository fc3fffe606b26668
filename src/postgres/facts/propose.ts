/** `drover init`: reads a database and proposes a configuration for it. Nothing is written. */
import type { KnownWords } from '../../engine/propose/known-words.ts';
import { findModelTables, idsOf } from '../../engine/propose/model-evidence.ts';
import { propose, type Proposal } from '../../engine/propose/propose.ts';
import { patternOf, schemasAlike } from '../../engine/propose/tenant.ts';
import { given } from '../../engine/given.ts';
import { readCatalog } from '../catalogue/catalog.ts';
import { listTables } from '../catalogue/unread.ts';
import type { Database, Tx } from '../driver/database.ts';
import { findColumn, findTable, tableId } from '../../engine/catalogue/catalog.ts';
import type { Catalog, Column, Table, TableId } from '../../engine/catalogue/catalog.ts';
import type {
  BoundValues,
  ColumnValues,
  InnerValues,
  LinkCandidate,
  LinkMatch,
  Observations,
} from '../../engine/propose/observation.ts';
import { listLinkCandidates, listModelLinks } from '../../engine/propose/links.ts';
import { statusPattern } from '../../engine/propose/states.ts';
import { hidingFrom } from './visibility.ts';
import { namesModel, snake } from '../../engine/catalogue/wording.ts';
import { affected, many, one, readAs } from '../driver/question.ts';
import type { Question } from '../driver/question.ts';
import { quoteIdent, quoteTable } from '../sql/identifiers.ts';
import { maxDistinct, TableTally } from './tally.ts';

export interface ProposalRequest {
  /** All where they are left out. */
  readonly schemas?: readonly string[];
  /** The schema of Drover's own records, which is left out of all. */
  readonly records: string;
  readonly words: KnownWords;
}

/** One read-only transaction, so that the samples fit the catalogue; it takes seconds even on a big database. */
export async function proposeConfig(
  db: Database,
  { schemas: asked, records, words }: ProposalRequest,
): Promise<Proposal> {
  return db.transaction({ isolation: 'repeatable read', readOnly: true }, async (tx) => {
    const { schemas, tenants } = await schemasOf(tx, asked, records);
    const catalog = await readCatalog(tx, { schemas });
    const seen = await observe(tx, catalog);
    const models = idsOf(findModelTables({ catalog, seen, words }));
    const all = await observeModels(tx, catalog, { seen, models });
    return propose({ catalog, schemas, seen: all, words, ...given({ tenants }) });
  });
}

/** All that have tables, or those that were asked for; of those that hold the same tables the first, since each may be a tenant. */
async function schemasOf(
  tx: Tx,
  asked: readonly string[] | undefined,
  records: string,
): Promise<{
  readonly schemas: readonly string[];
  readonly tenants: string | readonly string[] | undefined;
}> {
  const tables = (await listTables(tx)).filter(({ schema, isForeign }) =>
    asked === undefined ? schema !== records && !isForeign : asked.includes(schema),
  );
  const all = asked ?? [...new Set(['public', ...tables.map(({ schema }) => schema)])];
  const alike = schemasAlike(tables);
  const [first] = alike;
  if (first === undefined) return { schemas: all, tenants: undefined };
  const others = all.filter((name) => !alike.includes(name));
  return { schemas: [first, ...others], tenants: patternOf(alike, all) };
}

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

/**
 * Samples the rows: the distinct values of short texts, the strings within lists and documents, and how many values of a column are keys
 * of a table it has no foreign key to. Of each table at most some thousands of rows are read, of a big one from pages all over it, and
 * never for longer than a few seconds: what is missed here is found by the full scan of a plan.
 */
async function observe(tx: Tx, catalog: Catalog): Promise<Observations> {
  const readable = await readableTables(tx, catalog);
  const seen = await sampleTables(tx, readable.tables, {
    limits: defaultLimits,
    maxDistinct,
    isKeyed: isObserved,
  });
  const unreadable = catalog.tables
    .filter((table) => !readable.tables.includes(table))
    .map((table) => table.id);
  const hidden = await tx.ask(hidingFrom(readable.tables));
  return { ...seen, links: await matchLinks(tx, readable, listLinkCandidates(catalog)), unreadable, hidden };
}

/** Looks again at the tables that hold models: at all their columns, with more values, and at what may hold their keys. */
async function observeModels(
  tx: Tx,
  catalog: Catalog,
  { seen, models }: { readonly seen: Observations; readonly models: ReadonlySet<TableId> },
): Promise<Observations> {
  const tables = catalog.tables.filter(({ id }) => models.has(id) && !seen.unreadable.includes(id));
  const all = { limits: defaultLimits, maxDistinct: maxDistinct * 20, isKeyed: () => true };
  const more = await sampleTables(tx, tables, all);
  const isOther = ({ table }: { readonly table: TableId }): boolean => !models.has(table);
  const known = new Set(seen.links.map(linkId));
  const candidates = listModelLinks(catalog, models).filter((link) => !known.has(linkId(link)));
  const readable = { tables: catalog.tables.filter(({ id }) => !seen.unreadable.includes(id)) };
  return {
    ...seen,
    columns: [...seen.columns.filter(isOther), ...more.columns],
    inner: [...seen.inner.filter(isOther), ...more.inner],
    links: [...seen.links, ...(await matchLinks(tx, readable, candidates))],
  };
}

function linkId({ table, column, target }: LinkCandidate): string {
  return JSON.stringify([table, column, target]);
}

interface Sampling {
  readonly limits: ObserveLimits;
  readonly maxDistinct: number;
  readonly isKeyed: (table: Table, column: Column) => boolean;
}

async function sampleTables(
  tx: Tx,
  tables: readonly Table[],
  sampling: Sampling,
): Promise<Pick<Observations, 'columns' | 'inner' | 'bound' | 'sampled'>> {
  const columns: ColumnValues[] = [];
  const inner: InnerValues[] = [];
  const bound: BoundValues[] = [];
  const sampled: TableId[] = [];
  for (const table of tables) {
    const observed = table.columns.filter((column) => sampling.isKeyed(table, column));
    const tally = new TableTally(table, observed, sampling.maxDistinct);
    if (!(await sampleTable(tx, tally, sampling.limits))) sampled.push(table.id);
    for (const one of tally.columns()) columns.push(one);
    for (const one of tally.inner()) inner.push(one);
    for (const one of tally.bound()) bound.push(one);
  }
  return { columns, inner, bound, sampled };
}

/** The tables that this login may read. Trying would end the transaction. */
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
  const { sql: select, partial } = sampleSql(table, observed, limits);
  const fetch = many<{ v: (string | null)[] }>('FETCH 200 FROM drover_sample');
  const declared = `DECLARE drover_sample NO SCROLL CURSOR FOR ${select}`;
  let [, batch] = await tx.together([affected(declared), fetch]);
  let read = 0;
  for (;;) {
    for (const row of batch) tally.add(row.v);
    read += batch.length;
    const isLate = performance.now() - started >= limits.millisecondsPerTable;
    if (batch.length < 200 || read >= limits.rowsPerTable || isLate) break;
    batch = await tx.ask(fetch);
  }
  const [more] = await tx.together([many('FETCH 1 FROM drover_sample'), affected('CLOSE drover_sample')]);
  return more.length === 0 && !partial;
}

/** Of a table far bigger than the sample some pages are read, chosen by the same seed each time. */
function sampleSql(
  table: Table,
  columns: readonly Column[],
  limits: ObserveLimits,
): { sql: string; partial: boolean } {
  const partial = table.rowEstimate > limits.rowsPerTable * 10;
  const percent = Math.min(100, (limits.rowsPerTable * 200) / Math.max(1, table.rowEstimate));
  const sample = partial ? `TABLESAMPLE SYSTEM (${percent.toFixed(6)}) REPEATABLE (7)` : '';
  const values = columns.map((column) => sampledValue(column, limits));
  const from = `${table.partitioned ? '' : 'ONLY '}${quoteTable(table)} AS t ${sample}`;
  return { sql: `SELECT ARRAY[${values.join(', ')}]::text[] AS v FROM ${from}`, partial };
}

/** The size on disk is asked first, so that a long document is not even fetched. */
function sampledValue(column: Column, { documentChars }: ObserveLimits): string {
  const name = `t.${quoteIdent(column.name)}`;
  const text = column.kind.endsWith('[]') ? `array_to_json(${name})::text` : `${name}::text`;
  return `CASE WHEN pg_column_size(${name}) <= ${documentChars} THEN CASE WHEN length(${text}) <= ${documentChars} THEN ${text} END END`;
}

/** Texts, lists and documents; of the others keys, columns that speak of models, and states. */
function isObserved(table: Table, column: Column): boolean {
  if (['text', 'enum', 'json', 'jsonb'].includes(column.kind) || column.kind.endsWith('[]')) return true;
  if (column.kind === 'other') return statusPattern.test(snake(column.name));
  const isLooseId =
    /(^|_)(id|uuid)$/.test(snake(column.name)) &&
    !table.foreignKeys.some((key) => key.columns.includes(column.name));
  return (
    isLooseId || namesModel(column.name) || (namesModel(table.name) && table.primaryKey.includes(column.name))
  );
}

async function matchLinks(
  tx: Tx,
  catalog: Catalog,
  candidates: readonly LinkCandidate[],
): Promise<LinkMatch[]> {
  return tx.together(candidates.map((candidate) => matchLink(catalog, candidate)));
}

/** As PostgreSQL writes it: a link compares texts. */
const uuidPattern = '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';

/** Up to a thousand values; the target is asked by its key. */
function matchLink(catalog: Catalog, candidate: LinkCandidate): Question<LinkMatch> {
  const [from, to] = [findTable(catalog, candidate.table), findTable(catalog, candidate.target)];
  if (from === undefined || to === undefined)
    return { statements: [], read: () => ({ ...candidate, sampled: 0, matched: 0 }) };
  const column = quoteIdent(candidate.column);
  const kindOf = (table: Table, name: string): string | undefined => findColumn(table, name)?.kind;
  const isWritten =
    kindOf(to, candidate.targetColumn) === 'uuid' && kindOf(from, candidate.column) === 'text';
  const value = isWritten ? `CASE WHEN ${column} ~ '${uuidPattern}' THEN ${column}::text::uuid END` : column;
  const counts = one<{ sampled: number; matched: number }>(
    `SELECT count(*)::int AS sampled,
       count(*) FILTER (WHERE EXISTS (SELECT FROM ${quoteTable(to)} k WHERE k.${quoteIdent(candidate.targetColumn)} = s.v))::int AS matched
     FROM (SELECT ${value} AS v FROM ${quoteTable(from)} WHERE ${column} IS NOT NULL LIMIT 1000) s`,
  );
  return readAs(counts, (found) => ({ ...candidate, ...found }));
}
