/** Facts about the places in one column of documents, grouped as for scalar places (columns.ts). */
import { compareText } from '../../engine/order.ts';
import { Counts } from '../../engine/own.ts';
import { stateFromCode, withCollision } from '../../engine/plan/place-state.ts';
import type { EditRule } from '../../engine/rules/documents.ts';
import { canMove, isUse } from '../../engine/rules/place.ts';
import { markOf } from '../../engine/edit/marks.ts';
import type { Rewritten } from '../../engine/edit/documents.ts';
import type { Mapping } from '../../engine/edit/value-rule.ts';
import type { StateCode } from '../../engine/plan/place-state.ts';
import type { RowName } from '../../engine/plan/plan-types.ts';
import type { Owner, RowGroup } from '../../engine/plan/snapshot.ts';
import { isSharedRows } from '../../engine/tenant.ts';
import type { Tx } from '../driver/database.ts';
import { rowNameOf } from '../sql/row-names.ts';
import { editWhole, visitDocuments } from './documents.ts';
import type { Document, DocumentInput } from './documents.ts';

interface DocumentTally {
  states: Record<string, StateCode>;
  owner: Owner;
  dead: boolean;
  rows: number;
  readonly occurrences: Counts;
  digest: bigint;
  sample: RowName[];
}

const sampleSize = 50;

/** The kinds of documents of one column that name the source, for each member. Reads candidates a batch at a time. */
export async function readDocumentFacts(tx: Tx, input: DocumentInput): Promise<RowGroup[][]> {
  const { members, places } = input;
  const groups = members.map(() => new Map<string, DocumentTally>());
  const rules = members.map(({ mappings }) =>
    places.map((place) => ({ place, mappings: (mappings.get(place.id) ?? []).map(visible) })),
  );
  await visitDocuments(tx, input, (batch) => {
    for (const document of batch.flat()) {
      const own = groups[document.member];
      const intent = members[document.member]?.intent;
      // A name is shared by tenants: another tenant's document that holds it does not name this tenant's model.
      const foreign = document.owner === 'other' && !isSharedRows(intent?.tenant);
      const places = (rules[document.member] ?? []).map((row) => ({
        row,
        skipped: foreign && !row.place.byKey,
      }));
      if (own !== undefined) addDocument(own, places, document);
    }
    return Promise.resolve();
  });
  return groups.map((own) =>
    [...own].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => finish(group)),
  );
}

/** A value that stays as it is, because there is none to write, is found by an edit that is never made. */
function visible({ from, to }: Mapping): Mapping {
  const stays = from.every((value, part) => value === to[part]);
  return stays ? { from, to: from.map((value) => `${value}${markOf(0)}`) } : { from, to };
}

function addDocument(
  groups: Map<string, DocumentTally>,
  places: readonly { readonly row: EditRule; readonly skipped: boolean }[],
  document: Document,
): void {
  const open = places.flatMap(({ row, skipped }, at) => {
    const stated = document.states[at] ?? null;
    return skipped || stated === null ? [] : [{ row, stated, at }];
  });
  const found = countedOnce(eachValueOnce(open, document));
  if (found.length === 0) return;
  const id = JSON.stringify([
    found.map(({ id: place, state }) => [place, state]),
    document.owner,
    document.dead,
  ]);
  const group = groups.get(id) ?? emptyGroup(found, document);
  groups.set(id, group);
  group.rows += 1;
  group.digest ^= BigInt(document.hash);
  for (const { id: place, occurrences } of found) group.occurrences.add(place, occurrences);
  if (group.sample.length < sampleSize)
    group.sample.push(rowNameOf({ ...document, name: nameOf(document, found) }));
}

/** What one place finds in a document. */
interface Found {
  readonly id: string;
  readonly state: StateCode;
  readonly occurrences: number;
  readonly unread: boolean;
  /** Is it no use, whatever the document says? */
  readonly past: boolean;
}

/** A place of the document with what its row is for it, and its number. */
interface OpenPlace {
  readonly row: EditRule;
  readonly stated: StateCode;
  readonly at: number;
}

/**
 * Where several places lead to one value it is one occurrence, and of the place that moves it. So each place looks at what those before
 * it leave, as the editors do.
 */
