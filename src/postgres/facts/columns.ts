/**
 * Facts about the scalar places of a table: its rows that name the source, grouped by everything that a plan decides by.
 * One pass over the rows; an index on the reference (and tenant) column serves it. Takes no locks.
 */
import type { ParameterPolicy } from '../../engine/plan/intent.ts';
import type { Column, Table } from '../../engine/catalogue/catalog.ts';
import type { ModelPair } from '../../engine/rules/mapping.ts';
import type { RowName } from '../../engine/plan/plan-types.ts';
import type { StateCode } from '../../engine/plan/place-state.ts';
import type { Owner, RowGroup } from '../../engine/plan/snapshot.ts';
import { findNamedTable } from '../../engine/catalogue/names.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { Binder } from '../sql/binder.ts';
import type { Tx } from '../driver/database.ts';
import { quoteIdent, quoteRows } from '../sql/identifiers.ts';
import { findRowKey, keyExpression, keyHash } from '../sql/keys.ts';
import type { RowKey } from '../sql/keys.ts';
import { columnOf, matchSql } from '../sql/match.ts';
import { deadSql, ownerSql, stateSql, visibleSql } from '../sql/row.ts';
import type { PlaceRow, RowContext } from '../sql/match.ts';

export interface ColumnFactsInput {
  readonly rules: Rules;
  readonly table: Table;
  readonly tenant: string | undefined;
  readonly pair: ModelPair;
  readonly places: readonly PlaceRow[];
  readonly parameters: ParameterPolicy;
  /** Are names of the rows of this group read? */
  readonly sampled: (group: Pick<RowGroup, 'states' | 'owner' | 'dead'>) => boolean;
}

/** Columns beside the references that a move changes, each with the condition that it would really change. */
interface SideColumn {
  readonly name: string;
  readonly changes: string;
}

const sampleSize = 50;
/** Above this many rows a sample is taken as it comes: sorting a million keys to show fifty is not worth it. */
const sortedSampleLimit = 10_000;

/** The kinds of rows of one table that name the source. */
export async function readColumnFacts(tx: Tx, input: ColumnFactsInput): Promise<RowGroup[]> {
  const key = findRowKey(input.rules, input.table);
  const rows = await readGroups(tx, input, key);
  return withSamples(tx, input, { key, rows });
}

interface GroupRow {
  readonly states: (StateCode | null)[];
  readonly owner: Owner;
  readonly dead: boolean;
  readonly rows: number;
  readonly side: number[];
  readonly digest: string | null;
}

async function readGroups(tx: Tx, input: ColumnFactsInput, key: RowKey | undefined): Promise<GroupRow[]> {
  const context = contextOf(input);
  const side = sideColumns(context, input);
  const source = rowsSql(context, { input, key, side, extra: [] });
  const counts = side.map((_, at) => `count(*) FILTER (WHERE r.side[${at + 1}])`);
  const sql = `WITH r AS (${source})
    SELECT r.states, r.owner, r.dead, count(*) AS rows, ARRAY[${counts.join(', ')}]::bigint[] AS side, bit_xor(r.hash)::text AS digest
    FROM r WHERE r.states <> array_fill(NULL::text, ARRAY[${input.places.length}]) GROUP BY r.states, r.owner, r.dead ORDER BY r.states, r.owner, r.dead`;
  return tx.many<GroupRow>(sql, context.binder.values);
}

function contextOf(input: ColumnFactsInput): RowContext {
  return {
    binder: new Binder(),
    rules: input.rules,
    table: input.table,
    tenant: input.tenant,
    pair: input.pair,
  };
}

interface RowsInput {
  readonly input: ColumnFactsInput;
  readonly key: RowKey | undefined;
  readonly side: readonly SideColumn[];
  readonly extra: readonly string[];
}

/** Every row that names the source, with the state of each place, its owner, and what a move would change beside it. */
function rowsSql(context: RowContext, { input, key, side, extra }: RowsInput): string {
  const matches = input.places.map((row) =>
    matchSql(context, { columns: row.place.columns.map((part) => part.column), mappings: row.mappings }),
  );
  const owner = ownerSql(context);
  const states = input.places.map(
    (row, at) =>
      `CASE WHEN ${visible(row, matches[at] ?? 'false', owner)} THEN ${stateSql(context, row)} END`,
  );
  const changes = side.length === 0 ? 'false' : side.map((column) => column.changes).join(' OR ');
  const settings = side.map((column) => `t.${quoteIdent(column.name)}::text`).join(', ');
  const hash = key === undefined ? '0::bigint' : keyHash(key, 't');
  const settled =
    side.length === 0 || key === undefined
      ? hash
      : `CASE WHEN ${changes} THEN hashtextextended(concat_ws(chr(31), ${keyExpression(key, 't')}, ${settings}), 0) ELSE ${hash} END`;
  const columns = [
    `ARRAY[${states.join(', ')}]::text[] AS states`,
    `${owner} AS owner`,
    `${deadSql(context)} AS dead`,
    `ARRAY[${side.map((column) => column.changes).join(', ')}]::boolean[] AS side`,
    `${settled} AS hash`,
    ...extra,
  ];
  return `SELECT ${columns.join(', ')} FROM ${quoteRows(input.table)} t WHERE ${visibleSql(context)} AND (${matches.map((match) => `(${match})`).join(' OR ')})`;
}

