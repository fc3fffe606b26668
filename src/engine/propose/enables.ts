/** Where a moved row needs the target to be on offer: a grant of the same kind of model, and the column that both share. */
import { findTable, type Table } from '../catalogue/catalog.ts';
import type { NameScope } from '../catalogue/names.ts';
import type { PlaceGuess } from './places.ts';
import type { RootGuess } from './root.ts';
import { namesModel } from '../catalogue/wording.ts';

/** A row in a space that listed the source needs the target there. The grant is the one that shares a column with the place. */
export function withEnables(
  scope: NameScope,
  places: readonly PlaceGuess[],
  root: RootGuess | undefined,
): PlaceGuess[] {
  const grants = places.filter((guess) => guess.place.role === 'grant' && guess.place.json === undefined);
  return places.map((guess) => {
    const table = findTable(scope.catalog, guess.table);
    const [grant] = grants.flatMap((each) => {
      const via = sharedColumn(table, findTable(scope.catalog, each.table), root);
      const fits = each.table !== guess.table && each.place.kind === guess.place.kind;
      return via === undefined || !fits ? [] : [{ grant: each.place.at, via }];
    });
    const { role, json, defaultOf } = guess.place;
    if (grant === undefined || role !== undefined || json !== undefined || defaultOf !== undefined)
      return guess;
    const reason = `${guess.reason}; ${grant.grant} says what is on offer for each ${grant.via}`;
    return { ...guess, place: { ...guess.place, enables: grant }, reason };
  });
}

function sharedColumn(
  place: Table | undefined,
  grant: Table | undefined,
  root: RootGuess | undefined,
): string | undefined {
  const keys = grant?.uniqueIndexes.flatMap((index) => index.columns) ?? [];
  const shared = grant?.foreignKeys
    .flatMap((key) => key.columns)
    .filter((column) => keys.includes(column) && column !== root?.column && !namesModel(column));
  return shared?.find((column) =>
    place?.foreignKeys.some((key) => key.columns.includes(column) && key.references !== root?.table.id),
  );
}
