/** What a plan looks through beside its places: rows that name the source in other ways, and rows that forbid the target. */
import { stateFromCode } from '../../engine/plan/place-state.ts';
import type { Scannable } from '../../engine/inventory/scannable.ts';
import type { Denied, Owner, PlaceGroup } from '../../engine/plan/snapshot.ts';
import type { Place } from '../../engine/rules/place.ts';
import type { Tx } from '../driver/database.ts';
import { byShape, memberOf } from '../facts/member.ts';
import type { Batch, Member } from '../facts/member.ts';
import { readPlaceGroups } from '../facts/places.ts';
import { scanUncovered } from '../facts/scan.ts';
import type { Scanned } from '../facts/scan.ts';

export interface DeniedScan extends Scanned {
  readonly denied: readonly Denied[];
}

/** For each member. */
export async function lookThrough(
  tx: Tx,
  batch: Batch,
  scannable: readonly Scannable[],
): Promise<DeniedScan[]> {
  const scanned = await scanUncovered(tx, batch, scannable);
  const denied = await readDenied(tx, batch, scannable);
  return scanned.map((found, at) => ({ ...found, denied: denied[at] ?? [] }));
}

/**
 * The target is looked for as a source is: by the places of the role `deny`, and in other writings by the inventory of their columns.
 * Rows of other tenants forbid nothing here; those of everybody do.
 */
export async function readDenied(
  tx: Tx,
  { rules, members }: Batch,
  scannable: readonly Scannable[],
): Promise<Denied[][]> {
  const found = members.map((): Denied[] => []);
  // Of a reference it is asked whether the row is live.
  const places = rules.places.flatMap((place) =>
    place.role === 'deny' ? [{ ...place, role: 'reference' as const }] : [],
  );
  if (places.length === 0) return found;
  const own = { ...rules, places };
  const turned = members.map(({ intent, pair: { source, target } }, at) => ({
    at,
    member: memberOf(own, intent, { source: target, target: source }),
  }));
  for (const alike of byShape(turned, ({ member }: { member: Member }) => member)) {
    const batch = { rules: own, members: alike.map(({ member }) => member) };
    const groups = await readPlaceGroups(tx, batch, 'all');
    const others = await scanUncovered(tx, batch, columnsOf(scannable, places));
    for (const [number, { at }] of alike.entries())
      found[at] = joined([...listed(groups[number] ?? []), ...written(others[number])]);
  }
  return found;
}

function columnsOf(scannable: readonly Scannable[], places: readonly Place[]): Scannable[] {
  return scannable.flatMap((each) => {
    const columns = each.columns.filter(({ name }) =>
      places.some(({ table, column }) => table === each.table.id && column === name),
    );
    return columns.length === 0 ? [] : [{ ...each, columns }];
  });
}

const ofOthers: ReadonlySet<Owner> = new Set(['other', 'disagree']);

/** By the places. */
function listed(places: readonly PlaceGroup[]): Denied[] {
  return places.flatMap(({ groups }) =>
    groups.flatMap(({ states, owner, dead, rows, sample }) => {
      if (dead || ofOthers.has(owner)) return [];
      return Object.entries(states)
        .filter(([, code]) => stateFromCode(code).standing !== 'history')
        .map(([place]) => ({ place, rows, samples: sample.map(({ key }) => key) }));
    }),
  );
}

/** In a way that no place says. */
function written(scanned: Scanned | undefined): Denied[] {
  return (scanned?.uncovered ?? []).flatMap(({ places, owner, dead, past, rows, samples }) =>
    dead || past || ofOthers.has(owner) ? [] : places.slice(0, 1).map((place) => ({ place, rows, samples })),
  );
}

const shown = 3;

function joined(all: readonly Denied[]): Denied[] {
  return [...Map.groupBy(all, ({ place }) => place)].map(([place, own]) => ({
    place,
    rows: own.reduce((sum, { rows }) => sum + rows, 0),
    samples: [...new Set(own.flatMap(({ samples }) => samples))].slice(0, shown),
  }));
}
