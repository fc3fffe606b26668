/** Where models are used, counted for several models at once or listed row by row for one. Computed on demand; nothing is stored. */
import type { ModelNames } from '../../engine/models/model.ts';
import { compareText } from '../../engine/order.ts';
import { DroverError } from '../../errors.ts';
import { firstFetch, nextFetch } from '../driver/cursors.ts';
import type { Tx } from '../driver/database.ts';
import { prepared } from '../driver/question.ts';
import { bind, raw, render, sql } from '../sql/sql.ts';
import { documentRows, tallySql, usageSql } from './rows.ts';
import { Search } from './search.ts';
import type { UsageAsked, UsedTable } from './search.ts';
import type { DocumentValue } from '../../engine/edit/documents.ts';
import type { Place } from '../../engine/rules/place.ts';

/** Rows by what they are: configuration, configuration that is soft-deleted or archived, records of what happened. */
interface UsageCount {
  readonly live: number;
  readonly dead: number;
  readonly history: number;
}

/** By entity type; a row counts once, however often it names the model. */
export type UsageByType = Readonly<Record<string, UsageCount>>;

const batchRows = 500;

/** The usage of each model, in the order of `asked.models`: one statement for all tables. */
export async function countUsage(tx: Tx, asked: Omit<UsageAsked, 'fleet'>): Promise<UsageByType[]> {
  const uses = await countUsageByTenant(tx, asked);
  const byModel = new Map(uses.map(({ model, counts }) => [model, counts]));
  return asked.models.map((_, model) => byModel.get(model) ?? {});
}

interface ModelUsage {
  /** The number of the model among those that were asked for. */
  readonly model: number;
  /** The tenant that uses it, in a fleet; otherwise empty. */
  readonly tenant: string;
  readonly counts: UsageByType;
}

/** The usage of each model by each tenant of a fleet that uses it; all tables are asked by one statement. */
export async function countUsageByTenant(tx: Tx, asked: UsageAsked): Promise<ModelUsage[]> {
  const search = new Search(asked);
  const { tables } = search.shape;
  if (tables.length === 0) return [];
  const tally = new UsageTally(search);
  const bySource = Map.groupBy(await readTally(tx, search), ({ source }) => source);
  for (const [source, used] of tables.entries()) {
    const rows = bySource.get(source) ?? [];
    const read = rows.filter(({ texts }) => texts !== null);
    // More documents than are read at once, and large ones, are read again, a batch at a time.
    const isLarge = used.documents.length > 0 && read.some(({ texts }) => texts?.length === 0);
    const tooMany = isLarge || read.reduce((sum, row) => sum + row.rows, 0) > batchRows;
    for (const row of rows) if (row.texts === null || !tooMany) tally.add(used, row, row.rows);
    if (tooMany) await addDocuments(tx, search, { used, tally });
  }
  return tally.usages();
}

/** What the statement of `tallySql` gives: rows that are alike. */
type TallyRow = UsageRow & { readonly source: number; readonly rows: number };

/** Kept for one tenant: planning a dozen tables takes longer than to look into them. */
function readTally(tx: Tx, search: Search): Promise<TallyRow[]> {
  const { shape } = search;
  const tally = shape.statements.get('tally') ?? render(tallySql(shape, batchRows + 1));
  shape.statements.set('tally', tally);
  const { text, params } = search.fill(tally);
  return tx.many<TallyRow>(shape.whose === 'tenant' ? prepared(text) : text, params);
}

function addDocuments(
  tx: Tx,
  search: Search,
  { used, tally }: { readonly used: UsedTable; readonly tally: UsageTally },
): Promise<void> {
  const { text, params } = search.fill(documentRows(search.shape, used));
  return tx.batches<UsageRow>({ sql: text, params, size: firstFetch }, (batch) => {
    for (const row of batch) tally.add(used, row, 1);
    return Promise.resolve(
      nextFetch(batch, ({ texts }) => (texts ?? []).reduce((size, one) => size + (one?.length ?? 0), 0)),
    );
  });
}