function eachValueOnce(open: readonly OpenPlace[], document: Document): Found[] {
  let left = document;
  const found = open.toSorted(movesFirst).map(({ row, stated, at }) => {
    const edited = editWhole([row], left);
    if (open.length > 1 && edited.kind === 'edited') left = { ...left, ...edited.value };
    return { at, found: lookAt(row, stated, edited) };
  });
  return found.toSorted((a, b) => a.at - b.at).map((each) => each.found);
}

/** What moves before what stays, and of two that move what says more of the model first: a bare name may be asked about. */
function movesFirst(a: OpenPlace, b: OpenPlace): number {
  return standsBehind(a) - standsBehind(b) || partsOf(b.row) - partsOf(a.row);
}

function standsBehind({ row, stated }: OpenPlace): number {
  if (!canMove(row.place)) return 2;
  return row.place.role !== 'ask' && stateFromCode(stated).standing === 'live' ? 0 : 1;
}

function partsOf({ place }: EditRule): number {
  return Object.keys(place.json?.fields ?? {}).length;
}

function lookAt(row: EditRule, stated: StateCode, edited: Rewritten): Found {
  const { id } = row.place;
  const past = !isUse(row.place) || stateFromCode(stated).standing === 'history';
  if (edited.kind === 'unreadable') {
    const state = unreadableState(stated, edited.tooLarge ? 'Z' : 'B');
    return { id, state, occurrences: 1, unread: true, past };
  }
  const colliding = edited.colliding.get(id) ?? 0;
  const occurrences = edited.edits.length + colliding;
  const state = colliding > 0 ? withCollision(stated) : stated;
  return { id, state, occurrences, unread: false, past };
}

/**
 * What one place cannot read another may. What none of them can is one value, and of one place: the first that asks about it. A record
 * of the past is none where another place of the row is live: what that one does not find the inventory of the plan counts.
 */
function countedOnce(all: readonly Found[]): readonly Found[] {
  const read = all.filter(({ unread, occurrences }) => !unread && occurrences > 0);
  if (read.length > 0) return read;
  const unread = all.filter((found) => found.unread);
  const asked = unread.find(({ past }) => !past) ?? (all.every(({ past }) => past) ? unread[0] : undefined);
  return asked === undefined ? [] : [asked];
}

/** What the row is called. Of a value that is too large its size belongs to it, since nobody can see it otherwise. */
function nameOf({ name, bytes }: Document, found: readonly { readonly state: StateCode }[]): string | null {
  if (!found.some(({ state }) => state === 'Z')) return name;
  const size = `${(bytes / 1_000_000).toFixed(1)} MB`;
  return name === null ? size : `${name}, ${size}`;
}

/** History need not be read: it stays as it is, whatever it is. */
function unreadableState(stated: StateCode, code: 'B' | 'Z'): StateCode {
  return stateFromCode(stated).standing === 'history' ? stated : code;
}

function emptyGroup(
  found: readonly { id: string; state: StateCode }[],
  { owner, dead }: Document,
): DocumentTally {
  return {
    states: Object.fromEntries(found.map(({ id, state }) => [id, state])),
    owner,
    dead,
    rows: 0,
    occurrences: new Counts(),
    digest: 0n,
    sample: [],
  };
}

/** Groups of rows that are alike are one, in whichever way they were read. */
export function joinGroups(groups: readonly RowGroup[]): RowGroup[] {
  const alike = Map.groupBy(groups, ({ states, owner, dead }) =>
    JSON.stringify([Object.entries(states), owner, dead]),
  );
  return [...alike]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, [first, ...others]]) => (first === undefined ? [] : [others.reduce(joined, first)]));
}

function joined(one: RowGroup, other: RowGroup): RowGroup {
  const occurrences = new Counts();
  for (const all of [one.occurrences, other.occurrences])
    for (const [place, count] of Object.entries(all)) occurrences.add(place, count);
  return {
    ...one,
    rows: one.rows + other.rows,
    occurrences: occurrences.record(),
    digest: (BigInt(one.digest) ^ BigInt(other.digest)).toString(),
    sample: [...one.sample, ...other.sample]
      .toSorted((a, b) => compareText(a.key, b.key))
      .slice(0, sampleSize),
  };
}

/** Rows come in the order of whichever index the database takes; what is shown of them does not depend on it. */
function finish(group: DocumentTally): RowGroup {
  const sample = group.sample.toSorted((a, b) => compareText(a.key, b.key));
  return {
    ...group,
    sample,
    occurrences: group.occurrences.record(),
    side: {},
    digest: group.digest.toString(),
  };
}
