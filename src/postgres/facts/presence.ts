/**
 * Which tables have a row that names the source at all? One statement for all of them: most tables have none, and what is not there
 * need not be grouped, sampled and summed up. Served by the same indexes as the facts; ends at the first row found.
 */
import type { Table } from '../../engine/catalogue/catalog.ts';
import { mappingsOf } from '../../engine/rules/mapping.ts';
import type { ModelPair } from '../../engine/rules/mapping.ts';
import type { Place } from '../../engine/rules/place.ts';
import { tableOf } from '../../engine/rules/references.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { Binder } from '../sql/binder.ts';
import type { Tx } from '../driver/database.ts';
import { candidateSql } from './documents.ts';
import { quoteRows } from '../sql/identifiers.ts';
import { matchSql } from '../sql/match.ts';
import type { PlaceRow, RowContext } from '../sql/match.ts';
import { visibleSql } from '../sql/row.ts';

/** Places that are read together: the scalar ones of a table, or those in the documents of one column. */
export interface GroupedPlaces {
  readonly table: Table;
  /** The column with the documents. */
  readonly column: string | undefined;
  readonly places: readonly PlaceRow[];
}

/** Scalar places of one table are read together, documents column by column. The same for the same rules and models. */
export function groupPlaces(rules: Rules, pair: ModelPair): readonly GroupedPlaces[] {
  const last = lastGrouped.get(pair.source);
  if (last?.rules === rules && last.target === pair.target) return last.grouped;
  const grouped = makeGroups(rules, pair);
  lastGrouped.set(pair.source, { rules, target: pair.target, grouped });
  return grouped;
}

/** A migration asks several times, about the very same models. */
const lastGrouped = new WeakMap<
  ModelPair['source'],
  { rules: Rules; target: ModelPair['target']; grouped: readonly GroupedPlaces[] }
>();

function makeGroups(rules: Rules, pair: ModelPair): GroupedPlaces[] {
  const grouped = new Map<string, GroupedPlaces & { places: PlaceRow[] }>();
  for (const place of rules.places) {
    const mappings =
      place.kind === pair.source.kind && counts(place) ? mappingsOf(place, pair, rules.config) : [];
    if (mappings.length === 0) continue;
    const column = place.carrier === 'columns' ? undefined : place.column;
    const id = JSON.stringify([place.table, column ?? null]);
    const group = grouped.get(id) ?? { table: tableOf(rules, place.table), column, places: [] };
    group.places.push({ place, mappings });
    grouped.set(id, group);
  }
  return [...grouped].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

function counts(place: Place): boolean {
  return place.role !== 'ignore' && place.role !== 'catalogue';
}

export interface PresenceInput {
  readonly rules: Rules;
  readonly tenant: string | undefined;
  readonly pair: ModelPair;
  readonly grouped: readonly GroupedPlaces[];
}

/** For each group, in order: may a row name the source? */
export async function readPresence(tx: Tx, { grouped, ...common }: PresenceInput): Promise<boolean[]> {
  if (grouped.length === 0) return [];
  const binder = new Binder();
  const tests = grouped.map((group) => presentSql({ ...common, binder, table: group.table }, group));
  const { present } = await tx.one<{ present: boolean[] }>(
    `SELECT ARRAY[${tests.join(', ')}]::boolean[] AS present`,
    binder.values,
  );
  return present;
}

function presentSql(context: RowContext, { table, column, places }: GroupedPlaces): string {
  const named =
    column === undefined ? scalarSql(context, places) : candidateSql(context, { table, column, places });
  return named === undefined ? 'false' : `EXISTS (SELECT 1 FROM ${quoteRows(table)} t WHERE ${named})`;
}

function scalarSql(context: RowContext, places: readonly PlaceRow[]): string {
  const matches = places.map(({ place, mappings }) =>
    matchSql(context, { columns: place.columns.map((part) => part.column), mappings }),
  );
  return `${visibleSql(context)} AND (${matches.join(' OR ')})`;
}
