/**
 * Finds every row that names one of some terms, in columns of which nothing is known.
 *
 * Each table is read once, from start to end, whatever the number of its columns: the server picks the candidates and
 * sends the values of those only, through a cursor, so that memory here stays bounded; what a candidate really says is
 * decided in src/engine/inventory/match.ts. The reading takes no lock beyond ACCESS SHARE and uses no index.
 */
import { askEach, distribute } from '../driver/members.ts';
import type { Numbered } from '../driver/members.ts';
import type { Column, Table } from '../../engine/catalogue/catalog.ts';
import { isNumeric, matchText, speaksOfModels } from '../../engine/inventory/match.ts';
import type { Match, ScanHit } from '../../engine/inventory/match.ts';
import type { Tx } from '../driver/database.ts';
import { column as columnSql, each, forEachMember, join, list, raw, rowsOf, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import { isInt8, isUuid, needleOf, neededNeedles } from './terms.ts';

export interface ScanTarget {
  readonly table: Table;
  readonly columns: readonly string[];
  /** Restricts the rows: SQL over the alias `t`. */
  readonly where?: Sql;
}

export interface ScanRequest {
  readonly tables: readonly ScanTarget[];
  /** Of each member the ids, names and other spellings, as text; alike for all (see terms.ts). */
  readonly terms: readonly (readonly string[])[];
  /** How many row keys are kept per hit. Counts are always complete. */
  readonly limitPerColumn: number;
}

/**
 * Looks at columns that can hold an id, a name, a list or a document; integer columns only where their name speaks of a
 * model. Counts rows: a row that names a term twice in one place counts once. The hits of each member.
 */
export async function scanValues(tx: Tx, request: ScanRequest): Promise<ScanHit[][]> {
  const size = request.terms.length;
  const hits = request.terms.map((): ScanHit[] => []);
  const queries = request.tables.flatMap((target) => {
    const query = buildQuery(target, request.terms);
    return query === undefined ? [] : [{ target, query }];
  });
  const possible = await tx.together(
    queries.map(({ query }) => askEach<{ possible: boolean }>(size, query.precheck)),
  );
  for (const [at, scanned] of queries.entries())
    if (possible[at]?.some(([row]) => row?.possible === true) === true)
      for (const [member, found] of await scanTable(tx, scanned, request)) hits[member]?.push(...found);
  return hits;
}

interface Scanned {
  readonly target: ScanTarget;
  readonly query: ScanQuery;
}

async function scanTable(
  tx: Tx,
  { target, query }: Scanned,
  request: ScanRequest,
): Promise<[number, ScanHit[]][]> {
  const size = request.terms.length;
  const tallies = request.terms.map((terms) => new Tally(target.table, terms, request.limitPerColumn));
  await tx.batches<CandidateRow & Numbered>(
    { sql: forEachMember(size, query.sql), size: firstFetch },
    (rows) => {
      for (const [member, own] of distribute<CandidateRow>(size, rows).entries())
        for (const row of own) tallies[member]?.add(row, query.columns);
      return Promise.resolve(nextFetch(rows));
    },
  );
  return tallies.map((tally, member) => [member, tally.hits()]);
}

/** The key of the row, and for each scanned column the value (a list for arrays), null where it is no candidate. */
interface CandidateRow {
  k: string;
  v: (string | null)[];
}

const firstFetch = 50;
const fetchBytes = 4_000_000;

/** Documents differ in size by a factor of a thousand, so rows are fetched by the size of those before. */
function nextFetch(rows: readonly CandidateRow[]): number {
  const bytes = rows.reduce(
    (sum, row) => sum + row.v.reduce((size, text) => size + (text?.length ?? 0), 100),
    0,
  );
  return Math.max(10, Math.min(5000, Math.floor((fetchBytes * rows.length) / bytes)));
}

/** What is known so far about one table. */
class Tally {
  readonly #table: Table;
  readonly #limit: number;
  readonly #terms: ReadonlySet<string>;
  readonly #hits = new Map<
    string,
    { hit: Omit<ScanHit, 'count' | 'samples'>; count: number; samples: string[] }
  >();

  constructor(table: Table, terms: readonly string[], limit: number) {
    this.#table = table;
    this.#limit = limit;
    this.#terms = new Set(terms);
  }

  add(row: CandidateRow, columns: readonly ScannedColumn[]): void {
    for (const [at, { column, isArray }] of columns.entries()) {
      const value = row.v[at];
      if (value === null || value === undefined) continue;
      const matches = isArray ? arrayMatches(value) : matchText(column.name, value, this.#terms);
      for (const match of matches) this.#count(column.name, match, row.k);
    }
  }

  #count(column: string, match: Match, key: string): void {
    const id = JSON.stringify([column, match.kind, match.pointer, match.term]);
    const entry = this.#hits.get(id) ?? {
      hit: { table: this.#table.id, column, ...match },
      count: 0,
      samples: [],
    };
    entry.count += 1;
    if (entry.samples.length < this.#limit) entry.samples.push(key);
    this.#hits.set(id, entry);
  }

  hits(): ScanHit[] {
    const sorted = [...this.#hits].sort(([a], [b]) => (a < b ? -1 : 1));
    return sorted.map(([, { hit, count, samples }]) => ({ ...hit, count, samples: samples.sort() }));
  }
}

/** The server sends only the elements that are terms, as a JSON list. */
function arrayMatches(elements: string): Match[] {
  const terms: unknown = JSON.parse(elements);
  return Array.isArray(terms) ? terms.map((term) => ({ kind: 'array', term: String(term) })) : [];
}

interface ScannedColumn {
  readonly column: Column;
  readonly isArray: boolean;
  /** SQL for the value of a candidate, else NULL. */
  readonly candidate: Sql;
  /** SQL that holds wherever `candidate` is not NULL, without the machinery that gives the value back. */
  readonly possible: Sql;
  /** SQL for the document as text, computed once per row. */
  readonly text?: Sql;
}

interface ScanQuery {
  readonly sql: Sql;
  /** Is there a candidate at all? Most tables have none, and unlike a cursor this may run in parallel. */
  readonly precheck: Sql;
  readonly columns: readonly ScannedColumn[];
}

/** Undefined where no column of the table can hold one of the terms. */
function buildQuery(target: ScanTarget, terms: ScanRequest['terms']): ScanQuery | undefined {
  const search = new Search(terms);
  const columns = target.table.columns
    .filter((column) => target.columns.includes(column.name))
    .flatMap((column, at) => search.column(column, at));
  if (columns.length === 0) return undefined;
  const { where = raw('true') } = target;
  const rows = sql`${rowsOf(target.table)} AS t`;
  const texts = columns.flatMap(({ text }) => text ?? []);
  const values = list(columns.map((_, at) => raw(`v.c${at}`)));
  const candidates = list(columns.map(({ candidate }, at) => sql`${candidate} AS ${raw(`c${at}`)}`));
  const lateral =
    texts.length === 0 ? raw('') : sql`CROSS JOIN LATERAL (SELECT ${list(texts)} OFFSET 0) AS x`;
  const possible = join(
    columns.map((column) => column.possible),
    ' OR ',
  );
  return {
    sql: sql`SELECT ${rowKey(target.table)} AS k, ARRAY[${values}] AS v FROM ${rows} ${lateral}
    CROSS JOIN LATERAL (SELECT ${candidates} OFFSET 0) AS v WHERE num_nonnulls(${values}) > 0 AND (${where})`,
    precheck: sql`SELECT coalesce(bool_or(${possible}), false) AS possible FROM ${rows} WHERE (${where})`,
    columns,
  };
}

/** The primary key as text, its parts separated by a comma; where there is none, the place of the row on disk. */
function rowKey(table: Table): Sql {
  if (table.primaryKey.length === 0) return raw(`t.tableoid::regclass::text || ' ' || t.ctid::text`);
  return sql`concat_ws(', ', ${list(table.primaryKey.map((name) => sql`${columnSql('t', name)}::text`))})`;
}

interface Listed {
  readonly values: Sql;
  readonly type: string;
}

/** The terms, sorted by the columns that can hold them. Each value is made once, so that it is one parameter. */
class Search {
  readonly #terms: ScanRequest['terms'];
  readonly #first: readonly string[];
  readonly #made = new Map<string, Sql>();

  constructor(terms: ScanRequest['terms']) {
    this.#terms = terms;
    this.#first = terms[0] ?? [];
  }

  /** How to look into a column; empty where it cannot hold a term. */
  column(column: Column, at: number): ScannedColumn[] {
    const name = columnSql('t', column.name);
    const { kind } = column;
    if (kind === 'text' || kind === 'json' || kind === 'jsonb') return this.#document(column, `d${at}`);
    const listed = this.#list(column);
    if (listed === undefined) return [];
    if (kind.endsWith('[]'))
      return [{ column, isArray: true, candidate: elements(name, listed), possible: overlaps(name, listed) }];
    const possible = sql`${name} = ANY (${listed.values})`;
    return [
      { column, isArray: false, candidate: sql`CASE WHEN ${possible} THEN ${name}::text END`, possible },
    ];
  }

  #list(column: Column): Listed | undefined {
    const kind = column.kind.replace('[]', '');
    const speaks = speaksOfModels(column.name);
    if (kind === 'text') return this.#listed('text', (term) => !isNumeric(term) || speaks);
    if (kind === 'uuid') return this.#listed('uuid', isUuid);
    if (kind === 'integer' && speaks) return this.#listed('bigint', isInt8);
    return undefined;
  }

  #listed(type: string, fits: (term: string) => boolean): Listed {
    const all = this.#terms.map((terms) => terms.filter(fits));
    const none = all.every((terms) => terms.length === 0);
    const name = JSON.stringify([type, this.#first.map(fits)]);
    return {
      type,
      values: none ? raw(`NULL::${type}[]`) : this.#once(name, () => each(all, `text[]::${type}[]`)),
    };
  }

  /** `|| ''` takes a long value out of its compressed storage once, and not once per needle. */
  #document(column: Column, alias: string): ScannedColumn[] {
    const own = raw(`x.${alias}`);
    const conditions = this.#needles(column, own);
    if (conditions.length === 0) return [];
    const name = columnSql('t', column.name);
    const plain = join(this.#needles(column, sql`(${name}::text COLLATE "C")`), ' OR ');
    return [
      {
        column,
        isArray: false,
        text: sql`(${name}::text || '') COLLATE "C" AS ${raw(alias)}`,
        candidate: sql`CASE WHEN ${join(conditions, ' OR ')} THEN ${own} END`,
        possible: sql`(${this.#filled(column)} AND (${plain}))`,
      },
    ];
  }

  /** Is the value long enough to name anything? Cheaper than to look. An escape is never shorter than what it stands for. */
  #filled(column: Column): Sql {
    const name = columnSql('t', column.name);
    if (column.kind === 'jsonb') return sql`${name} <> '{}'::jsonb`;
    const shortest = this.#terms.map((terms) => {
      const length = Math.min(...terms.map((term) => (needleOf(term) ?? '').length));
      return Number.isFinite(length) ? length : 0;
    });
    return sql`octet_length(${name}::text) >= ${this.#once('shortest', () => each(shortest, 'text::integer'))}`;
  }

  /** Conditions of which one holds wherever the text names a term, in whatever way JSON may have escaped it. */
  #needles(column: Column, text: Sql): Sql[] {
    const words = this.#terms.map((terms) => terms.filter((term) => !isNumeric(term)));
    const numbers = this.#terms.map((terms) => terms.filter((term) => isNumeric(term)));
    const conditions = neededNeedles(words[0] ?? []).map((at) => {
      const needle = this.#once(`needle ${at}`, () =>
        each(
          words.map((terms) => needleOf(terms[at] ?? '') ?? terms[at]),
          'text',
        ),
      );
      return sql`strpos(${text}, ${needle}) > 0`;
    });
    const [first = []] = words;
    if (first.length > 0)
      conditions.push(sql`(strpos(${text}, '\\u00') > 0 AND ${text} ~* ${raw(String.raw`'\\u00[2-7]'`)})`);
    if (first.some((term) => needleOf(term) === undefined)) conditions.push(sql`strpos(${text}, '\\u') > 0`);
    if ((numbers[0] ?? []).length === 0) return conditions;
    const pattern = this.#once('numbers', () => each(numbers.map(numberPattern), 'text'));
    if (speaksOfModels(column.name)) return [...conditions, sql`${text} ~ ${pattern}`];
    return [...conditions, sql`(${text} ~* 'model|llm' AND ${text} ~ ${pattern})`];
  }

  #once(name: string, make: () => Sql): Sql {
    const made = this.#made.get(name) ?? make();
    this.#made.set(name, made);
    return made;
  }
}

function numberPattern(numbers: readonly string[]): string {
  return String.raw`\m(${numbers.map((term) => term.replace('-', '')).join('|')})\M`;
}

function overlaps(name: Sql, { values, type }: Listed): Sql {
  return sql`${name}::${raw(type)}[] && ${values}`;
}

function elements(name: Sql, listed: Listed): Sql {
  return sql`CASE WHEN ${overlaps(name, listed)} THEN (SELECT json_agg(DISTINCT e::text)
    FROM unnest(${name}::${raw(listed.type)}[]) AS e WHERE e = ANY (${listed.values}))::text END`;
}
