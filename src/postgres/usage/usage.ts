/** Where models are used, counted for several models at once or listed row by row for one. Computed on demand; nothing is stored. */
import type { ModelFacts } from '../../engine/models/model.ts';
import { compareText } from '../../engine/order.ts';
import { DroverError } from '../../errors.ts';
import { readBatches } from '../driver/cursors.ts';
import type { BatchQuery, Tx } from '../driver/database.ts';
import { many, type Question } from '../driver/question.ts';
import { bind, raw, sql } from '../sql/sql.ts';
import { hitsOf, usageSql, usedTables } from './rows.ts';
import type { Hit, UsageAsked, UsageRow, UsedTable } from './rows.ts';

/** Rows by what they are: configuration, configuration that is soft-deleted or archived, records of what happened. */
interface UsageCount {
  readonly live: number;
  readonly dead: number;
  readonly history: number;
}

/** By entity type; a row counts once, however often it names the model. */
export type UsageByType = Readonly<Record<string, UsageCount>>;

const batchRows = 500;

/** The usage of each model, in the order of `asked.models`. */
export async function countUsage(tx: Tx, asked: Omit<UsageAsked, 'fleet'>): Promise<UsageByType[]> {
  const uses = await countUsageByTenant(tx, asked);
  const byModel = new Map(uses.map(({ model, counts }) => [model, counts]));
  return asked.models.map((_, model) => byModel.get(model) ?? {});
}

export interface ModelUsage {
  /** The number of the model among those that were asked for. */
  readonly model: number;
  /** The tenant that uses it, in a fleet; otherwise empty. */
  readonly tenant: string;
  readonly counts: UsageByType;
}

/** The usage of each model by each tenant of a fleet that uses it. */
export async function countUsageByTenant(tx: Tx, asked: UsageAsked): Promise<ModelUsage[]> {
  const found = new Map<string, ModelUsage & { counts: Record<string, UsageCount> }>();
  for (const { used, tallies } of await tallyTables(tx, asked))
    for (const { model, tenant, count } of tallies.values()) {
      const { entity } = used;
      const id = `${model} ${tenant}`;
      const usage = found.get(id) ?? { model, tenant, counts: {} };
      const { live, dead, history } = usage.counts[entity] ?? none;
      usage.counts[entity] = {
        live: live + count.live,
        dead: dead + count.dead,
        history: history + count.history,
      };
      found.set(id, usage);
    }
  return [...found.values()];
}

interface Tally {
  readonly model: number;
  readonly tenant: string;
  readonly count: UsageCount;
}

const none: UsageCount = { live: 0, dead: 0, history: 0 };

/** What was counted in one table, by model and tenant. */
class TableTally {
  readonly used: UsedTable;
  readonly tallies = new Map<string, Tally>();
  readonly #asked: UsageAsked;

  constructor(asked: UsageAsked, used: UsedTable) {
    this.#asked = asked;
    this.used = used;
  }

  add(row: UsageRow, rows: number): void {
    for (const [model, state] of statesOf(hitsOf(this.#asked, this.used, row), row.dead)) {
      const id = `${model} ${row.tenant}`;
      const { count } = this.tallies.get(id) ?? { count: none };
      this.tallies.set(id, { model, tenant: row.tenant, count: { ...count, [state]: count[state] + rows } });
    }
  }
}

/** All tables together: two messages and one for each further batch, however many tables there are. */
async function tallyTables(tx: Tx, asked: UsageAsked): Promise<TableTally[]> {
  const tables = usedTables(asked).map((used) => new TableTally(asked, used));
  const counted = tables.filter(({ used }) => used.documents.length === 0);
  const read = tables.filter(({ used }) => used.documents.length > 0);
  const groups = await tx.together(counted.map(({ used }) => countGroups(asked, used)));
  for (const [at, table] of counted.entries())
    for (const group of groups[at] ?? []) table.add(group, group.rows);
  const queries = read.map(({ used }) => rowsQuery(asked, used));
  await readBatches<UsageRow>(tx, queries, (rows, at) => {
    for (const row of rows) read[at]?.add(row, 1);
    return Promise.resolve(batchRows);
  });
  return tables;
}

/** Rows that are alike are counted by the database. */
function countGroups(asked: UsageAsked, used: UsedTable): Question<(UsageRow & { rows: number })[]> {
  const { columns, from } = usageSql(asked, used);
  return many(
    sql`SELECT r.*, count(*)::int AS rows FROM (SELECT ${columns} FROM ${from}) r GROUP BY tenant, tuples, live, dead, texts, elements`,
  );
}

/** Documents differ and are read. */
function rowsQuery(asked: UsageAsked, used: UsedTable): BatchQuery {
  const { columns, from } = usageSql(asked, used);
  return { sql: sql`SELECT ${columns} FROM ${from}`, size: batchRows };
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
  readonly model: ModelFacts;
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
  const asked = { ...scope, models: [query.model] };
  const uses: Use[] = [];
  const tables = usedTables(asked);
  checkTypes(tables, query.types ?? []);
  for (const used of tables) {
    const first = query.after;
    if (query.types?.includes(used.entity) === false || (first && used.table.id < first.table)) continue;
    const after = first?.table === used.table.id ? first.key : undefined;
    uses.push(
      ...(await usesOf(tx, asked, { used, query: { ...query, limit: query.limit - uses.length }, after })),
    );
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
async function usesOf(tx: Tx, asked: UsageAsked, { used, query, after }: TableQuery): Promise<Use[]> {
  const uses: Use[] = [];
  for (let last = after; ;) {
    const rows = await readKeyed(tx, asked, { used, query, after: last });
    uses.push(...rows.flatMap((row) => useOf(asked, used, row)).filter((use) => isAsked(query, use)));
    last = rows.at(-1)?.key;
    if (rows.length < batchRows || last === undefined || uses.length >= query.limit)
      return uses.slice(0, query.limit);
  }
}

function isAsked({ state }: UseQuery, use: Use): boolean {
  return state === undefined || use.state === state;
}

type KeyedRow = UsageRow & { readonly key: string; readonly name: string | null };

function readKeyed(tx: Tx, asked: UsageAsked, { used, after }: TableQuery): Promise<KeyedRow[]> {
  const { key, name, columns, from } = usageSql(asked, used);
  const ordered = sql`${key} COLLATE "C"`;
  const later = after === undefined ? raw('') : sql` AND ${ordered} > ${bind(after, 'text')}`;
  return tx.many<KeyedRow>(
    sql`SELECT ${key} AS key, ${name} AS name, ${columns} FROM ${from}${later} ORDER BY ${ordered} LIMIT ${raw(String(batchRows))}`,
  );
}

function useOf(asked: UsageAsked, { table, entity, ...used }: UsedTable, row: KeyedRow): Use[] {
  const hits = hitsOf(asked, { table, entity, ...used }, row);
  const [state] = statesOf(hits, row.dead).values();
  if (state === undefined) return [];
  const places = [...new Set(hits.map(({ place }) => place.id))];
  return [{ type: entity, table: table.id, key: row.key, name: row.name, state, places }];
}
