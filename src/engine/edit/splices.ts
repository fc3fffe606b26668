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

/** The part of `text` between two offsets, with the splices within it made. */
export function spliceWithin(
  text: string,
  part: { readonly start: number; readonly end: number },
  splices: readonly Splice[],
): string {
  const pieces: string[] = [];
  let at = part.start;
  for (const splice of splices.toSorted((a, b) => a.start - b.start)) {
    pieces.push(text.slice(at, splice.start), splice.text);
    at = splice.end;
  }
  pieces.push(text.slice(at, part.end));
  return pieces.join('');
}
