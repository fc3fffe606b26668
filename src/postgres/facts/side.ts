/** Facts beside the places: settings that a move changes or loses, grants that moved rows need, rows that a merge would orphan. */
import { Counts, ownMember } from '../../engine/own.ts';
import { mergingStates } from '../../engine/plan/decide.ts';
import type {
  CompanionValues,
  Demand,
  MergedSetting,
  NeededGrant,
  ParameterDocuments,
  PlaceGroup,
  ServersBeside,
} from '../../engine/plan/snapshot.ts';
import { stateFromCode } from '../../engine/plan/place-state.ts';
import type { Place, Reliance } from '../../engine/rules/place.ts';
import { tableOf } from '../../engine/rules/references.ts';
import { inOrder, readAs } from '../driver/question.ts';
import type { Question } from '../driver/question.ts';
import { demandedBy } from '../sql/demands.ts';
import type { Demands } from '../sql/demands.ts';
import { isGranted, namesSql } from '../sql/reliance.ts';
import { mineSql } from '../sql/row.ts';
import { stateSql } from '../sql/state.ts';
import { allOf, bind, column, list, raw, rowsOf, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import { companionsOf, parametersOf, serversOf } from './settings.ts';
import { addEach, mineOnSource, placesInUse, usedPlace } from './used-places.ts';
import type { PlaceInUse, UsedInput } from './used-places.ts';
import type { Column, Table } from '../../engine/catalogue/catalog.ts';
import { mergedRowsSql } from '../sql/collision.ts';
import { findRowKey, keyExpression } from '../sql/keys.ts';
import { columnsOf } from '../sql/match.ts';
import type { PlaceRow, RowContext } from '../sql/match.ts';

/** What is beside the places of one member. */
interface SideFacts {
  readonly parameters: ParameterDocuments[];
  readonly grants: NeededGrant[];
  readonly dependents: Counts;
  readonly demands: Demand[];
  readonly companions: CompanionValues[];
  readonly merged: MergedSetting[];
  readonly servers: ServersBeside[];
}

export function nothingBeside(): SideFacts {
  return {
    parameters: [],
    grants: [],
    dependents: new Counts(),
    demands: [],
    companions: [],
    merged: [],
    servers: [],
  };
}

/** For each member. Parameters are read only where they are translated, grants only for narrowed plans. All is asked together. */
export function sideFacts(input: UsedInput): Question<SideFacts[]> {
  const facts = input.members.map(nothingBeside);
  const used = placesInUse(input);
  const relying = [...used, ...placesInUse(input, 'json')];
  const naming = [...relying, ...placesInUse(input, 'text'), ...placesInUse(input, 'array')];
  const questions = [
    ...naming.flatMap((one) => serversOf(one, (member, found) => facts[member]?.servers.push(found))),
    ...relying.flatMap((one) => grantsOf(input, { one, used }, facts)),
    ...used.flatMap((one) => [
      ...parametersOf(one, (member, found) => facts[member]?.parameters.push(found)),
      ...companionsOf(one, (member, found) => facts[member]?.companions.push(found)),
      ...dependentsOf(input, one, facts),
      ...mergedOf(input, one, facts),
      ...demandsOf(one, facts),
    ]),
  ];
  return readAs(inOrder(questions), () => facts);
}

/** Scopes where the source is granted, the target is not, and a row that will move needs it. Only asked for narrowed plans. */
function grantsOf(
  input: UsedInput,
  { one, used }: { readonly one: PlaceInUse; readonly used: readonly PlaceInUse[] },
  facts: readonly SideFacts[],
): Question<void>[] {
  const entityTypes = one.members[0]?.intent.entityTypes;
  const { enables, entity, id } = one.place;
  if (entityTypes === undefined || enables === undefined || !entityTypes.includes(entity)) return [];
  const granting = used.find(({ place }) => place.id === enables.grant);
  const at = one.at.filter((member) => granting?.at.includes(member) === true);
  if (granting === undefined || at.length === 0) return [];
  const about = (other: PlaceInUse): PlaceInUse[] =>
    usedPlace(input, { id: other.place.id, table: other.context.table, at });
  const [[needing], [grant]] = [about(one), about(granting)];
  if (needing === undefined || grant === undefined) return [];
  return [
    addEach<{ scope: string }>(needing, scopesSql(needing, grant, enables), (member, rows) => {
      const scopes = rows.map(({ scope }) => scope);
      if (scopes.length > 0)
        facts[member]?.grants.push({ place: id, grant: grant.place.id, via: enables.scope, scopes });
    }),
  ];
}

function scopesSql(used: PlaceInUse, grant: PlaceInUse, reliance: Reliance): Sql {
  const { context, row } = used;
  const scope = column('t', reliance.via);
  return sql`SELECT DISTINCT ${scope}::text AS scope FROM ${rowsOf(context.table)} t
    WHERE ${namesSql(used, 'from')} AND ${mineSql(context)} AND (${stateSql(context, row)}) = 'L' AND ${scope} IS NOT NULL
      AND ${isGranted(grant, reliance, 'from')} AND NOT ${isGranted(grant, reliance, 'to')} ORDER BY 1`;
}

/** The place with the members of which a row is merged there. */
function merging(input: UsedInput, used: PlaceInUse): PlaceInUse[] {
  if (used.place.collision !== 'drop-redundant') return [];
  const at = used.at.filter((member) => merges(input.groups[member], used.place.id));
  return at.length === 0 ? [] : usedPlace(input, { id: used.place.id, table: used.context.table, at });
}

/** Is row `t` removed by a merge? */
function removedSql(used: PlaceInUse): Sql {
  const { context, row, place, members } = used;
  const states = members[0] === undefined ? [] : mergingStates(members[0].intent, place);
  return sql`${mineOnSource(used)} AND (${stateSql(context, row)}) = ANY (${bind(states, 'text[]')})`;
}

/** What the rows have that a merge removes. */
function mergedOf(input: UsedInput, used: PlaceInUse, facts: readonly SideFacts[]): Question<void>[] {
  return merging(input, used).flatMap((some) => {
    const select = mergedSql(some.context, some.row, removedSql(some));
    if (select === undefined) return [];
    return [
      addEach<MergedRow>(some, select, (member, [row]) => {
        if (row !== undefined)
          facts[member]?.merged.push(...mergedSettings(some.context.table, some.place, row));
      }),
    ];
  });
}

/** Rows of other tables that refer to rows which a merge would remove, by table of the removed rows. */
function dependentsOf(input: UsedInput, used: PlaceInUse, facts: readonly SideFacts[]): Question<void>[] {
  return merging(input, used).flatMap((some) => {
    const { table } = some.context;
    const pointing = input.rules.catalog.tables.flatMap((child) =>
      child.foreignKeys.filter(({ references }) => references === table.id).map((key) => ({ child, key })),
    );
    return pointing.map(({ child, key }) => {
      const on = key.columns.map(
        (name, part) => sql`${column('c', name)} = ${column('t', key.referencedColumns[part] ?? '')}`,
      );
      const select = sql`SELECT count(*) AS rows FROM ${rowsOf(table)} t JOIN ${rowsOf(child)} c ON ${allOf(on)}
        WHERE ${removedSql(some)}`;
      return addEach<{ rows: number }>(some, select, (member, [count]) => {
        facts[member]?.dependents.add(table.id, count?.rows ?? 0);
      });
    });
  });
}

function merges(groups: readonly PlaceGroup[] | undefined, place: string): boolean {
  return (groups ?? []).some(({ groups: rows }) =>
    rows.some(({ states }) => {
      const code = ownMember(states, place);
      return code !== undefined && stateFromCode(code).collides;
    }),
  );
}

/** The security classes and regions that the surroundings of this tenant's rows on the source demand. */
function demandsOf(used: PlaceInUse, facts: readonly SideFacts[]): Question<void>[] {
  const { demands, id } = used.place;
  if (demands === undefined) return [];
  return [
    addEach<Omit<Demand, 'place'>>(used, demandSql(used, demands), (member, rows) =>
      facts[member]?.demands.push(...rows.map((row) => ({ place: id, ...row }))),
    ),
  ];
}

function demandSql(used: PlaceInUse, demands: Demands): Sql {
  const { parent } = demands;
  const holder = parent === undefined ? 't' : 'd';
  const { security, region } = demandedBy(demands, (name) => column(holder, name));
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
function withParents(used: PlaceInUse, parent: NonNullable<Demands['parent']>): Sql {
  const { rules, table } = used.context;
  const columns = list(parent.from.map((name) => column('t', name)));
  const on = parent.from.map((name, at) => sql`${column('d', parent.to[at] ?? '')} = ${column('t', name)}`);
  return sql`(SELECT ${columns}, count(*) AS drover_rows FROM ${rowsOf(table)} t WHERE ${mineOnSource(used)} GROUP BY ${columns}) t
    JOIN ${rowsOf(tableOf(rules, parent.table))} d ON ${allOf(on)}`;
}

/* Settings of the rows that a merge removes, which the rows that survive do not have: a limit, a flag, whose default it is. */

interface MergedRow {
  /** By column of `settingsOf`. */
  readonly rows: readonly number[];
  readonly examples: readonly (string | null)[];
}

/** The columns that say something of their own: no key, nothing computed, no time of a change. */
function settingsOf({ columns, primaryKey }: Table, place: Place): Column[] {
  const own = columnsOf({ place });
  return columns.filter(
    ({ name, generated, computed, type }) =>
      !generated &&
      !computed &&
      !primaryKey.includes(name) &&
      !own.includes(name) &&
      !isChangeTime(name, type),
  );
}

function isChangeTime(name: string, type: string): boolean {
  return /^(time|date)/.test(type) && /^(created|inserted|updated|modified|changed)/i.test(name);
}

/** One row: how many removed rows have what the survivors lack, by column, and an example of each. Undefined without such columns. */
function mergedSql(context: RowContext, row: PlaceRow, removed: Sql): Sql | undefined {
  const columns = settingsOf(context.table, row.place);
  const key = findRowKey(context.rules, context.table);
  if (columns.length === 0 || key === undefined) return undefined;
  const named = sql`${keyExpression(key, 't')}::text`;
  const parts = columns.map((one) => {
    const [before, after] = [sql`${column('t', one.name)}::text`, sql`${column('s', one.name)}::text`];
    const lost = lostSql(one, before, after);
    const example = sql`jsonb_build_array(${named}, ${before}, ${after})::text`;
    return {
      rows: sql`count(*) FILTER (WHERE ${lost})`,
      example: sql`(array_agg(${example} ORDER BY ${named}) FILTER (WHERE ${lost}))[1]`,
    };
  });
  return sql`SELECT ARRAY[${list(parts.map(({ rows }) => rows))}]::bigint[] AS rows,
      ARRAY[${list(parts.map(({ example }) => example))}]::text[] AS examples
    FROM ${mergedRowsSql(context, row, removed)}`;
}

/** A flag that is off, and an empty document, are nothing that could be lost. */
function lostSql({ type }: Column, before: Sql, after: Sql): Sql {
  const nothing = raw(type === 'boolean' ? `('false')` : `('', '{}', '[]', 'null')`);
  return sql`(${before} IS DISTINCT FROM ${after} AND ${before} NOT IN ${nothing})`;
}

function mergedSettings(table: Table, place: Place, { rows, examples }: MergedRow): MergedSetting[] {
  return settingsOf(table, place).flatMap(({ name }, at) => {
    const example = examples[at] ?? null;
    if (example === null) return [];
    const [key, removed, survivor] = JSON.parse(example) as [string, string, string | null];
    return [{ place: place.id, column: name, rows: rows[at] ?? 0, example: { key, removed, survivor } }];
  });
}
