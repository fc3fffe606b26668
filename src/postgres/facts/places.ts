/**
 * The rows of all places that name the source, for the members of a batch. First one statement asks which tables have such a row at
 * all: most have none, and what is not there need not be grouped, sampled and summed up.
 */
import { decide } from '../../engine/plan/decide.ts';
import type { Intent } from '../../engine/plan/intent.ts';
import type { PlaceGroup, RowGroup } from '../../engine/plan/snapshot.ts';
import type { Rules } from '../../engine/rules/references.ts';
import type { Tx } from '../driver/database.ts';
import { findRowKey } from '../sql/keys.ts';
import { placeMatches } from '../sql/match.ts';
import { visibleSql } from '../sql/row.ts';
import { anyOf, list, rowsOf, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import { readColumnFacts } from './columns.ts';
import { readDocumentFacts } from './document-facts.ts';
import { candidateSql } from './documents.ts';
import { forSome, groupPlaces, placeRow, rowContext } from './member.ts';
import { readEach } from '../sql/members.ts';
import type { Batch, GroupedPlaces, Member } from './member.ts';

/** Of which rows names are read, for a person: of all, of those that stay, or of none. */
export type Samples = 'all' | 'staying' | 'none';

/** The facts about every place that names a model of the source's kind, for each member. */
export async function readPlaceGroups(tx: Tx, batch: Batch, samples: Samples): Promise<PlaceGroup[][]> {
  const grouped = groupPlaces(batch);
  const present = await readPresence(tx, batch, grouped);
  const byMember = batch.members.map((): PlaceGroup[] => []);
  for (const [number, group] of grouped.entries()) {
    const found = await forSome<Member, RowGroup[]>(batch.members, (at) => present[at]?.[number] === true, {
      otherwise: () => [],
      work: (members) => readGroup(tx, { rules: batch.rules, members, samples }, group),
    });
    for (const [at, member] of batch.members.entries())
      byMember[at]?.push(placeGroup(batch.rules, member, { group, groups: found[at] ?? [] }));
  }
  return byMember;
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
async function readPresence(
  tx: Tx,
  { rules, members }: Batch,
  grouped: readonly GroupedPlaces[],
): Promise<(readonly boolean[])[]> {
  if (grouped.length === 0) return members.map(() => []);
  const tests = list(grouped.map((group) => presentSql(rules, members, group)));
  const found = await readEach<{ present: boolean[] }>(
    tx,
    members.length,
    sql`SELECT ARRAY[${tests}]::boolean[] AS present`,
  );
  return found.map(([row]) => row?.present ?? []);
}

function presentSql(rules: Rules, members: readonly Member[], { table, column, places }: GroupedPlaces): Sql {
  const context = rowContext(rules, table, members);
  const rows = places.map((place) => placeRow(rules, place, members));
  const named =
    column === undefined
      ? sql`${visibleSql(context)} AND (${anyOf(rows.map((row) => placeMatches(context, row)))})`
      : candidateSql(context, column, rows);
  return sql`EXISTS (SELECT 1 FROM ${rowsOf(table)} t WHERE ${named})`;
}

function readGroup(
  tx: Tx,
  { rules, members, samples }: Batch & { readonly samples: Samples },
  { table, column, places }: GroupedPlaces,
): Promise<RowGroup[][]> {
  const common = { rules, table, members, places };
  if (column !== undefined) return readDocumentFacts(tx, { ...common, column });
  const intent = members[0]?.intent;
  if (intent === undefined) return Promise.resolve([]);
  const sampled = (group: Pick<RowGroup, 'states' | 'owner' | 'dead'>): boolean =>
    samples === 'all' || (samples === 'staying' && !moves(rules, intent, group));
  return readColumnFacts(tx, { ...common, parameters: intent.parameters, sampled });
}

/** Do all places of these rows move? Then the journal names them. */
function moves(rules: Rules, intent: Intent, group: Pick<RowGroup, 'states' | 'owner' | 'dead'>): boolean {
  const tenant = intent.tenant === undefined ? null : { key: intent.tenant, name: '' };
  return Object.entries(group.states).every(([id, state]) => {
    const place = rules.places.find((candidate) => candidate.id === id);
    const occasion = { state, owner: group.owner, dead: group.dead };
    return place !== undefined && decide({ rules, tenant }, intent, { place, ...occasion }).kind === 'move';
  });
}
