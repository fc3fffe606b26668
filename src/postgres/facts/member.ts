/**
 * The members of a batch: tenants that are looked at, planned and moved by the same statements. One tenant is a batch of one.
 *
 * What differs between members is values: whose rows, which keys and names. What must be the same for all is the shape: how many
 * ways of writing a model there are at each place, and which of them are equal. Members of another shape are another batch.
 */
import { isCounted } from '../../engine/rules/place.ts';
import type { Mapping } from '../../engine/edit/value-rule.ts';
import type { Table, TableId } from '../../engine/catalogue/catalog.ts';
import { given } from '../../engine/given.ts';
import type { Intent } from '../../engine/plan/intent.ts';
import { keySpellings } from '../../engine/models/key-forms.ts';
import { formOf, mappingsOf, mayName } from '../../engine/rules/mapping.ts';
import type { ModelPair } from '../../engine/models/model.ts';
import type { Place } from '../../engine/rules/place.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { mayHoldShared, tableOf } from '../../engine/rules/references.ts';
import { isSharedRows, keysOfTenants } from '../../engine/tenant.ts';
import type { Each, EachMapping, PlaceRow, RowContext } from '../sql/match.ts';
import { soughtOf } from './sought.ts';
import type { Sought } from './sought.ts';
import { strayText } from '../sql/row-states.ts';

/** One tenant with the two models that its intent means, and how each place writes them. */
export interface Member extends Sought {
  readonly intent: Intent;
  readonly pair: ModelPair;
  readonly mappings: ReadonlyMap<string, readonly Mapping[]>;
  readonly shape: string;
  /** By place the keys of rows whose copies do not agree, where one lies in a document: see copies.ts. */
  readonly strays?: ReadonlyMap<string, readonly string[]>;
  /** By place the keys of rows in which a rival names the target, where one of both lies in a document. */
  readonly met?: ReadonlyMap<string, readonly string[]>;
  /** The places whose states were judged before the first step. All members have the same. */
  readonly judged?: ReadonlySet<string>;
}

export interface Batch {
  readonly rules: Rules;
  /** At least one, all of one shape, each tenant once. */
  readonly members: readonly Member[];
}

export function memberOf(rules: Rules, intent: Intent, pair: ModelPair): Member {
  const places = rules.places.filter((place) => mayName(place, pair.source));
  const pairs = pairsOfRows(pair);
  // Most places name models in the same few ways.
  const byForm = new Map<string, readonly Mapping[]>();
  const mappings = new Map(
    places.map((place) => {
      const form = formOf(place);
      const known = byForm.get(form) ?? pairs.flatMap((each) => mappingsOf(place, each, rules.config));
      byForm.set(form, known);
      return [place.id, known];
    }),
  );
  const sought = soughtOf(rules, pair);
  // What follows a row is asked for by its key, so each re-key has statements of its own.
  const own = rules.subject === undefined ? '' : JSON.stringify([intent.tenant ?? null, intent.from]);
  return { intent, pair, mappings, ...sought, shape: shapeOf({ intent, pair, mappings }) + own };
}

/** Each row with the key that it gets, as two models of which one becomes the other. Where models move there is the pair itself. */
function pairsOfRows(pair: ModelPair): readonly ModelPair[] {
  const { source, target, keys } = pair;
  if (keys === undefined) return [pair];
  return keys.map(({ from, to }) => ({
    source: { ...source, key: from, spellings: keySpellings(from, 'source') },
    target: { ...target, key: to, spellings: keySpellings(to, 'target') },
  }));
}

/** Members that the same statements serve are together, in the order in which they came. */
export function byShape<M>(members: readonly M[], memberOf: (each: M) => Member): M[][] {
  return [...Map.groupBy(members, (each) => memberOf(each).shape).values()];
}

function shapeOf({ intent, pair, mappings }: Pick<Member, 'intent' | 'pair' | 'mappings'>): string {
  const { tenant, from: _from, to: _to, pairs: _pairs, ...asked } = intent;
  const values = [...mappings].map(([place, all]) => [place, patternOf(all)]);
  const { kind, table, tenant: owner, key } = pair.source;
  const source = [kind, table, owner === null, key === undefined];
  return JSON.stringify([
    tenant === undefined,
    isSharedRows(tenant),
    asked,
    source,
    pair.target.tenant === null,
    values,
  ]);
}

