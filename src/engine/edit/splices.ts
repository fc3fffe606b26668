/** Replaces parts of a text. Everything between them stays. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** `text` with all splices made. Splices may come in any order and must not overlap. */
export function applySplices(text: string, splices: readonly Splice[]): string {
  return spliceWithin(text, { start: 0, end: text.length }, splices);
}

/** From a character to the one before another. */
type SpliceRange = Pick<Splice, 'start' | 'end'>;

/** The part of `text` between two offsets, with the splices within it made. */
export function spliceWithin(text: string, part: SpliceRange, splices: readonly Splice[]): string {
  const pieces: string[] = [];
  let at = part.start;
  for (const splice of splices.toSorted((a, b) => a.start - b.start)) {
    pieces.push(text.slice(at, splice.start), splice.text);
    at = splice.end;
  }
  pieces.push(text.slice(at, part.end));
  return pieces.join('');
}

/** The element with the comma and the space between it and its neighbour on the side of the elements that stay. */
export function withSeparator(elements: readonly SpliceRange[], at: number, firstKept: number): Splice {
  const [start, end] =
    at < firstKept
      ? [elements[at]?.start, elements[at + 1]?.start]
      : [elements[at - 1]?.end, elements[at]?.end];
  return { start: start ?? 0, end: end ?? 0, text: '' };
}

/** What a JSON string says, replaced. Its quotes stay as they are written: within a string they may be escapes. */
export function betweenQuotes({ start, end }: SpliceRange, text: string): Splice {
  return { start: start + 1, end: end - 1, text: JSON.stringify(text).slice(1, -1) };
}
