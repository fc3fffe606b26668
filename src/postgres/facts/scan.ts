/**
 * Finds every row that names one of some terms, in columns of which nothing is known.
 *
 * Each table is read once, from start to end, whatever the number of its columns: the server picks the candidates and
 * sends the values of those only, through a cursor, so that memory here stays bounded; what a candidate really says is
 * decided in src/engine/inventory/match.ts. The reading takes no lock beyond ACCESS SHARE and uses no index.
 */
import type { Column, Table } from '../../engine/catalogue/catalog.ts';
import { isNumeric, matchText, speaksOfModels } from '../../engine/inventory/match.ts';
import type { Match, ScanHit } from '../../engine/inventory/match.ts';
import type { Tx } from '../driver/database.ts';
import { quoteIdent, quoteTable } from '../sql/identifiers.ts';

export interface ScanTarget {
  readonly table: Table;
  readonly columns: readonly string[];
  /** Restricts the rows: SQL over the alias `t`, with its parameters numbered from $1. */
  readonly tenantPredicate?: { readonly sql: string; readonly params: readonly unknown[] };
}

export interface ScanRequest {
  readonly tables: readonly ScanTarget[];
  /** Ids, names and other spellings, as text. */
  readonly terms: readonly string[];
  /** How many row keys are kept per hit. Counts are always complete. */
  readonly limitPerColumn: number;
}

/**
 * Looks at columns that can hold an id, a name, a list or a document; integer columns only where their name speaks of a
 * model. Counts rows: a row that names a term twice in one place counts once.
 */
export async function scanValues(tx: Tx, request: ScanRequest): Promise<ScanHit[]> {
  const hits: ScanHit[] = [];
  for (const target of request.tables) hits.push(...(await scanTable(tx, target, request)));
  return hits;
}

