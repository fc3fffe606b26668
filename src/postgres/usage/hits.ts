/** Which models a row names, and where. */
import type { DocumentValue } from '../../engine/edit/documents.ts';
import type { Place } from '../../engine/rules/place.ts';
import type { Search, UsedTable } from './search.ts';

/** A row that may name models. */
export interface UsageRow {
  /** In a fleet; otherwise empty. */
  readonly tenant: string;
  /** The values of all columns of the scalar places, one place after the other. */
  readonly tuples: readonly (string | null)[];
  /** Of the scalar places, then of the documents; null where the row is of another place of that column. */
  readonly live: readonly (boolean | null)[];
  readonly dead: boolean;
  /** Of the documents; null where none of them can name a model. */
  readonly texts: readonly (string | null)[] | null;
  readonly elements: readonly (readonly (string | null)[] | null)[] | null;
  readonly alike: readonly DocumentValue['alike'][] | null;
}

/** A model, by its number, named in a place of a row. */
export interface Hit {
  readonly model: number;
  readonly place: Place;
  readonly live: boolean;
}

export function hitsOf(search: Search, used: UsedTable, row: UsageRow): Hit[] {
  const { models, fleet } = search.asked;
  const all = [...scalarHits(search, used, row), ...documentHits(search, used, row)];
  // A name means another row in each tenant; a model of everybody is the same for all.
  const isTheirs = (owner: string | null | undefined): boolean => owner === null || owner === row.tenant;
  return fleet === undefined ? all : all.filter(({ model }) => isTheirs(models.at(model)?.tenant));
}

function scalarHits(search: Search, { scalars }: UsedTable, { tuples, live }: UsageRow): Hit[] {
  let from = 0;
  return scalars.flatMap((used, at) => {
    const { place } = used;
    const tuple = tuples.slice(from, (from += place.columns.length));
    if (live[at] === null) return [];
    const models = search.sought(used).meant(tuple);
    return models.map((model) => ({ model, place, live: live[at] === true }));
  });
}

function documentHits(search: Search, { scalars, documents }: UsedTable, row: UsageRow): Hit[] {
  return documents.flatMap((used, at) => {
    const text = row.texts?.[at] ?? null;
    if (text === null || row.live[scalars.length + at] === null) return [];
    const { place } = used;
    const models = search.sought(used).namedIn(place, {
      text,
      elements: row.elements?.[at] ?? null,
      alike: row.alike?.[at] ?? null,
    });
    return models.map((model) => ({ model, place, live: row.live[scalars.length + at] === true }));
  });
}
