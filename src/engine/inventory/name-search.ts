/**
 * Finds names in a text, each between its boundaries. One pattern of a few hundred short pieces finds where a name may be; what stands
 * before and behind the piece is then looked up. With thousands of names that is a hundred times faster than one pattern of them.
 */
import { beginsAt, endsAt, snapshotEnd } from '../boundaries.ts';
import { piecePattern, placePieces } from './rough-pattern.ts';
import { foldText } from './term.ts';
import type { Term } from './term.ts';

export interface NamePlace {
  readonly term: Term;
  readonly start: number;
  /** Where the name ends, and where what belongs to it ends: a day that makes it a snapshot. */
  readonly nameEnd: number;
  readonly end: number;
}

interface NameSearch {
  /** Every place, also those within others. */
  readonly search: (text: string) => NamePlace[];
  /** In lower case, of which one stands in every text that has a name. Undefined where some name has none. */
  readonly pieces: readonly string[] | undefined;
}

/** @param named terms by their folded text */
export function createNameSearch(named: ReadonlyMap<string, Term>): NameSearch {
  const names = [...named.keys()].filter((name) => name !== '');
  const shapes = shapesByPiece(names);
  if (shapes === undefined)
    return { search: (text) => searchEverywhere(text, named, lengthsOf(names)), pieces: undefined };
  const pieces = [...shapes.keys()];
  const pattern = piecePattern(pieces);
  const search = (text: string): NamePlace[] => {
    const places: NamePlace[] = [];
    pattern.lastIndex = 0;
    for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
      for (const shape of shapes.get(match[0].toLowerCase()) ?? [])
        addPlaces(places, { text, at: match.index, shape, named });
      // A piece may begin within another one.
      pattern.lastIndex = match.index + 1;
    }
    return places;
  };
  return { search, pieces };
}

/** Names that have the same text before a piece. */
interface NameShape {
  readonly prefix: string;
  /** Of the names as a whole. */
  readonly lengths: readonly number[];
}

/** By piece; where a piece is found, so may be each one that it begins with. Undefined where some name has no piece. */
function shapesByPiece(names: readonly string[]): ReadonlyMap<string, readonly NameShape[]> | undefined {
  const placed = placePieces(names);
  if (placed === undefined) return undefined;
  const own = Map.groupBy(placed, ([, { piece }]) => piece);
  return new Map(
    [...own.keys()].map((piece) => {
      const begun = Array.from(
        { length: piece.length },
        (_, at) => own.get(piece.slice(0, at + 1)) ?? [],
      ).flat();
      const byPrefix = Map.groupBy(begun, ([name, { offset }]) => name.slice(0, offset));
      return [
        piece,
        [...byPrefix].map(([prefix, all]) => ({ prefix, lengths: lengthsOf(all.map(([name]) => name)) })),
      ];
    }),
  );
}

function lengthsOf(names: readonly string[]): number[] {
  return [...new Set(names.map((name) => name.length))];
}

interface PieceLook {
  readonly text: string;
  /** Where the piece is. */
  readonly at: number;
  readonly shape: NameShape;
  readonly named: ReadonlyMap<string, Term>;
}

function addPlaces(places: NamePlace[], { text, at, shape: { prefix, lengths }, named }: PieceLook): void {
  const start = at - prefix.length;
  if (
    start < 0 ||
    (prefix !== '' && text.slice(start, at).toLowerCase() !== prefix) ||
    !beginsAt(text, start)
  )
    return;
  for (const length of lengths) addPlace(places, { text, start, nameEnd: start + length, named });
}

interface NameSpan {
  readonly text: string;
  readonly start: number;
  readonly nameEnd: number;
  readonly named: ReadonlyMap<string, Term>;
}

function addPlace(places: NamePlace[], { text, start, nameEnd, named }: NameSpan): void {
  if (nameEnd > text.length) return;
  const end = endsAt(text, nameEnd) ? nameEnd : snapshotEnd(text, nameEnd);
  if (end === undefined) return;
  const name = text.slice(start, nameEnd);
  const term = named.get(name.toLowerCase());
  if (term !== undefined && foldText(name).length === name.length) places.push({ term, start, nameEnd, end });
}

/** For names without a letter or digit of ASCII. */
function searchEverywhere(
  text: string,
  named: ReadonlyMap<string, Term>,
  lengths: readonly number[],
): NamePlace[] {
  const places: NamePlace[] = [];
  for (let start = 0; start < text.length; start += 1)
    if (beginsAt(text, start))
      for (const length of lengths) addPlace(places, { text, start, nameEnd: start + length, named });
  return places;
}
