/** The places of one column of documents: what a migration would edit there, and which of several models they name. */
import { markOf, marksIn } from '../edit/marks.ts';
import { type DocumentValue, rewriteDocument, type Rewritten } from '../edit/documents.ts';
import type { Mapping, ValueRule } from '../edit/value-rule.ts';
import { given } from '../given.ts';
import { componentsOf } from './mapping.ts';
import { namesakes } from './namesakes.ts';
import type { NamesakeTest } from './namesakes.ts';
import type { Place } from './place.ts';

export interface EditRule {
  readonly place: Place;
  readonly mappings: readonly Mapping[];
}

/** The document with the source replaced wherever one of the rules finds it. All rules are of one column. */
export function editDocument(rules: readonly EditRule[], value: DocumentValue): Rewritten {
  return rewriteDocument(
    value,
    rules.map((rule) => valueRule(rule, value.alike ?? {})),
  );
}

/** The rule of a place in the form that the editors take. */
function valueRule({ place, mappings }: EditRule, alike: Readonly<Record<string, string>>): ValueRule {
  const { id, json, shape, collision } = place;
  const fields = json?.fields;
  return {
    place: id,
    shape,
    components: fields === undefined ? componentsOf(place) : Object.keys(fields),
    mappings: asWritten(mappings, alike),
    dropRedundant: collision === 'drop-redundant',
    ...given({ pointer: pointerOf(place), fields }),
  };
}

/** An array is a list of its elements. A text that is no document has no pointer. */
function pointerOf({ json, carrier, shape }: Place): string | undefined {
  return json?.pointer ?? (carrier !== 'array' ? undefined : shape === 'list' ? '' : '/*');
}

/** The mappings for a list that writes some of their values in ways of its own. A target that stands there stays as it is written. */
function asWritten(
  mappings: readonly Mapping[],
  alike: Readonly<Record<string, string>>,
): readonly Mapping[] {
  const ways = Object.entries(alike);
  if (ways.length === 0) return mappings;
  const written = new Map(ways.map(([element, value]) => [value, element]));
  const standing = mappings.map(({ from, to }) => ({
    from,
    to: to.map((value) => written.get(value) ?? value),
  }));
  const others = ways.flatMap(([element, value]) =>
    standing.filter(({ from }) => from[0] === value).map(({ to }) => ({ from: [element], to })),
  );
  return [...standing, ...others];
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

interface Covering {
  readonly isNamesake: NamesakeTest;
  /** Does the place of the rule ask about the document where it cannot read it? */
  readonly answers: (rule: EditRule) => boolean;
}

/**
 * The value as places would leave it, with marks where they would write: what still names the source there, no place covers. The editors
 * that move a reference decide it, so that whatever one of them can edit is covered. Undefined where a place asks about all of it.
 */
export function markCovered(
  rules: readonly EditRule[],
  value: DocumentValue,
  { isNamesake, answers }: Covering,
): DocumentValue | undefined {
  let marked = value;
  // One after the other: what one place cannot read another may.
  for (const rule of rules) {
    const all = [...rule.mappings, ...namesakes(rule, value, isNamesake)];
    const mappings = all.map(({ from }, at) => ({ from, to: from.map(() => markOf(at)) }));
    const edited = editDocument([{ place: rule.place, mappings }], {
      ...marked,
      ...given({ alike: value.alike }),
    });
    if (edited.kind === 'edited') marked = edited.value;
    else if (answers(rule)) return undefined;
  }
  return marked;
}
