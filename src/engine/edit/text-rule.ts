/** Editing a text that is no document: lists whose elements a character parts (`gpt-4, o1`), and names inside a longer text. */
import { beginsAt, endsAt } from '../boundaries.ts';
import type { Span } from './json-text.ts';
import { moveElements } from './lists.ts';
import type { Splice } from './splices.ts';
import type { Mapping, TextShape } from './value-rule.ts';

/** What parts the elements of a list in a text. */
export const separators = { comma: ',', bars: '|' } as const;

/** The changes that move the references of a text. */
export function textSplices(text: string, shape: TextShape, mappings: readonly Mapping[]): Splice[] {
  return shape === 'inside' ? insideSplices(text, mappings) : listSplices(text, separators[shape], mappings);
}

/** Equal for texts that mean the same: spaces around the elements of a list do not count. */
export function textMeaning(text: string, shape: TextShape): string {
  if (shape === 'inside') return text;
  const separator = separators[shape];
  return text
    .split(separator)
    .map((element) => element.trim())
    .join(separator);
}

/**
 * Every place where a source stands by itself. Of two that overlap the one that begins first moves, then the longer one:
 * `vendor/name` before the `name` within it.
 */
function insideSplices(text: string, mappings: readonly Mapping[]): Splice[] {
  const found = mappings.flatMap(({ from: [needle = ''], to: [to = ''] }) =>
    placesOf(text, needle).map((start) => ({ start, end: start + needle.length, text: to })),
  );
  let end = 0;
  return found
    .sort((a, b) => a.start - b.start || b.end - a.end)
    .filter((splice) => {
      if (splice.start < end) return false;
      end = splice.end;
      return true;
    });
}

function placesOf(text: string, needle: string): number[] {
  const places: number[] = [];
  if (needle === '') return places;
  for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + 1))
    if (isBounded(text, at, needle)) places.push(at);
  return places;
}

/** What begins or ends with another character than names have, such as the slash of `/printers/{key}`, needs no boundary there. */
function isBounded(text: string, at: number, needle: string): boolean {
  const begins = !nameCharacter.test(needle.charAt(0)) || beginsAt(text, at);
  return begins && (!nameCharacter.test(needle.at(-1) ?? '') || endsAt(text, at + needle.length));
}

const nameCharacter = /[\p{L}\p{M}\p{N}_.-]/u;

/** An element of a list: with the spaces around it, and without. */
interface ListElement {
  readonly whole: Span;
  readonly word: Span;
}

/** The spaces around each element stay. The list goes on beginning and ending with the space it had there. */
function listSplices(text: string, separator: string, mappings: readonly Mapping[]): Splice[] {
  const elements = elementsOf(text, separator);
  const moves = moveElements(
    elements.map(({ word }) => text.slice(word.start, word.end)),
    mappings,
  );
  const kept = [...moves.keys()].filter((at) => moves[at] !== 'drop');
  const replaced = kept.flatMap((at): Splice[] => {
    const [move, element] = [moves[at], elements[at]];
    return typeof move === 'object' && element !== undefined ? [{ ...element.word, text: move.to }] : [];
  });
  const gaps = [-1, ...kept].flatMap((before, n): Splice[] => {
    const after = kept[n] ?? elements.length;
    return after - before > 1 ? [{ ...gapBetween(elements, before, after), text: '' }] : [];
  });
  return [...replaced, ...gaps];
}

/** What goes with the elements between two that stay; before the first and behind the last there is none that stays. */
function gapBetween(elements: readonly ListElement[], before: number, after: number): Span {
  const [left, right] = [elements[before], elements[after]];
  if (left === undefined) return { start: elements[0]?.word.start ?? 0, end: right?.word.start ?? 0 };
  if (right === undefined) return { start: left.word.end, end: elements.at(-1)?.word.end ?? 0 };
  return { start: left.whole.end, end: elements[after - 1]?.whole.end ?? 0 };
}

function elementsOf(text: string, separator: string): ListElement[] {
  let start = 0;
  return text.split(separator).map((part) => {
    const whole = { start, end: start + part.length };
    start = whole.end + separator.length;
    const before = part.length - part.trimStart().length;
    const word = { start: whole.start + before, end: whole.start + before + part.trim().length };
    return { whole, word };
  });
}