async function scanTable(tx: Tx, target: ScanTarget, request: ScanRequest): Promise<ScanHit[]> {
  const query = queryOf(target, request.terms);
  if (query === undefined) return [];
  const [found] = await tx.many<{ possible: boolean }>(query.precheck, query.params);
  if (found?.possible !== true) return [];
  const tally = new Tally(target.table, request);
  const { sql, params, columns } = query;
  await tx.batches<CandidateRow>({ sql, params, size: firstFetch }, (rows) => {
    for (const row of rows) tally.add(row, columns);
    return Promise.resolve(nextFetch(rows));
  });
  return tally.hits();
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

  constructor(table: Table, request: ScanRequest) {
    this.#table = table;
    this.#limit = request.limitPerColumn;
    this.#terms = new Set(request.terms);
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
  readonly candidate: string;
  /** SQL that holds wherever `candidate` is not NULL, without the machinery that gives the value back. */
  readonly possible: string;
  /** SQL for the document as text, computed once per row. */
  readonly text?: string;
}

interface ScanQuery {
  readonly sql: string;
  /** Is there a candidate at all? Most tables have none, and unlike a cursor this may run in parallel. */
  readonly precheck: string;
  readonly params: readonly unknown[];
  readonly columns: readonly ScannedColumn[];
}

/**
 * The query of a table is the same for every tenant but for the tenant and the id that is looked for: in a wave it is built once.
 * Every uuid is looked for in the same way, so it is built with another one in its place.
 */
function queryOf(target: ScanTarget, terms: readonly string[]): ScanQuery | undefined {
  const ids = terms.filter(isUuid);
  const [id] = ids;
  if (id === undefined || ids.length > 1) return buildQuery(target, terms);
  const own = target.tenantPredicate?.params ?? [];
  const standing = terms.map((term) => (term === id ? standIn : term));
  const name = JSON.stringify([standing, target.columns, target.tenantPredicate?.sql ?? '']);
  const known = built.get(target.table) ?? new Map<string, ScanQuery | undefined>();
  built.set(target.table, known);
  if (!known.has(name)) known.set(name, buildQuery(target, standing));
  const query = known.get(name);
  const params = query?.params.map((value, at) => (at < own.length ? own[at] : putBack(value, id)));
  return query === undefined || params === undefined ? undefined : { ...query, params };
}

const standIn = 'd0e5e7ab-1e00-4000-8000-000000000000';
const built = new WeakMap<Table, Map<string, ScanQuery | undefined>>();

function putBack(value: unknown, id: string): unknown {
  if (Array.isArray(value)) return value.map((one) => putBack(one, id));
  return value === standIn ? id : value;
}

/** Undefined where no column of the table can hold one of the terms. */
function buildQuery(target: ScanTarget, terms: readonly string[]): ScanQuery | undefined {
  const params: unknown[] = [...(target.tenantPredicate?.params ?? [])];
  const bind = (value: unknown): string => `$${params.push(value)}`;
  const search = new Search(terms, bind);
  const columns = target.table.columns
    .filter((column) => target.columns.includes(column.name))
    .flatMap((column, at) => search.column(column, at));
  if (columns.length === 0) return undefined;
  const texts = columns.flatMap(({ text }) => (text === undefined ? [] : [text]));
  const sql = `SELECT ${rowKey(target.table)} AS k, ARRAY[${columns.map((_, at) => `v.c${at}`).join(', ')}] AS v
    FROM ${target.table.partitioned ? '' : 'ONLY '}${quoteTable(target.table)} AS t
    ${texts.length === 0 ? '' : `CROSS JOIN LATERAL (SELECT ${texts.join(', ')} OFFSET 0) AS x`}
    CROSS JOIN LATERAL (SELECT ${columns.map(({ candidate }, at) => `${candidate} AS c${at}`).join(', ')} OFFSET 0) AS v
    WHERE num_nonnulls(${columns.map((_, at) => `v.c${at}`).join(', ')}) > 0${target.tenantPredicate === undefined ? '' : ` AND (${target.tenantPredicate.sql})`}`;
  const possible = columns.map((column) => column.possible).join(' OR ');
  const rows = `${target.table.partitioned ? '' : 'ONLY '}${quoteTable(target.table)} AS t`;
  const only = target.tenantPredicate === undefined ? '' : ` WHERE (${target.tenantPredicate.sql})`;
  const precheck = `SELECT coalesce(bool_or(${possible}), false) AS possible FROM ${rows}${only}`;
  return { sql, precheck, params, columns };
}

/** The primary key as text, its parts separated by a comma; where there is none, the place of the row on disk. */
function rowKey(table: Table): string {
  if (table.primaryKey.length === 0) return `t.tableoid::regclass::text || ' ' || t.ctid::text`;
  return `concat_ws(', ', ${table.primaryKey.map((column) => `t.${quoteIdent(column)}::text`).join(', ')})`;
}

/** The terms, sorted by the columns that can hold them, each kind bound once. */
class Search {
  readonly #terms: readonly string[];
  readonly #bind: (value: unknown) => string;
  readonly #bound = new Map<string, string>();

  constructor(terms: readonly string[], bind: (value: unknown) => string) {
    this.#terms = [...new Set(terms)];
    this.#bind = bind;
  }

  /** How to look into a column; empty where it cannot hold a term. */
  column(column: Column, at: number): ScannedColumn[] {
    const name = `t.${quoteIdent(column.name)}`;
    const { kind } = column;
    if (kind === 'text' || kind === 'json' || kind === 'jsonb') return this.#document(column, `d${at}`);
    const list = this.#list(column);
    if (list === undefined) return [];
    if (kind.endsWith('[]')) {
      return [{ column, isArray: true, candidate: elements(name, list), possible: overlaps(name, list) }];
    }
    const possible = `${name} = ANY (${list})`;
    return [{ column, isArray: false, candidate: `CASE WHEN ${possible} THEN ${name}::text END`, possible }];
  }

  #list(column: Column): string | undefined {
    const kind = column.kind.replace('[]', '');
    const speaks = speaksOfModels(column.name);
    if (kind === 'text')
      return this.#once(
        `words ${speaks}`,
        this.#terms.filter((term) => !isNumeric(term) || speaks),
        'text',
      );
    if (kind === 'uuid') return this.#once('uuid', this.#terms.filter(isUuid), 'uuid');
    if (kind === 'integer' && speaks) return this.#once('integer', this.#terms.filter(isInt8), 'bigint');
    return undefined;
  }

  /** `|| ''` takes a long value out of its compressed storage once, and not once per needle. */
  #document(column: Column, alias: string): ScannedColumn[] {
    const conditions = this.#needles(column, `x.${alias}`);
    if (conditions.length === 0) return [];
    const name = `t.${quoteIdent(column.name)}`;
    const text = `(${name}::text || '') COLLATE "C" AS ${alias}`;
    const candidate = `CASE WHEN ${conditions.join(' OR ')} THEN x.${alias} END`;
    const plain = this.#needles(column, `(${name}::text COLLATE "C")`).join(' OR ');
    return [
      { column, isArray: false, text, candidate, possible: `(${this.#filled(column)} AND (${plain}))` },
    ];
  }

  /** Is the value long enough to name anything? Cheaper than to look. An escape is never shorter than what it stands for. */
  #filled(column: Column): string {
    const name = `t.${quoteIdent(column.name)}`;
    if (column.kind === 'jsonb') return `${name} <> '{}'::jsonb`;
    const shortest = Math.min(...this.#terms.map((term) => (needleOf(term) ?? '').length));
    return `octet_length(${name}::text) >= ${Number.isFinite(shortest) ? shortest : 0}`;
  }

  /** Conditions of which one holds wherever the text names a term, in whatever way JSON may have escaped it. */
  #needles(column: Column, text: string): string[] {
    const words = this.#terms.filter((term) => !isNumeric(term));
    const numbers = this.#terms.filter((term) => isNumeric(term));
    const conditions = shortestNeedles(words).map(
      (needle) => `strpos(${text}, ${this.#once(needle, needle, 'text')}) > 0`,
    );
    if (words.length > 0) conditions.push(`(strpos(${text}, '\\u00') > 0 AND ${text} ~* '\\\\u00[2-7]')`);
    if (words.some((term) => needleOf(term) === undefined)) conditions.push(`strpos(${text}, '\\u') > 0`);
    if (numbers.length === 0) return conditions;
    const pattern = this.#once(
      'numbers',
      String.raw`\m(${numbers.map((term) => term.replace('-', '')).join('|')})\M`,
      'text',
    );
    if (speaksOfModels(column.name)) return [...conditions, `${text} ~ ${pattern}`];
    return [...conditions, `(${text} ~* 'model|llm' AND ${text} ~ ${pattern})`];
  }

  #once(name: string, value: string | readonly string[], type: string): string {
    if (value.length === 0) return `NULL::${type}[]`;
    const known = this.#bound.get(`${type} ${name}`);
    const bound = known ?? `${this.#bind(value)}::${type}${typeof value === 'string' ? '' : '[]'}`;
    this.#bound.set(`${type} ${name}`, bound);
    return bound;
  }
}

