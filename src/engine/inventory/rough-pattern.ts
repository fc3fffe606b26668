/**
 * Short texts of which one stands in every value that names a term, and in few others: for a sieve of raw values, for the pattern of
 * the matcher, and for the conditions of a server.
 */
import { isWeakKey } from './term.ts';
import type { Term } from './term.ts';

/** A letter behind a backslash is an escape, and ends what was before. A dot may end the prefix of a cloud. */
const before = String.raw`(?<!(?<!\\)[A-Za-z0-9_\-])`;
/** Behind may stand a day or the version of a cloud. */
const behind = String.raw`(?![A-Za-z0-9_]|-(?!v?\d)|\.\d)`;

/** The word with which a piece begins; one of a letter or two only with the digit behind it. */
export function stemOf(piece: string): string {
  return /^(?:[a-z]{3,}|[a-z]{1,2}\d)/.exec(piece)?.[0] ?? piece;
}

/** Finds these pieces in text that has no escapes, one after the other. */
export function piecePattern(pieces: readonly string[]): RegExp {
  return new RegExp(`${before}(?:${alternatives(pieces)})${behind}`, 'gi');
}

/** The longest first, in one flat list without classes: V8 is twice as fast with it as with a tree, and slow above 20 kB. */
function alternatives(pieces: readonly string[]): string {
  if (pieces.length === 0) return '(?!)';
  return pieces
    .toSorted((a, b) => b.length - a.length)
    .map(escapePattern)
    .join('|');
}

function escapePattern(text: string): string {
  return text.replaceAll(/[\^$\\.*+?()[\]{}|/]/g, String.raw`\$&`);
}

/** The fewest texts of which one stands in every value that names a term, in lower case. Undefined where there are none such. */
export function roughPieces(texts: readonly string[]): string[] | undefined {
  const placed = placePieces(texts);
  return placed && [...new Set([...placed.values()].map(({ piece }) => piece))];
}

/** A part of a text that a pattern finds, and where in the text it is. */
interface PlacedPiece {
  readonly piece: string;
  readonly offset: number;
}

/** A piece of every text, by the text in lower case; texts share them where they can. Undefined where one has none. */
export function placePieces(texts: readonly string[]): ReadonlyMap<string, PlacedPiece> | undefined {
  const kept = new Set<string>();
  const placed = new Map<string, PlacedPiece>();
  for (const text of [...new Set(texts.map((each) => each.toLowerCase()))].sort(
    (a, b) => a.length - b.length,
  )) {
    const place = findPiece(text, kept);
    if (place === undefined) return undefined;
    kept.add(place.piece);
    placed.set(text, place);
  }
  return placed;
}

/** What JSON writes as it is, whoever writes it. A slash may have a backslash before it. */
const plain = /[\w .:@=,;()[\]{}*#$%!?|~^-]+/g;

function findPiece(text: string, kept: ReadonlySet<string>): PlacedPiece | undefined {
  const runs = [...text.matchAll(plain)].map(({ 0: run, index }) => ({ run, index }));
  const shared = runs
    .flatMap(({ run, index }) => sharedPieces(run, index))
    .find(({ piece }) => kept.has(piece));
  if (shared !== undefined) return shared;
  const [longest] = runs.toSorted((a, b) => b.run.length - a.run.length);
  const piece = longest?.run.trim() ?? '';
  return longest === undefined || piece === ''
    ? undefined
    : { piece, offset: longest.index + longest.run.indexOf(piece) };
}

/** What of a run another text may be: behind a dot or colon, and without the version of a cloud or what an @ begins. */
function sharedPieces(run: string, index: number): PlacedPiece[] {
  const starts = [0, ...[...run.matchAll(/[.:]/g)].map((match) => match.index + 1)];
  return starts.flatMap((start) => {
    const tail = run.slice(start);
    const pieces = [tail, tail.replace(/-v\d+(:\d+)*$/, ''), tail.replace(/@.*$/, '')];
    return pieces.map((piece) => ({ piece, offset: index + start }));
  });
}

/**
 * Patterns for LIKE over values in lower case, of which one fits every value that names a term; weak keys are left out. One pattern
 * stands for `gpt-4o`, `GPT_4O` and `gpt.4o`: each further one would cost as much again. Undefined where no text is sure.
 */
export function likePatterns(terms: readonly Term[]): string[] | undefined {
  const pieces = roughPieces(terms.filter((term) => !isWeakKey(term)).map(({ text }) => text.trim()));
  const shortest = pieces?.filter(
    (piece) => !pieces.some((other) => other !== piece && piece.includes(other)),
  );
  const patterns = shortest?.map((piece) => likeText(piece).replaceAll(/[-.]|\\_/g, '_'));
  return patterns && [...new Set(patterns)].map((pattern) => `%${pattern}%`);
}

/** What the patterns of `likePatterns` find in values as the server has them, in a text that is here. */
export function likeTest(patterns: readonly string[]): (text: string) => boolean {
  const sources = patterns.map((pattern) =>
    [...pattern.slice(1, -1).matchAll(/\\(.)|(_)|([^\\_])/gsu)]
      .map(([, quoted, any, plain]) => (any === undefined ? escapePattern(quoted ?? plain ?? '') : '.'))
      .join(''),
  );
  const found = new RegExp(sources.length === 0 ? '(?!)' : sources.join('|'), 'isu');
  return (text) => found.test(text);
}

export function likeText(text: string): string {
  return text.replaceAll(/[\\%_]/g, String.raw`\$&`);
}
