/** Facts beside the places: parameter documents to translate, grants that moved rows need, rows that a merge would orphan. */
import { mergingStates } from '../../engine/plan/decide.ts';
import type { Intent } from '../../engine/plan/intent.ts';
import type { ModelPair } from '../../engine/rules/mapping.ts';
import { tableOf } from '../../engine/rules/references.ts';
import type { Place } from '../../engine/rules/place.ts';
import type { Rules } from '../../engine/rules/references.ts';
import type {
  Demand,
  NeededGrant,
  ParameterDocuments,
  PlaceGroup,
  Snapshot,
} from '../../engine/plan/snapshot.ts';
import type { Table } from '../../engine/catalogue/catalog.ts';
import { Binder } from '../sql/binder.ts';
import { parametersSet } from './columns.ts';
import type { Tx } from '../driver/database.ts';
import { quoteIdent, quoteRows } from '../sql/identifiers.ts';
import { columnOf, matchSql, tupleEquals } from '../sql/match.ts';
import { mineSql, stateSql } from '../sql/row.ts';
import type { RowContext } from '../sql/match.ts';

export interface SideInput {
  readonly rules: Rules;
  readonly intent: Intent;
  readonly pair: ModelPair;
  readonly groups: readonly PlaceGroup[];
}

interface Found {
  readonly place: Place;
  readonly group: PlaceGroup;
  readonly table: Table;
}

/** The scalar places that have rows on the source. */
function placesInUse({ rules, groups }: SideInput): Found[] {
  return groups
    .filter((group) => group.carrier === 'columns' && group.groups.length > 0)
    .flatMap((group) =>
      group.places.flatMap((id) =>
        rules.places
          .filter((place) => place.id === id)
          .map((place) => ({ place, group, table: tableOf(rules, group.table) })),
      ),
    );
}

function contextOf({ rules, intent, pair }: SideInput, table: Table): RowContext {
  return { binder: new Binder(), rules, table, tenant: intent.tenant, pair };
}

/** `alias` names the source by the place. */
function onSource(context: RowContext, { place, group }: Found, alias = 't'): string {
  return matchSql(
    context,
    { columns: place.columns.map((part) => part.column), mappings: group.mappings[place.id] ?? [] },
    alias,
  );
}

/** Distinct parameters of this tenant's rows on the source. Their number is small where people choose from a form. */
export async function readParameterDocuments(tx: Tx, input: SideInput): Promise<ParameterDocuments[]> {
  const result: ParameterDocuments[] = [];
  for (const found of placesInUse(input)) {
    const { parameters } = found.place;
    if (parameters === undefined) continue;
    const context = contextOf(input, found.table);
    const column = `t.${quoteIdent(parameters)}::text`;
    const sql = `SELECT ${column} AS text, count(*) AS rows FROM ${quoteRows(found.table)} t WHERE ${onSource(context, found)} AND ${mineSql(context)} AND ${parametersSet(columnOf(found.table, parameters))} GROUP BY 1 ORDER BY 1`;
    result.push({
      table: found.table.id,
      column: parameters,
      documents: await tx.many<{ text: string; rows: number }>(sql, context.binder.values),
    });
  }
  return result;
}

/** Scopes where the source is granted, the target is not, and a row that will move needs it. Only asked for narrowed plans. */
export async function readNeededGrants(tx: Tx, input: SideInput): Promise<NeededGrant[]> {
  const { entityTypes } = input.intent;
  if (entityTypes === undefined) return [];
  const needed: NeededGrant[] = [];
  for (const found of placesInUse(input)) {
    const { enables } = found.place;
    const grant = placesInUse(input).find((other) => other.place.id === enables?.grant);
    if (enables === undefined || grant === undefined || !entityTypes.includes(found.place.entity)) continue;
    const scopes = await readScopes(tx, input, { found, grant, via: enables.via });
    if (scopes.length > 0)
      needed.push({ place: found.place.id, grant: grant.place.id, via: enables.via, scopes });
  }
  return needed;
}

