/**
 * The rows of all places that name the source, for the members of a batch. First one statement asks which tables have such a row at
 * all: most have none, and what is not there need not be grouped, sampled and summed up.
 */
import { everyMember, askEach } from '../driver/members.ts';
import { decide } from '../../engine/plan/decide.ts';
import type { PlaceGroup, RowGroup } from '../../engine/plan/snapshot.ts';
import { stateFromCode } from '../../engine/plan/place-state.ts';
import type { Rules } from '../../engine/rules/references.ts';
import type { Tx } from '../driver/database.ts';
import { readAs } from '../driver/question.ts';
import type { Question } from '../driver/question.ts';
import { findRowKey } from '../sql/keys.ts';
import { placeMatches } from '../sql/match.ts';
import { concernedSql } from '../sql/row.ts';
import { anyOf, list, rowsOf, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import { readColumnFacts } from './columns.ts';
import { readDocumentFacts } from './document-facts.ts';
import { candidateSql } from './documents.ts';
import { groupPlaces, placeRow, rowContext } from './member.ts';
import type { Batch, GroupedPlaces, Member } from './member.ts';

/** Of which rows names are read, for a person: of all, of those that stay, or of none. */
export type Samples = 'all' | 'staying' | 'none';

/** The facts about every place that names a model of the source's kind, for each member. */
export async function readPlaceGroups(tx: Tx, batch: Batch, samples: Samples): Promise<PlaceGroup[][]> {
  const grouped = groupPlaces(batch);
  const present = await tx.ask(presence(batch, grouped));
  const used = grouped.flatMap((group, number) => {
    const at = [...batch.members.keys()].filter((member) => present[member]?.[number] === true);
    return at.length === 0 ? [] : [{ group, at }];
  });
  const found = await readUsed(tx, { ...batch, samples }, used);
  return batch.members.map((member, at) =>
    grouped.map((group) =>
      placeGroup(batch.rules, member, { group, groups: found.get(group)?.get(at) ?? [] }),
    ),
  );
}

/** Places that some members use. */
interface Used {
  readonly group: GroupedPlaces;
  readonly at: readonly number[];
}

/** By place group and member, the kinds of rows. Tables are read together; documents column by column. */
async function readUsed(
  tx: Tx,
  { rules, members, samples }: Batch & { readonly samples: Samples },
  used: readonly Used[],
): Promise<Map<GroupedPlaces, Map<number, RowGroup[]>>> {
  const scalar = used.filter(({ group }) => group.column === undefined);
  const sampled = samplingOf(rules, members, samples);
  const inputs = scalar.map(({ group: { table, places }, at }) => ({
    rules,
    table,
    places,
    members: everyMember(at.map((number) => members[number])),
    parameters: members[0]?.intent.parameters ?? 'reset',
    sampled,
  }));
  const columns = await readColumnFacts(tx, inputs);
  const found = new Map(scalar.map(({ group, at }, number) => [group, byMember(at, columns[number])]));
  for (const { group, at } of used) {
    const { table, column, places } = group;
    if (column === undefined) continue;
    const some = at.flatMap((number) => members[number] ?? []);
    found.set(
      group,
      byMember(at, await readDocumentFacts(tx, { rules, table, column, places, members: some })),
    );
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

/** For each member, and for each group in order: may a row name the source? Ends at the first row found. */
function presence(
  { rules, members }: Batch,
  grouped: readonly GroupedPlaces[],
): Question<(readonly boolean[])[]> {
  const tests = list(grouped.map((group) => presentSql(rules, members, group)));
  const select = sql`SELECT ARRAY[${tests}]::boolean[] AS present`;
  return readAs(askEach<{ present: boolean[] }>(members.length, select), (found) =>
    found.map(([row]) => row?.present ?? []),
  );
}

function presentSql(rules: Rules, members: readonly Member[], { table, column, places }: GroupedPlaces): Sql {
  const context = rowContext(rules, table, members);
  const rows = places.map((place) => placeRow(rules, place, members));
  const named =
    column === undefined
      ? sql`${concernedSql(context, places)} AND (${anyOf(rows.map((row) => placeMatches(context, row)))})`
      : candidateSql(context, column, rows);
  return sql`EXISTS (SELECT 1 FROM ${rowsOf(table)} t WHERE ${named})`;
}

/** Do all places of these rows move? Then the journal names them. */
function moves(
  rules: Rules,
  { intent, pair: { source } }: Member,
  group: Pick<RowGroup, 'states' | 'owner' | 'dead'>,
): boolean {
  const tenant = intent.tenant === undefined ? null : { key: intent.tenant, name: '' };
  return Object.entries(group.states).every(([id, code]) => {
    const place = rules.places.find((candidate) => candidate.id === id);
    const occasion = { state: stateFromCode(code), owner: group.owner, dead: group.dead };
    return (
      place !== undefined && decide({ rules, tenant, source }, intent, { place, ...occasion }).kind === 'move'
    );
  });
}