const none: UsageCount = { live: 0, dead: 0, history: 0 };

/** Counts by model and tenant. */
class UsageTally {
  readonly #search: Search;
  readonly #usages = new Map<string, Omit<ModelUsage, 'counts'> & { counts: Map<string, UsageCount> }>();

  constructor(search: Search) {
    this.#search = search;
  }

  add(used: UsedTable, row: UsageRow, rows: number): void {
    const { tenant } = row;
    for (const [model, state] of statesOf(hitsOf(this.#search, used, row), row.dead)) {
      const id = `${model} ${tenant}`;
      const usage = this.#usages.get(id) ?? { model, tenant, counts: new Map() };
      const count = usage.counts.get(used.entity) ?? none;
      usage.counts.set(used.entity, { ...count, [state]: count[state] + rows });
      this.#usages.set(id, usage);
    }
  }

  usages(): ModelUsage[] {
    return [...this.#usages.values()].map(({ counts, ...one }) => ({
      ...one,
      counts: Object.fromEntries(counts),
    }));
  }
}

/** A row is live where one of its places is. */
function statesOf(hits: readonly Hit[], dead: boolean): Map<number, keyof UsageCount> {
  const states = new Map<number, keyof UsageCount>();
  for (const { model, live } of hits) {
    if (live) states.set(model, dead ? 'dead' : 'live');
    else if (!states.has(model)) states.set(model, 'history');
  }
  return states;
}

/** A row that names the model. */
export interface Use {
  readonly type: string;
  /** The table, as the catalogue calls it. */
  readonly table: string;
  /** The key of the row; a key of several columns as a JSON list, without the tenant. */
  readonly key: string;
  readonly name: string | null;
  readonly state: keyof UsageCount;
  readonly places: readonly string[];
}

export interface UseQuery {
  readonly model: ModelNames;
  readonly limit: number;
  /** Go on after this row. */
  readonly after?: Pick<Use, 'table' | 'key'>;
  readonly types?: readonly string[];
  readonly state?: keyof UsageCount;
}

/** The rows that name one model, by table and key, at most `limit` of them. @throws ENTITY_TYPE_UNKNOWN */
export async function listUses(
  tx: Tx,
  scope: Pick<UsageAsked, 'rules' | 'tenant'>,
  query: UseQuery,
): Promise<Use[]> {
  const search = new Search({ ...scope, models: [query.model] });
  const { tables } = search.shape;
  const uses: Use[] = [];
  checkTypes(tables, query.types ?? []);
  for (const used of tables) {
    const first = query.after;
    if (query.types?.includes(used.entity) === false || (first && used.table.id < first.table)) continue;
    const after = first?.table === used.table.id ? first.key : undefined;
    const rest = { ...query, limit: query.limit - uses.length };
    uses.push(...(await usesOf(tx, search, { used, query: rest, after })));
    if (uses.length >= query.limit) break;
  }
  return uses;
}

/** Nothing found must not be what a mistyped type looks like. */
function checkTypes(tables: readonly UsedTable[], asked: readonly string[]): void {
  const types = [...new Set(tables.map(({ entity }) => entity))].toSorted(compareText);
  const wrong = asked.filter((type) => !types.includes(type));
  if (wrong.length === 0) return;
  const what = `Unknown entity type ${wrong.map((type) => `"${type}"`).join(', ')}`;
  throw new DroverError('ENTITY_TYPE_UNKNOWN', `${what}; there are: ${types.join(', ')}.`, { wrong, types });
}

interface TableQuery {
  readonly used: UsedTable;
  readonly query: UseQuery;
  readonly after: string | undefined;
}

