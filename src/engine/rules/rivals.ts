/**
 * Rivals: places of one row that must not come to name the same model, because one steps in where the other fails. A move that makes
 * a fallback of a model itself is a question.
 */
import { parsePattern } from '../edit/json-pointer.ts';
import type { SaidPlace } from './copies.ts';
import type { Draft, Place } from './place.ts';

/** The places with their rivals, said or seen by name. What does not fit is added to the draft's problems. */
export function linkRivals(draft: Draft, all: readonly SaidPlace[], places: readonly Place[]): Place[] {
  const pairs = places.flatMap((place) => {
    const one = all.find((each) => each.places.some(({ id }) => id === place.id));
    const rivals =
      one?.said.differs === undefined
        ? rivalsByName(place, places)
        : rivalsSaid(draft, one, { place, places });
    return rivals.map((rival): [string, string] => [place.id, rival.id]);
  });
  return places.map((place) => ({
    ...place,
    rivals: [...new Set(pairs.flatMap(([a, b]) => (a === place.id ? [b] : b === place.id ? [a] : [])))],
  }));
}

function rivalsSaid(
  draft: Draft,
  { said, at }: SaidPlace,
  { place, places }: { readonly place: Place; readonly places: readonly Place[] },
): Place[] {
  return (said.differs ?? []).flatMap((name) => {
    const found = places.filter(
      (other) =>
        other.table === place.table && (other.id === name || other.column === name) && other.id !== place.id,
    );
    if (found.length === 0)
      draft.problems.push({
        path: ['places', at, 'differs'],
        message: `no other place ${name} in ${place.table}`,
      });
    return found;
  });
}

/** The nearest models of which a place that is called a fallback may be one: those of its document, else those beside it. */
function rivalsByName(place: Place, places: readonly Place[]): Place[] {
  if (!isFallback(place) || !moves(place)) return [];
  const others = places.filter(
    (other) =>
      other.table === place.table &&
      other.kind === place.kind &&
      moves(other) &&
      !isFallback(other) &&
      !place.copies.includes(other.id),
  );
  const inDocument = others.filter(({ carrier, column }) => carrier !== 'columns' && column === place.column);
  return inDocument.length > 0 ? inDocument : others.filter(({ carrier }) => carrier === 'columns');
}

function moves({ role }: Place): boolean {
  return role === 'reference' || role === 'ask';
}

function isFallback({ column, json }: Place): boolean {
  const steps = parsePattern(json?.pointer ?? '').steps.flatMap((step) =>
    typeof step === 'object' ? [step.literal] : [],
  );
  const names = [...(json === undefined ? [column] : []), ...steps, ...Object.values(json?.fields ?? {})];
  return names.some((name) => /fall_?back|fail_?over|back_?up|secondary/i.test(name));
}