/** Equal values have equal numbers: what a statement asks of values is whether they are the same. */
function patternOf(mappings: readonly Mapping[]): number[][] {
  const numbers = new Map<string, number>();
  const numberOf = (value: string): number => {
    const number = numbers.get(value) ?? numbers.size;
    numbers.set(value, number);
    return number;
  };
  return mappings.map(({ from, to }) => [...from, ...to].map(numberOf));
}

/** The rows of a table, for all members. */
export function rowContext(rules: Rules, table: Table, members: readonly Member[]): RowContext {
  const tenants = keysOfTenants(members.map(({ intent }) => intent.tenant));
  return { rules, table, size: members.length, tenants, ...given({ judged: members[0]?.judged }) };
}

/** A place with the values of all members. */
export function placeRow(rules: Rules, place: Place, members: readonly Member[]): PlaceRow {
  const copies = placesOf(rules, place.copies);
  const plain = copies.every(({ carrier }) => carrier === 'columns') && place.carrier === 'columns';
  const rivals = placesOf(rules, place.rivals).filter(({ carrier }) => carrier === 'columns');
  return {
    ...rowAlone(place, members),
    copies: plain ? copies.map((copy) => rowAlone(copy, members)) : [],
    strays: rowsNoted(members, ({ strays }) => strays?.get(place.id)),
    rivals: place.carrier === 'columns' ? rivals.map((rival) => rowAlone(rival, members)) : [],
    met: rowsNoted(members, ({ met }) => met?.get(place.id)),
  };
}

/** Rows of all members, by their tenant and key. */
function rowsNoted(
  members: readonly Member[],
  keysOf: (member: Member) => readonly string[] | undefined,
): string[] {
  return members.flatMap((member) =>
    (keysOf(member) ?? []).map((key) => strayText(member.intent.tenant, key)),
  );
}

/** The place without a look at others. */
export function rowAlone(place: Place, members: readonly Member[]): PlaceRow {
  return { place, mappings: eachMapping(place, members), copies: [], strays: [], rivals: [], met: [] };
}

/** Places by their ids. */
export function placesOf({ places }: Pick<Rules, 'places'>, ids: readonly string[]): Place[] {
  return ids.length === 0 ? [] : places.filter(({ id }) => ids.includes(id));
}

function eachMapping({ id }: Place, members: readonly Member[]): EachMapping[] {
  const first = members[0]?.mappings.get(id) ?? [];
  return first.map(({ from, to }, at) => {
    const values = (side: 'from' | 'to', part: number): Each =>
      members.map(({ mappings }) => mappings.get(id)?.[at]?.[side][part] ?? '');
    return {
      from: from.map((_, part) => values('from', part)),
      to: to.map((_, part) => values('to', part)),
    };
  });
}

/** Places that are read together: the scalar ones of a table, or those in the documents of one column. */
export interface GroupedPlaces {
  readonly table: Table;
  /** The column with the documents. */
  readonly column: string | undefined;
  readonly places: readonly Place[];
}

/** The places that can name the models of the batch, those of one table or document column together, by their ids. */
export function groupPlaces({ rules, members }: Batch): GroupedPlaces[] {
  const grouped = new Map<string, GroupedPlaces & { places: Place[] }>();
  for (const place of rules.places) {
    if (!isCounted(place)) continue;
    if ((members[0]?.mappings.get(place.id)?.length ?? 0) === 0) continue;
    if (isSharedRows(members[0]?.intent.tenant) && !mayHoldShared(rules, place.table)) continue;
    const column = place.carrier === 'columns' ? undefined : place.column;
    const id = JSON.stringify([place.table, column ?? null]);
    const group = grouped.get(id) ?? { table: tableIn(rules, place.table), column, places: [] };
    group.places.push(place);
    grouped.set(id, group);
  }
  return [...grouped].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

function tableIn(rules: Rules, id: TableId): Table {
  return tableOf(rules, id);
}

/** As many patterns for each member: one that has fewer looks for its first one again. */
export function patternsOf({ members }: Batch): Each[] | undefined {
  const all = members.map(({ patterns }) => patterns);
  if (all.some((patterns) => patterns === undefined)) return undefined;
  const most = Math.max(...all.map((patterns) => patterns?.length ?? 0));
  return Array.from({ length: most }, (_, at) =>
    all.map((patterns = []) => patterns[at] ?? patterns[0] ?? ''),
  );
}