function overlaps(name: string, list: string): string {
  return `${name}::${list.slice(list.indexOf('::') + 2)} && ${list}`;
}

function elements(name: string, list: string): string {
  const type = list.slice(list.indexOf('::') + 2);
  return `CASE WHEN ${overlaps(name, list)} THEN (SELECT json_agg(DISTINCT e::text) FROM unnest(${name}::${type}) AS e WHERE e = ANY (${list}))::text END`;
}

function isUuid(term: string): boolean {
  return /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(term);
}

function isInt8(term: string): boolean {
  return isNumeric(term) && BigInt.asIntN(64, BigInt(term)) === BigInt(term);
}

/**
 * The longest piece of a term that JSON writes as it is. `openai/gpt-4o` may stand in a document as `openai\/gpt-4o`,
 * so `gpt-4o` is looked for. Undefined where no piece is usable.
 */
function needleOf(term: string): string | undefined {
  const pieces = term.match(/[\w .:@+=,;()[\]{}*#$%!?|~^-]+/g) ?? [];
  const longest = pieces.toSorted((a, b) => b.length - a.length)[0];
  return longest?.trim() === '' ? undefined : longest;
}

/** Needles without those that contain another one, and the whole term where no piece is usable. */
function shortestNeedles(terms: readonly string[]): string[] {
  const needles = [...new Set(terms.map((term) => needleOf(term) ?? term))];
  return needles.filter((needle) => !needles.some((other) => other !== needle && needle.includes(other)));
}
