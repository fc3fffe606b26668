/**
 * Facts about the scalar places of a table, and about places in documents of which SQL knows the way: the rows that name the source,
 * grouped by everything that a plan decides by.
 * One pass over the rows; an index on the reference (and tenant) column serves it. Takes no locks.
 */
import { askEach } from '../driver/members.ts';
import type { StateCode } from '../../engine/plan/place-state.ts';
import type { Column, Table } from '../../engine/catalogue/catalog.ts';
import type { ParameterPolicy } from '../../engine/plan/intent.ts';
import type { RowName } from '../../engine/plan/plan-types.ts';
import type { Owner, RowGroup } from '../../engine/plan/snapshot.ts';
import type { Place } from '../../engine/rules/place.ts';
import { isSharedRows } from '../../engine/tenant.ts';
import type { Tx } from '../driver/database.ts';
import { columnOf } from '../sql/cast.ts';
import { findRowKey, keyExpression, keyHash, rowName } from '../sql/keys.ts';
import type { RowKey } from '../sql/keys.ts';
import { namesSource } from '../sql/direct.ts';
import { hashSql as ofDocument } from '../sql/document.ts';
import type { PlaceRow, RowContext } from '../sql/match.ts';
import { concernedSql, ownerSql, severalOwnersSql } from '../sql/row.ts';
import { deadSql, stateSql } from '../sql/state.ts';
import { allOf, anyOf, bind, column, each, list, raw, rowsOf, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import { readAs } from '../driver/question.ts';
import type { Question } from '../driver/question.ts';
import { placeRow, rowContext } from './member.ts';
import type { Batch, Member } from './member.ts';
import { displaySql, rowNameOf } from '../sql/row-names.ts';
import type { NamedRow } from '../sql/row-names.ts';

interface ColumnFactsInput extends Batch {
  readonly table: Table;
  /** The column with the documents, where the places are in small ones. All of them are direct. */
  readonly column: string | undefined;
  readonly places: readonly Place[];
  readonly parameters: ParameterPolicy;
  /** Are names of the rows of this group read? */
  readonly sampled: (group: Pick<RowGroup, 'states' | 'owner' | 'dead'>) => boolean;
}

const sampleSize = 50;
/** Above this many rows a sample is taken as it comes: sorting a million keys to show fifty is not worth it. */
const sortedSampleLimit = 10_000;

/** The kinds of rows of each table that name the source, for each of its members. All tables are asked together. */
export async function readColumnFacts(tx: Tx, inputs: readonly ColumnFactsInput[]): Promise<RowGroup[][][]> {
  const asked = inputs.map((input) => ({ input, asked: ask(input, input.members) }));
  const found = await tx.together(
    asked.map((one) => askEach<GroupRow>(one.input.members.length, groupsSql(one.asked))),
  );
  const groups = asked.map((one, at) =>
    (found[at] ?? []).map((rows) => rows.map((row) => groupOf(one.asked, row))),
  );
  const samples = await readSamples(tx, inputs, groups);
  return groups.map((table) =>
    table.map((own) =>
      own.map((group) => {
        const { codes: _codes, ...rest } = group;
        return { ...rest, sample: samples.get(group) ?? [] };
      }),
    ),
  );
}

interface GroupRow {
  readonly states: (StateCode | null)[];
  readonly owner: Owner;
  readonly dead: boolean;
  readonly rows: number;
  readonly side: number[];
  readonly digest: string | null;
}

/** What a statement about the rows of the table is built from. */
interface StatementInput {
  readonly context: RowContext;
  readonly column: string | undefined;
  readonly rows: readonly PlaceRow[];
  readonly key: RowKey | undefined;
  readonly side: readonly SideColumn[];
}

/** Columns beside the references that a move changes, each with the condition that it would really change. */
interface SideColumn {
  readonly name: string;
  readonly changes: Sql;
}

function ask(input: ColumnFactsInput, members: readonly Member[]): StatementInput {
  const { rules, table, column: documents, places } = input;
  return {
    context: rowContext(rules, table, members),
    column: documents,
    rows: places.map((place) => placeRow(rules, place, members)),
    key: findRowKey(rules, table),
    side: documents === undefined ? sideColumns(input) : [],
  };
}

function groupsSql(asked: StatementInput): Sql {
  const counts = list(asked.side.map((_, at) => raw(`count(*) FILTER (WHERE r.side${at})`)));
  const states = stateColumns(asked);
  return sql`WITH r AS (${rowsSql(asked)})
    SELECT ${statesSql(asked)} AS states, r.owner, r.dead, count(*) AS rows, ARRAY[${counts}]::bigint[] AS side,
      bit_xor(r.hash)::text AS digest
    FROM r WHERE ${anyOf(states.map((state) => sql`${state} IS NOT NULL`))}
    GROUP BY ${list(states)}, r.owner, r.dead ORDER BY states, r.owner, r.dead`;
}

/** One for each place: a list of them would be compared for each row. */
function stateColumns({ rows }: StatementInput): Sql[] {
  return rows.map((_, at) => raw(`r.state${at}`));
}

function statesSql(asked: StatementInput): Sql {
  return sql`ARRAY[${list(stateColumns(asked))}]::text[]`;
}

/** Every row that names the source, with the state of each place, its owner, and what a move would change beside it. */
function rowsSql(asked: StatementInput, extra: readonly Sql[] = []): Sql {
  const { context, rows, side } = asked;
  const matches = rows.map((row) => namesSource(context, row));
  const owner = ownerSql(context);
  const states = rows.map((row, at) => {
    const match = matches[at] ?? raw('false');
    // A name is shared by tenants: another tenant's row that holds it does not name this tenant's model.
    const named =
      row.place.byKey || isSharedRows(context.tenants?.[0]) ? match : sql`${match} AND ${owner} <> 'other'`;
    return sql`CASE WHEN ${named} THEN ${stateSql(context, row)} END AS ${raw(`state${at}`)}`;
  });
  const columns = [
    ...states,
    sql`${owner} AS owner`,
    sql`${deadSql(context)} AS dead`,
    ...side.map(({ changes }, at) => sql`${changes} AS ${raw(`side${at}`)}`),
    sql`${hashSql(asked)} AS hash`,
    ...extra,
  ];
  return sql`SELECT ${list(columns)} FROM ${rowsOf(context.table)} t
    WHERE ${concernedSql(
      context,
      rows.map(({ place }) => place),
    )} AND (${anyOf(matches.map((match) => sql`(${match})`))})`;
}

/** Of the key, and of the settings where they would change; of a document, of all of it. */
function hashSql({
  context,
  column: documents,
  key,
  side,
}: Pick<StatementInput, 'context' | 'column' | 'key' | 'side'>): Sql {
  if (documents !== undefined) {
    const { rules, table } = context;
    const held = { own: columnOf(table, documents), value: column('t', documents) };
    return ofDocument(rowName(rules, table), held);
  }
  const hash = key === undefined ? raw('0::bigint') : keyHash(key);
  if (side.length === 0 || key === undefined) return hash;
  const settings = list([
    keyExpression(key, 't'),
    ...side.map(({ name }) => sql`${column('t', name)}::text`),
  ]);
  const changes = anyOf(side.map((one) => one.changes));
  return sql`CASE WHEN ${changes} THEN hashtextextended(concat_ws(chr(31), ${settings}), 0) ELSE ${hash} END`;
}

/** Parameters and companions of all places of the table. */
function sideColumns({ table, places, parameters }: ColumnFactsInput): SideColumn[] {
  const columns = new Map<string, Sql>();
  for (const place of places) {
    if (place.parameters !== undefined && parameters !== 'keep')
      columns.set(place.parameters, parametersChange(columnOf(table, place.parameters), place, parameters));
    for (const [name, rule] of Object.entries(place.companions))
      if (rule !== 'keep')
        columns.set(
          name,
          rule === 'drop' ? sql`${column('t', name)} IS NOT NULL` : mappedSql(name, rule.map),
        );
  }
  return [...columns].map(([name, changes]) => ({ name, changes }));
}

/** May a move change the parameters? A reset also gives an empty document to a row that has none. */
export function parametersChange(
  held: Column,
  { empty }: Pick<Place, 'empty'>,
  policy: ParameterPolicy,
): Sql {
  const set = parametersSet(held);
  const fills = policy === 'reset' && empty !== null && !held.notNull;
  return fills ? sql`(${column('t', held.name)} IS NULL OR ${set})` : set;
}

/** Are there parameters at all? An empty object and a JSON null are none. jsonb compares as it is, which is far cheaper than as text. */
function parametersSet({ name, kind }: Column): Sql {
  const value = column('t', name);
  if (kind === 'jsonb') return sql`coalesce(${value} <> '{}'::jsonb AND ${value} <> 'null'::jsonb, false)`;
  return sql`coalesce(${value}::text NOT IN ('{}', 'null'), false)`;
}

function mappedSql(name: string, map: Readonly<Record<string, string>>): Sql {
  return sql`coalesce(${column('t', name)}::text = ANY (${bind(Object.keys(map), 'text[]')}), false)`;
}

function groupOf(
  { rows, side }: StatementInput,
  row: GroupRow,
): RowGroup & { readonly codes: GroupRow['states'] } {
  const states = Object.fromEntries(
    rows.flatMap(({ place }, at) => {
      const state = row.states[at] ?? null;
      return state === null ? [] : [[place.id, state]];
    }),
  );
  return {
    states,
    owner: row.owner,
    dead: row.dead,
    rows: row.rows,
    digest: row.digest ?? '',
    occurrences: Object.fromEntries(Object.keys(states).map((id) => [id, row.rows])),
    side: Object.fromEntries(side.map(({ name }, at) => [name, row.side[at] ?? 0])),
    sample: [],
    codes: row.states,
  };
}

type Coded = ReturnType<typeof groupOf>;

/** A group of rows of one member. */
interface SampledGroup {
  readonly member: Member;
  readonly group: Coded;
}

/** The names of rows of the groups that are sampled. */
async function readSamples(
  tx: Tx,
  inputs: readonly ColumnFactsInput[],
  groups: readonly (readonly (readonly Coded[])[])[],
): Promise<Map<Coded, RowName[]>> {
  const asked = inputs.flatMap((input, number) => {
    const wanted = (groups[number] ?? []).flatMap((own, at) => {
      const member = input.members[at];
      return member === undefined
        ? []
        : own.filter((group) => input.sampled(group)).map((group): SampledGroup => ({ member, group }));
    });
    const small = wanted.filter(({ group }) => group.rows <= sortedSampleLimit);
    const large = wanted.filter(({ group }) => group.rows > sortedSampleLimit);
    return [
      { input, some: small, sorted: true },
      { input, some: large, sorted: false },
    ].filter(({ some }) => some.length > 0);
  });
  const names = await tx.together(asked.map(sampleQuestion));
  const samples = new Map<Coded, RowName[]>();
  for (const [at, { some }] of asked.entries())
    for (const [number, { group }] of some.entries()) samples.set(group, names[at]?.[number] ?? []);
  return samples;
}

interface SampleInput {
  readonly input: ColumnFactsInput;
  readonly some: readonly SampledGroup[];
  readonly sorted: boolean;
}

function sampleQuestion({ input, some, sorted }: SampleInput): Question<RowName[][]> {
  const asked = ask(
    input,
    some.map(({ member }) => member),
  );
  const key = asked.key === undefined ? raw(`''`) : keyExpression(asked.key, 't');
  const named = [
    sql`${key}::text AS key`,
    sql`${displaySql(input.rules, input.table)} AS name`,
    sql`${severalOwnersSql(asked.context)} AS owners`,
  ];
  const of = (what: (group: Coded) => unknown, type: string): Sql =>
    each(
      some.map(({ group }) => what(group)),
      type,
    );
  const conditions = allOf([
    sql`${statesSql(asked)} IS NOT DISTINCT FROM ${of(({ codes }) => codes, 'text[]')}`,
    sql`r.owner = ${of(({ owner }) => owner, 'text')}`,
    sql`r.dead = ${of(({ dead }) => dead, 'boolean')}`,
  ]);
  const rows = sql`WITH r AS (${rowsSql({ ...asked, side: [] }, named)})
    SELECT r.key, r.name, r.owners FROM r WHERE ${conditions}${raw(sorted ? ' ORDER BY 1' : '')} LIMIT ${raw(String(sampleSize))}`;
  return readAs(askEach<NamedRow>(some.length, rows), (found) => found.map((own) => own.map(rowNameOf)));
}
