/**
 * Which of several models one place of a document names. It asks the editors that move a reference, so that what counts as a use
 * is what a migration would find: each way to write a model is replaced by a mark, and the marks are read from the edits.
 */
import { editDocument } from './edit.ts';
import type { DocumentValue } from './edit.ts';
import type { Place } from '../rules/place.ts';

/** One look at a document: the tuples (see `tuplesOf`) that the place holds, by their number; none where it cannot be read. */
export function tupleFinder(
  place: Place,
  tuples: readonly (readonly string[])[],
): (value: DocumentValue) => number[] {
  const mappings = tuples.map((tuple, at) => ({ from: tuple, to: tuple.map(() => markOf(at)) }));
  return (value) => {
    const edited = editDocument([{ place, mappings }], value);
    return edited.kind === 'unreadable'
      ? []
      : [...new Set(edited.edits.flatMap(({ after }) => marksIn(after)))];
  };
}

/** JSON writes these brackets as they are, and no model is called like that. */
function markOf(at: number): string {
  return `⟦drover ${at}⟧`;
}

function marksIn(text: string): number[] {
  return [...text.matchAll(/⟦drover (\d+)⟧/g)].map((match) => Number(match[1]));
}