/** A name is shared by tenants: another tenant's row that holds it does not name this tenant's model. */
function visible({ place }: PlaceRow, match: string, owner: string): string {
  return place.byKey ? match : `${match} AND ${owner} <> 'other'`;
}

/** Parameters and companions of all places of the table. */
function sideColumns(
  context: RowContext,
  input: Pick<ColumnFactsInput, 'places' | 'parameters'>,
): SideColumn[] {
  const columns = new Map<string, string>();
  for (const { place } of input.places) {
    if (place.parameters !== undefined && input.parameters !== 'keep')
      columns.set(place.parameters, parametersSet(columnOf(context.table, place.parameters)));
    for (const [name, rule] of Object.entries(place.companions)) {
      if (rule !== 'keep')
        columns.set(
          name,
          rule === 'drop' ? `t.${quoteIdent(name)} IS NOT NULL` : mappedSql(context, name, rule.map),
        );
    }
  }
  return [...columns].map(([name, changes]) => ({ name, changes }));
}

/** Are there parameters at all? An empty object and a JSON null are none. jsonb compares as it is, which is far cheaper than as text. */
export function parametersSet(column: Column): string {
  const name = `t.${quoteIdent(column.name)}`;
  if (column.kind === 'jsonb') return `coalesce(${name} <> '{}'::jsonb AND ${name} <> 'null'::jsonb, false)`;
  return `coalesce(${name}::text NOT IN ('{}', 'null'), false)`;
}

function mappedSql({ binder }: RowContext, column: string, map: Readonly<Record<string, string>>): string {
  return `coalesce(t.${quoteIdent(column)}::text = ANY (${binder.bind(Object.keys(map), 'text[]')}), false)`;
}

async function withSamples(
  tx: Tx,
  input: ColumnFactsInput,
  read: { key: RowKey | undefined; rows: readonly GroupRow[] },
): Promise<RowGroup[]> {
  const groups: RowGroup[] = [];
  for (const row of read.rows) {
    const states = Object.fromEntries(
      input.places.flatMap(({ place }, at) => {
        const state = row.states[at] ?? null;
        return state === null ? [] : [[place.id, state]];
      }),
    );
    const context = contextOf(input);
    const side = sideColumns(context, input);
    groups.push({
      states,
      owner: row.owner,
      dead: row.dead,
      rows: row.rows,
      digest: row.digest ?? '',
      occurrences: Object.fromEntries(Object.keys(states).map((id) => [id, row.rows])),
      side: Object.fromEntries(side.map((column, at) => [column.name, row.side[at] ?? 0])),
      sample: input.sampled({ states, owner: row.owner, dead: row.dead })
        ? await readSample(tx, input, { key: read.key, row })
        : [],
    });
  }
  return groups;
}

async function readSample(
  tx: Tx,
  input: ColumnFactsInput,
  { key, row }: { key: RowKey | undefined; row: GroupRow },
): Promise<RowName[]> {
  const context = contextOf(input);
  const extra = [
    `${key === undefined ? `''` : keyExpression(key, 't')}::text AS key`,
    `${displaySql(input.rules, input.table)} AS name`,
  ];
  const source = rowsSql(context, { input, key, side: [], extra });
  const conditions = `r.states IS NOT DISTINCT FROM ${context.binder.bind(row.states, 'text[]')} AND r.owner = ${context.binder.bind(row.owner, 'text')} AND r.dead = ${context.binder.bind(row.dead, 'boolean')}`;
  const order = row.rows <= sortedSampleLimit ? 'ORDER BY 1' : '';
  const rows = await tx.many<{ key: string; name: string | null }>(
    `WITH r AS (${source}) SELECT r.key, r.name FROM r WHERE ${conditions} ${order} LIMIT ${sampleSize}`,
    context.binder.values,
  );
  return rows.map(({ key: text, name }) => ({ key: text, ...(name === null ? {} : { name }) }));
}

/** What a person calls the row. */
export function displaySql(rules: Rules, table: Table): string {
  const entry = Object.entries(rules.config.display ?? {}).find(
    ([name]) => findNamedTable(rules.scope, name)?.id === table.id,
  );
  return entry === undefined ? 'NULL::text' : `t.${quoteIdent(entry[1])}::text`;
}