async function readScopes(
  tx: Tx,
  input: SideInput,
  { found, grant, via }: { found: Found; grant: Found; via: string },
): Promise<string[]> {
  const context = contextOf(input, found.table);
  const granted = { ...context, table: grant.table };
  const mappings = grant.group.mappings[grant.place.id] ?? [];
  const columns = grant.place.columns.map((part) => part.column);
  const same = (alias: string): string => `${alias}.${quoteIdent(via)} = t.${quoteIdent(via)}`;
  const target = mappings
    .map((mapping) => `(${tupleEquals(granted, 'h', columns, mapping.to)})`)
    .join(' OR ');
  const row = { place: found.place, mappings: found.group.mappings[found.place.id] ?? [] };
  const sql = `SELECT DISTINCT t.${quoteIdent(via)}::text AS scope FROM ${quoteRows(found.table)} t
    WHERE ${onSource(context, found)} AND ${mineSql(context)} AND (${stateSql(context, row)}) = 'L' AND t.${quoteIdent(via)} IS NOT NULL
      AND EXISTS (SELECT 1 FROM ${quoteRows(grant.table)} g WHERE ${same('g')} AND ${onSource(granted, grant, 'g')})
      AND NOT EXISTS (SELECT 1 FROM ${quoteRows(grant.table)} h WHERE ${same('h')} AND (${target})) ORDER BY 1`;
  return (await tx.many<{ scope: string }>(sql, context.binder.values)).map((one) => one.scope);
}

/** Rows of other tables that refer to rows which a merge would remove, by table of the removed rows. */
export async function readDependents(tx: Tx, input: SideInput): Promise<Snapshot['dependents']> {
  const result: Record<string, number> = {};
  for (const found of placesInUse(input)) {
    const merges =
      found.place.collision === 'drop-redundant' &&
      found.group.groups.some((group) => group.states[found.place.id]?.endsWith('C') === true);
    if (!merges) continue;
    for (const child of input.rules.catalog.tables) {
      for (const key of child.foreignKeys.filter((candidate) => candidate.references === found.table.id)) {
        const context = contextOf(input, found.table);
        const row = { place: found.place, mappings: found.group.mappings[found.place.id] ?? [] };
        const states = context.binder.bind(mergingStates(input.intent, found.place), 'text[]');
        const on = key.columns
          .map((column, at) => `c.${quoteIdent(column)} = t.${quoteIdent(key.referencedColumns[at] ?? '')}`)
          .join(' AND ');
        const sql = `SELECT count(*) AS rows FROM ${quoteRows(found.table)} t JOIN ${quoteRows(child)} c ON ${on} WHERE ${onSource(context, found)} AND ${mineSql(context)} AND (${stateSql(context, row)}) = ANY (${states})`;
        result[found.table.id] =
          (result[found.table.id] ?? 0) + (await tx.one<{ rows: number }>(sql, context.binder.values)).rows;
      }
    }
  }
  return result;
}

/** The security classes and regions that the surroundings of this tenant's rows on the source demand. */
export async function readDemands(tx: Tx, input: SideInput): Promise<Snapshot['demands']> {
  const result: Demand[] = [];
  for (const found of placesInUse(input)) {
    const { demands } = found.place;
    if (demands === undefined) continue;
    const context = contextOf(input, found.table);
    const sql = demandSql(context, found, demands);
    const rows = await tx.many<Omit<Demand, 'place'>>(sql, context.binder.values);
    result.push(...rows.map((row) => ({ place: found.place.id, ...row })));
  }
  return result;
}

function demandSql(context: RowContext, found: Found, demands: NonNullable<Place['demands']>): string {
  const { parent } = demands;
  const holder = parent === undefined ? 't' : 'd';
  const where = `${onSource(context, found)} AND ${mineSql(context)}`;
  const security =
    demands.security === undefined
      ? 'NULL::float8'
      : `nullif(${holder}.${quoteIdent(demands.security)}::float8, 0)`;
  const region =
    demands.region === undefined ? 'NULL::text' : `${holder}.${quoteIdent(demands.region)}::text`;
  const rows =
    parent === undefined
      ? `(SELECT t.*, 1 AS drover_rows FROM ${quoteRows(found.table)} t WHERE ${where}) t`
      : withParents(context, { found, parent, where });
  return `SELECT v.security, v.region, sum(t.drover_rows)::bigint AS rows FROM ${rows}
    CROSS JOIN LATERAL (SELECT ${security} AS security, ${region} AS region) v
    WHERE v.security IS NOT NULL OR v.region IS NOT NULL
    GROUP BY v.security, v.region ORDER BY v.security, v.region`;
}

/** The rows are counted by parent first, because many rows have few. */
function withParents(
  { rules }: RowContext,
  {
    found,
    parent,
    where,
  }: { found: Found; parent: NonNullable<NonNullable<Place['demands']>['parent']>; where: string },
): string {
  const columns = parent.from.map((column) => `t.${quoteIdent(column)}`).join(', ');
  const on = parent.from.map(
    (column, at) => `d.${quoteIdent(parent.to[at] ?? '')} = t.${quoteIdent(column)}`,
  );
  return `(SELECT ${columns}, count(*) AS drover_rows FROM ${quoteRows(found.table)} t WHERE ${where} GROUP BY ${columns}) t
    JOIN ${quoteRows(tableOf(rules, parent.table))} d ON ${on.join(' AND ')}`;
}
