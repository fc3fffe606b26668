/**
 * The rows of all places that name the source, for the members of a batch. First one statement asks which tables have such a row at
 * all: most have none, and what is not there need not be grouped, sampled and summed up.
 */
import { everyMember, askEach } from '../driver/members.ts';
import { given } from '../../engine/given.ts';
import { decide } from '../../engine/plan/decide.ts';
import type { PlaceGroup, RowGroup } from '../../engine/plan/snapshot.ts';
import { stateFromCode } from '../../engine/plan/place-state.ts';
import type { Rules } from '../../engine/rules/references.ts';
import type { Tx } from '../driver/database.ts';
import { readAs } from '../driver/question.ts';
import type { Question } from '../driver/question.ts';
import { directPlaces, isSmallSql, namesSource } from '../sql/direct.ts';
import { findRowKey } from '../sql/keys.ts';
import { concernedSql } from '../sql/row.ts';
import { anyOf, list, raw, rowsOf, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import { readColumnFacts } from './columns.ts';
import { joinGroups, readDocumentFacts } from './document-facts.ts';
import { candidateSql } from './documents.ts';
import { groupPlaces, placeRow, rowAlone, rowContext } from './member.ts';
import type { Batch, GroupedPlaces, Member } from './member.ts';

/** Of which rows names are read, for a person: of all, of those that stay, or of none. */
export type Samples = 'all' | 'staying' | 'none';

/** The facts about every place that names a model of the source's kind, for each member. */
export async function readPlaceGroups(tx: Tx, batch: Batch, samples: Samples): Promise<PlaceGroup[][]> {
  const grouped = groupPlaces(batch).map((group) => ({ ...group, direct: isDirect(batch, group) }));
  const present = await tx.ask(presence(batch, grouped));
  const used = grouped.flatMap((group, number) => {
    const those = (found: keyof Present): number[] =>
      [...batch.members.keys()].filter((member) => present[member]?.[found][number] === true);
    const [at, large] = [those('named'), those('large')];
    return at.length === 0 && large.length === 0 ? [] : [{ group, at, large }];
  });
  const found = await readUsed(tx, { ...batch, samples }, used);
  return batch.members.map((member, at) =>
    grouped.map((group) =>
      placeGroup(batch.rules, member, { group, groups: found.get(group)?.get(at) ?? [] }),
    ),
  );
}

/** Places with how they are read: are all of them direct, so that SQL reads them as it does scalar ones? */
type ReadGroup = GroupedPlaces & { readonly direct: boolean };

function isDirect({ members }: Batch, { table, column, places }: GroupedPlaces): boolean {
  const rows = places.map((place) => rowAlone(place, members));
  return column !== undefined && directPlaces(table, rows) !== undefined;
}

/** Places that some members use. */
interface UsedGroup {
  readonly group: ReadGroup;
  readonly at: readonly number[];
  /** Members with documents that SQL leaves to the editors. */
  readonly large: readonly number[];
}

/** By place group and member, the kinds of rows. Tables are read together; documents column by column. */
async function readUsed(
  tx: Tx,
  { rules, members, samples }: Batch & { readonly samples: Samples },
  used: readonly UsedGroup[],
): Promise<Map<GroupedPlaces, Map<number, RowGroup[]>>> {
  const bySql = used.filter(({ group, at }) => at.length > 0 && (group.column === undefined || group.direct));
  const sampled = samplingOf(rules, members, samples);
  const inputs = bySql.map(({ group: { table, column, places }, at }) => ({
    rules,
    table,
    column,
    places,
    members: everyMember(at.map((number) => members[number])),
    parameters: members[0]?.intent.parameters ?? 'reset',
    sampled,
  }));
  const columns = await readColumnFacts(tx, inputs);
  const found = new Map(bySql.map(({ group, at }, number) => [group, byMember(at, columns[number])]));
  for (const { group, at, large } of used) {
    const { table, column, places, direct } = group;
    const edited = direct ? large : at;
    if (column === undefined || edited.length === 0) continue;
    const some = edited.flatMap((number) => members[number] ?? []);
    const groups = await readDocumentFacts(tx, {
      rules,
      table,
      column,
      places,
      members: some,
      large: direct,
    });
    const known = found.get(group) ?? new Map<number, RowGroup[]>();
    for (const [number, own] of byMember(edited, groups))
      known.set(number, joinGroups([...(known.get(number) ?? []), ...own]));
    found.set(group, known);
  }
  return found;
}

function byMember(at: readonly number[], groups: readonly RowGroup[][] = []): Map<number, RowGroup[]> {
  return new Map(at.map((number, position) => [number, groups[position] ?? []]));
}

/** Of which groups of rows names are read. */
function samplingOf(
  rules: Rules,
  [first]: readonly Member[],
  samples: Samples,
): (group: Pick<RowGroup, 'states' | 'owner' | 'dead'>) => boolean {
  if (first === undefined || samples !== 'staying') return () => samples === 'all';
  return (group) => !moves(rules, first, group);
}

function placeGroup(
  rules: Rules,
  { mappings }: Member,
  { group, groups }: { group: GroupedPlaces; groups: readonly RowGroup[] },
): PlaceGroup {
  const { table, column, places } = group;
  return {
    table: table.id,
    carrier: places[0]?.carrier ?? 'columns',
    ...(column === undefined ? {} : { column }),
    places: places.map(({ id }) => id),
    mappings: Object.fromEntries(places.map(({ id }) => [id, mappings.get(id) ?? []])),
    groups,
    keyed: findRowKey(rules, table) !== undefined,
  };
}

/** By group, in order. */
interface Present {
  /** May a row name the source? Ends at the first row found. */
  readonly named: readonly boolean[];
  /** Are there documents that the editors have to look at? */
  readonly large: readonly boolean[];
}

/** For each member. */
function presence({ rules, members }: Batch, grouped: readonly ReadGroup[]): Question<Present[]> {
  const tests = (sqlOf: (group: ReadGroup) => Sql): Sql => list(grouped.map(sqlOf));
  const select = sql`SELECT ARRAY[${tests((group) => presentSql(rules, members, group))}]::boolean[] AS named,
    ARRAY[${tests((group) => largeSql(rules, members, group))}]::boolean[] AS large`;
  return readAs(askEach<Present>(members.length, select), (found) =>
    found.map(([row]) => row ?? { named: [], large: [] }),
  );
}

function presentSql(
  rules: Rules,
  members: readonly Member[],
  { table, column, places, direct }: ReadGroup,
): Sql {
  const context = rowContext(rules, table, members);
  const rows = places.map((place) => placeRow(rules, place, members));
  const named =
    column === undefined || direct
      ? sql`${concernedSql(context, places)} AND (${anyOf(rows.map((row) => namesSource(context, row)))})`
      : candidateSql(context, column, rows);
  return sql`EXISTS (SELECT 1 FROM ${rowsOf(table)} t WHERE ${named})`;
}

function largeSql(
  rules: Rules,
  members: readonly Member[],
  { table, column, places, direct }: ReadGroup,
): Sql {
  if (column === undefined || !direct) return raw('false');
  const concerned = concernedSql(rowContext(rules, table, members), places);
  return sql`EXISTS (SELECT 1 FROM ${rowsOf(table)} t WHERE ${concerned} AND NOT ${isSmallSql(column)})`;
}

/** Do all places of these rows move? Then the journal names them. */
function moves(
  rules: Rules,
  { intent, pair: { source, namesakes } }: Member,
  group: Pick<RowGroup, 'states' | 'owner' | 'dead'>,
): boolean {
  const tenant = intent.tenant === undefined ? null : { key: intent.tenant, name: '' };
  return Object.entries(group.states).every(([id, code]) => {
    const place = rules.places.find((candidate) => candidate.id === id);
    const occasion = { state: stateFromCode(code), owner: group.owner, dead: group.dead };
    return (
      place !== undefined &&
      decide({ rules, tenant, source, ...given({ namesakes }) }, intent, { place, ...occasion }).kind ===
        'move'
    );
  });
}