/** A document that only seems to name the model is read and left out, so that a page may take several statements. */
async function usesOf(tx: Tx, search: Search, { used, query, after }: TableQuery): Promise<Use[]> {
  const uses: Use[] = [];
  for (let last = after; ;) {
    const rows = await readKeyed(tx, search, { used, query, after: last });
    uses.push(...rows.flatMap((row) => useOf(search, used, row)).filter((use) => isAsked(query, use)));
    last = rows.at(-1)?.key;
    if (rows.length < batchRows || last === undefined || uses.length >= query.limit)
      return uses.slice(0, query.limit);
  }
}

function isAsked({ state }: UseQuery, use: Use): boolean {
  return state === undefined || use.state === state;
}

type KeyedRow = UsageRow & { readonly key: string; readonly name: string | null };

function readKeyed(tx: Tx, search: Search, { used, after }: TableQuery): Promise<KeyedRow[]> {
  const { key, name, columns, from } = usageSql(search.shape, used);
  const ordered = sql`${key} COLLATE "C"`;
  const later = after === undefined ? raw('') : sql` AND ${ordered} > ${bind(after, 'text')}`;
  const { text, params } = search.fill(
    sql`SELECT ${key} AS key, ${name} AS name, ${columns} FROM ${from}${later} ORDER BY ${ordered} LIMIT ${raw(String(batchRows))}`,
  );
  return tx.many<KeyedRow>(text, params);
}

function useOf(search: Search, used: UsedTable, row: KeyedRow): Use[] {
  const hits = hitsOf(search, used, row);
  const [state] = statesOf(hits, row.dead).values();
  if (state === undefined) return [];
  const places = [...new Set(hits.map(({ place }) => place.id))];
  return [{ type: used.entity, table: used.table.id, key: row.key, name: row.name, state, places }];
}

/** A row that may name models. */
interface UsageRow {
  /** In a fleet; otherwise empty. */
  readonly tenant: string;
  /** The values of all columns of the scalar places, one place after the other. */
  readonly tuples: readonly (string | null)[];
  /** Of the scalar places, then of the documents; null where the row is of another place of that column. */
  readonly live: readonly (boolean | null)[];
  readonly dead: boolean;
  /** Of the documents; null where none of them can name a model. */
  readonly texts: readonly (string | null)[] | null;
  readonly elements: readonly (readonly (string | null)[] | null)[] | null;
  readonly alike: readonly DocumentValue['alike'][] | null;
}

/** A model, by its number, named in a place of a row. */
interface Hit {
  readonly model: number;
  readonly place: Place;
  readonly live: boolean;
}

/** Which models a row names, and where. */
function hitsOf(search: Search, used: UsedTable, row: UsageRow): Hit[] {
  const { models, fleet } = search.asked;
  const all = [...scalarHits(search, used, row), ...documentHits(search, used, row)];
  // A name means another row in each tenant; a model of everybody is the same for all.
  const isTheirs = (owner: string | null | undefined): boolean => owner === null || owner === row.tenant;
  return fleet === undefined ? all : all.filter(({ model }) => isTheirs(models.at(model)?.tenant));
}

function scalarHits(search: Search, { scalars }: UsedTable, { tuples, live }: UsageRow): Hit[] {
  let from = 0;
  return scalars.flatMap((used, at) => {
    const { place } = used;
    const tuple = tuples.slice(from, (from += place.columns.length));
    if (live[at] === null) return [];
    const models = search.sought(used).meant(tuple);
    return models.map((model) => ({ model, place, live: live[at] === true }));
  });
}

function documentHits(search: Search, { scalars, documents }: UsedTable, row: UsageRow): Hit[] {
  return documents.flatMap((used, at) => {
    const text = row.texts?.[at] ?? null;
    if (text === null || row.live[scalars.length + at] === null) return [];
    const { place } = used;
    const models = search.sought(used).namedIn(place, {
      text,
      elements: row.elements?.[at] ?? null,
      alike: row.alike?.[at] ?? null,
    });
    return models.map((model) => ({ model, place, live: row.live[scalars.length + at] === true }));
  });
}
