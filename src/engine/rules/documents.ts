/** The places of one column of documents: what a migration would edit there, and which of several models they name. */
import { type DocumentValue, rewriteDocument, type Rewritten } from '../edit/documents.ts';
import type { Mapping, ValueRule } from '../edit/value-rule.ts';
import { given } from '../given.ts';
import { componentsOf } from './mapping.ts';
import type { Place } from './place.ts';

export interface EditRule {
  readonly place: Place;
  readonly mappings: readonly Mapping[];
}

/** The document with the source replaced wherever one of the rules finds it. All rules are of one column. */
export function editDocument(rules: readonly EditRule[], value: DocumentValue): Rewritten {
  return rewriteDocument(value, rules.map(valueRule));
}

/** The rule of a place in the form that the editors take. */
function valueRule({ place, mappings }: EditRule): ValueRule {
  const { id, json, shape, collision } = place;
  const fields = json?.fields;
  return {
    place: id,
    shape,
    components: fields === undefined ? componentsOf(place) : Object.keys(fields),
    mappings,
    dropRedundant: collision === 'drop-redundant',
    ...given({ pointer: pointerOf(place), fields }),
  };
}

/** An array is a list of its elements. A text that is no document has no pointer. */
function pointerOf({ json, carrier, shape }: Place): string | undefined {
  return json?.pointer ?? (carrier !== 'array' ? undefined : shape === 'list' ? '' : '/*');
}

/**
 * Looks at one document: which of the tuples (see `tuplesOf`) does the place hold, by their number? None where the document cannot
 * be read. The editors that move a reference do the looking, so that a use is what a migration would find: they replace each tuple
 * by a mark, and the marks are read from the edits.
 */
export function tupleFinder(
  place: Place,
  tuples: readonly (readonly string[])[],
): (value: DocumentValue) => number[] {
  const mappings = tuples.map((tuple, at) => ({ from: tuple, to: tuple.map(() => markOf(at)) }));
  return (value) => {
    const edited = editDocument([{ place, mappings }], value);
    if (edited.kind === 'unreadable') return [];
    return [...new Set(edited.edits.flatMap(({ after }) => marksIn(after)))];
  };
}

/** JSON writes these brackets as they are, and no model is called like that. */
function markOf(at: number): string {
  return `⟦drover ${at}⟧`;
}

function marksIn(text: string): number[] {
  return [...text.matchAll(/⟦drover (\d+)⟧/g)].map((match) => Number(match[1]));
}
