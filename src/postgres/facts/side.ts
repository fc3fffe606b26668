/** Facts beside the places: parameter documents to translate, grants that moved rows need, rows that a merge would orphan. */
import { everyMember, askEach } from '../driver/members.ts';
import type { Table } from '../../engine/catalogue/catalog.ts';
import { mergingStates, movingStates } from '../../engine/plan/decide.ts';
import type { Demand, NeededGrant, ParameterDocuments, PlaceGroup } from '../../engine/plan/snapshot.ts';
import { stateFromCode } from '../../engine/plan/place-state.ts';
import type { Place } from '../../engine/rules/place.ts';
import { tableOf } from '../../engine/rules/references.ts';
import { inOrder, readAs } from '../driver/question.ts';
import type { Question } from '../driver/question.ts';
import { columnOf } from '../sql/cast.ts';
import { columnsOf, placeMatches, tupleEquals } from '../sql/match.ts';
import type { PlaceRow, RowContext } from '../sql/match.ts';
import { hasStates, mineSql, stateSql } from '../sql/row.ts';
import { allOf, anyOf, bind, column, list, raw, rowsOf, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import type { Tx } from '../driver/database.ts';
import { parametersChange } from './columns.ts';
import { placeRow, rowContext } from './member.ts';
import type { Batch, Member } from './member.ts';

/** What is beside the places of one member. */
export interface SideFacts {
  readonly parameters: ParameterDocuments[];
  readonly grants: NeededGrant[];
  readonly dependents: Record<string, number>;
  readonly demands: Demand[];
}

export interface SideInput extends Batch {
  /** Of each member. */
  readonly groups: readonly (readonly PlaceGroup[])[];
}

/** For each member. Parameters are read only where they are translated, grants only for narrowed plans. All is asked together. */
export function sideFacts(input: SideInput): Question<SideFacts[]> {
  const facts = input.members.map((): SideFacts => ({
    parameters: [],
    grants: [],
    dependents: {},
    demands: [],
  }));
  const used = placesInUse(input);
  const questions = used.flatMap((one) => [
    ...parametersOf(one, facts),
    ...grantsOf(input, { one, used }, facts),
    ...dependentsOf(input, one, facts),
    ...demandsOf(one, facts),
  ]);
  return readAs(inOrder(questions), () => facts);
}

/** A scalar place with the members that have rows on the source there. */
interface Used {
  readonly place: Place;
  readonly at: readonly number[];
  readonly context: RowContext;
  readonly row: PlaceRow;
  readonly members: readonly Member[];
}

function placesInUse(input: SideInput): Used[] {
  const { rules, members, groups } = input;
  const scalar = (groups[0] ?? []).filter(({ carrier }) => carrier === 'columns');
  return scalar.flatMap(({ table, places }) => {
    const at = [...members.keys()].filter((member) => isInUse(groups[member], places[0]));
    return at.length === 0
      ? []
      : places.flatMap((id) => usedPlace({ rules, members }, { id, table: tableOf(rules, table), at }));
  });
}

function isInUse(groups: readonly PlaceGroup[] | undefined, place: string | undefined): boolean {
  return groups?.some(({ places, groups: rows }) => places[0] === place && rows.length > 0) === true;
}

function usedPlace(
  { rules, members }: Batch,
  { id, table, at }: { id: string; table: Table; at: readonly number[] },
): Used[] {
  const some = everyMember(at.map((number) => members[number]));
  return rules.places
    .filter((place) => place.id === id)
    .map((place) => ({
      place,
      at,
      members: some,
      context: rowContext(rules, table, some),
      row: placeRow(rules, place, some),
    }));
}

/** Rows of the tenant that name the source there. */
function mineOnSource({ context, row }: Used): Sql {
  return sql`${placeMatches(context, row)} AND ${mineSql(context)}`;
}

/** Asks for the members that use the place, and hands the rows of each to `add`. */
function addEach<R extends object>(
  used: Pick<Used, 'at'>,
  select: Sql,
  add: (member: number, rows: R[]) => void,
): Question<void> {
  return readAs(askEach<R>(used.at.length, select), (rows) => {
    for (const [number, member] of used.at.entries()) add(member, rows[number] ?? []);
  });
}

/**
 * Distinct parameters of this tenant's rows that move, where they are translated, or where not all of the document is reset. Their
 * number is small where people choose from a form.
 */
function parametersOf(used: Used, facts: readonly SideFacts[]): Question<void>[] {
  return isRead(used)
    ? [
        addEach(used, documentsSql(used), (member, rows: ParameterRow[]) => {
          facts[member]?.parameters.push(documentsOf(used, rows));
        }),
      ]
    : [];
}

interface ParameterRow {
  readonly text: string | null;
  readonly rows: number;
}

function isRead({ place, members }: Used): boolean {
  const policy = members[0]?.intent.parameters ?? 'keep';
  if (place.parameters === undefined || policy === 'keep') return false;
  return policy === 'translate' || place.parameterMembers === 'known';
}

function documentsSql(used: Used): Sql {
  const { context, place, row, members } = used;
  const held = columnOf(context.table, place.parameters ?? '');
  const value = column('t', held.name);
  const [first] = members;
  const states = first === undefined ? [] : movingStates(first.intent, place);
  const moves = hasStates(context, row)
    ? [sql`(${stateSql(context, row)}) = ANY (${bind(states, 'text[]')})`]
    : [];
  const changes = parametersChange(held, place, first?.intent.parameters ?? 'keep');
  return sql`SELECT ${value}::text AS text, count(*) AS rows FROM ${rowsOf(context.table)} t
    WHERE ${allOf([mineOnSource(used), ...moves, changes])} GROUP BY 1 ORDER BY 1`;
}

function documentsOf({ place, context }: Used, rows: readonly ParameterRow[]): ParameterDocuments {
  const documents = rows.flatMap(({ text, rows: count }) => (text === null ? [] : [{ text, rows: count }]));
  const unset = rows.find(({ text }) => text === null)?.rows ?? 0;
  return { place: place.id, table: context.table.id, column: place.parameters ?? '', unset, documents };
}

/** The documents as they are now, for each member: a step may have changed what else they hold. */
export async function readParameters(
  tx: Tx,
  { rules, members }: Batch,
  id: string,
): Promise<ParameterDocuments[]> {
  const place = rules.places.find((one) => one.id === id);
  const at = [...members.keys()];
  const [used] =
    place === undefined ? [] : usedPlace({ rules, members }, { id, table: tableOf(rules, place.table), at });
  if (used === undefined) return [];
  const found = await tx.ask(askEach<ParameterRow>(members.length, documentsSql(used)));
  return found.map((rows) => documentsOf(used, rows));
}

/** Scopes where the source is granted, the target is not, and a row that will move needs it. Only asked for narrowed plans. */
function grantsOf(
  input: SideInput,
  { one, used }: { readonly one: Used; readonly used: readonly Used[] },
  facts: readonly SideFacts[],
): Question<void>[] {
  const entityTypes = one.members[0]?.intent.entityTypes;
  const { enables, entity, id } = one.place;
  if (entityTypes === undefined || enables === undefined || !entityTypes.includes(entity)) return [];
  const granting = used.find(({ place }) => place.id === enables.grant);
  const at = one.at.filter((member) => granting?.at.includes(member) === true);
  if (granting === undefined || at.length === 0) return [];
  const about = (other: Used): Used[] =>
    usedPlace(input, { id: other.place.id, table: other.context.table, at });
  const [[needing], [grant]] = [about(one), about(granting)];
  if (needing === undefined || grant === undefined) return [];
  return [
    addEach<{ scope: string }>(needing, scopesSql(needing, grant, enables.via), (member, rows) => {
      const scopes = rows.map(({ scope }) => scope);
      if (scopes.length > 0)
        facts[member]?.grants.push({ place: id, grant: grant.place.id, via: enables.via, scopes });
    }),
  ];
}

function scopesSql(used: Used, grant: Used, via: string): Sql {
  const { context, row } = used;
  const rows = rowsOf(grant.context.table);
  const same = (alias: string): Sql => sql`${column(alias, via)} = ${column('t', via)}`;
  const target = anyOf(
    grant.row.mappings.map(({ to }) => sql`(${tupleEquals(grant.context, 'h', columnsOf(grant.row), to)})`),
  );
  return sql`SELECT DISTINCT ${column('t', via)}::text AS scope FROM ${rowsOf(context.table)} t
    WHERE ${mineOnSource(used)} AND (${stateSql(context, row)}) = 'L' AND ${column('t', via)} IS NOT NULL
      AND EXISTS (SELECT 1 FROM ${rows} g WHERE ${same('g')} AND ${placeMatches(grant.context, grant.row, 'g')})
      AND NOT EXISTS (SELECT 1 FROM ${rows} h WHERE ${same('h')} AND (${target})) ORDER BY 1`;
}

/** Rows of other tables that refer to rows which a merge would remove, by table of the removed rows. */
function dependentsOf(input: SideInput, used: Used, facts: readonly SideFacts[]): Question<void>[] {
  if (used.place.collision !== 'drop-redundant') return [];
  const at = used.at.filter((member) => merges(input.groups[member], used.place.id));
  const [some] =
    at.length === 0 ? [] : usedPlace(input, { id: used.place.id, table: used.context.table, at });
  const [first] = some?.members ?? [];
  if (some === undefined || first === undefined) return [];
  const states = bind(mergingStates(first.intent, some.place), 'text[]');
  const { table } = some.context;
  const pointing = input.rules.catalog.tables.flatMap((child) =>
    child.foreignKeys.filter(({ references }) => references === table.id).map((key) => ({ child, key })),
  );
  return pointing.map(({ child, key }) => {
    const on = key.columns.map(
      (name, part) => sql`${column('c', name)} = ${column('t', key.referencedColumns[part] ?? '')}`,
    );
    const select = sql`SELECT count(*) AS rows FROM ${rowsOf(table)} t JOIN ${rowsOf(child)} c ON ${allOf(on)}
      WHERE ${mineOnSource(some)} AND (${stateSql(some.context, some.row)}) = ANY (${states})`;
    return addEach<{ rows: number }>(some, select, (member, [count]) => {
      const dependents = facts[member]?.dependents ?? {};
      dependents[table.id] = (dependents[table.id] ?? 0) + (count?.rows ?? 0);
    });
  });
}

function merges(groups: readonly PlaceGroup[] | undefined, place: string): boolean {
  return (groups ?? []).some(({ groups: rows }) =>
    rows.some(({ states }) => {
      const code = states[place];
      return code !== undefined && stateFromCode(code).collides;
    }),
  );
}

/** The security classes and regions that the surroundings of this tenant's rows on the source demand. */
function demandsOf(used: Used, facts: readonly SideFacts[]): Question<void>[] {
  const { demands, id } = used.place;
  if (demands === undefined) return [];
  return [
    addEach<Omit<Demand, 'place'>>(used, demandSql(used, demands), (member, rows) =>
      facts[member]?.demands.push(...rows.map((row) => ({ place: id, ...row }))),
    ),
  ];
}

function demandSql(used: Used, demands: NonNullable<Place['demands']>): Sql {
  const { parent } = demands;
  const holder = parent === undefined ? 't' : 'd';
  const security =
    demands.security === undefined
      ? raw('NULL::float8')
      : sql`nullif(${column(holder, demands.security)}::float8, 0)`;
  const region =
    demands.region === undefined ? raw('NULL::text') : sql`${column(holder, demands.region)}::text`;
  const rows =
    parent === undefined
      ? sql`(SELECT t.*, 1 AS drover_rows FROM ${rowsOf(used.context.table)} t WHERE ${mineOnSource(used)}) t`
      : withParents(used, parent);
  return sql`SELECT v.security, v.region, sum(t.drover_rows)::bigint AS rows FROM ${rows}
    CROSS JOIN LATERAL (SELECT ${security} AS security, ${region} AS region) v
    WHERE v.security IS NOT NULL OR v.region IS NOT NULL
    GROUP BY v.security, v.region ORDER BY v.security, v.region`;
}

/** The rows are counted by parent first, because many rows have few. */
function withParents(used: Used, parent: NonNullable<NonNullable<Place['demands']>['parent']>): Sql {
  const { rules, table } = used.context;
  const columns = list(parent.from.map((name) => column('t', name)));
  const on = parent.from.map((name, at) => sql`${column('d', parent.to[at] ?? '')} = ${column('t', name)}`);
  return sql`(SELECT ${columns}, count(*) AS drover_rows FROM ${rowsOf(table)} t WHERE ${mineOnSource(used)} GROUP BY ${columns}) t
    JOIN ${rowsOf(tableOf(rules, parent.table))} d ON ${allOf(on)}`;
}
