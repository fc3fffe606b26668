/** The places of one column of documents: what a migration would edit there, and which of several models they name. */
import { markOf, marksIn } from '../edit/marks.ts';
import { rewriteDocument } from '../edit/documents.ts';
import type { DocumentValue, Rewritten } from '../edit/documents.ts';
import type { Mapping, ValueRule } from '../edit/value-rule.ts';
import { given } from '../given.ts';
import { componentsOf } from './mapping.ts';
import type { Place } from './place.ts';
import { ownMember } from '../own.ts';
import { matchingSpots, parsePattern } from '../edit/json-pointer.ts';
import { scalarText } from '../edit/json-text.ts';
import { outermostLayer } from '../edit/layers.ts';
import type { Spot } from '../edit/layers.ts';

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

export interface Covering {
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

/* Namesakes: models of the source's name at another provider. An object that says so names another model, and is no occurrence. */

/** By what a place says that its values are: does this one name another provider's model? */
type NamesakeTest = (place: Place, text: string) => boolean;

/** The tuples of namesakes to which a place leads, as mappings to themselves. */
function namesakes(
  { place, mappings }: { readonly place: Place; readonly mappings: readonly Mapping[] },
  { text, elements }: DocumentValue,
  isNamesake: NamesakeTest,
): Mapping[] {
  if (mappings.length === 0) return [];
  const texts = [...(elements ?? []), ...textsAt(place, text)].filter((each) => each !== null);
  const others = texts.filter((each) => isNamesake(place, each));
  return [...others.map((each) => ({ from: [each], to: [each] })), ...ofObjects(place, mappings, text)];
}

/** The single values to which a place without `fields` leads. */
function textsAt({ json, shape }: Place, text: string): string[] {
  const layer = json === undefined || json.fields !== undefined ? undefined : outermostLayer(text);
  if (json === undefined || layer === undefined || 'invalid' in layer) return [];
  const spots = matchingSpots(layer, parsePattern(json.pointer).steps);
  const values = shape === 'list' ? spots.flatMap(elementsOf) : spots;
  return values.flatMap((spot) => scalarText(spot.layer.text, spot.node) ?? []);
}

function ofObjects({ json, shape }: Place, mappings: readonly Mapping[], text: string): Mapping[] {
  const { fields } = json ?? {};
  if (json === undefined || fields === undefined) return [];
  const layer = outermostLayer(text);
  if ('invalid' in layer) return [];
  const spots = matchingSpots(layer, parsePattern(json.pointer).steps);
  const objects = shape === 'list' ? spots.flatMap(elementsOf) : spots;
  const components = Object.keys(fields);
  return objects.flatMap((object) => {
    const tuple = components.map((component) =>
      memberText(object, ownMember(fields, component) ?? component),
    );
    return namesOther(components, tuple, mappings) ? [{ from: tuple, to: tuple }] : [];
  });
}

/** The same name, and of every other component something else that is not nothing. */
function namesOther(
  components: readonly string[],
  tuple: readonly string[],
  mappings: readonly Mapping[],
): boolean {
  const at = components.indexOf('name');
  if (at < 0 || !mappings.some(({ from }) => from[at] === tuple[at])) return false;
  const others = [...components.keys()].filter((other) => other !== at);
  return others.some(
    (other) => tuple[other] !== '' && mappings.every(({ from }) => from[other] !== tuple[other]),
  );
}

function elementsOf({ layer, node }: Spot): Spot[] {
  return node.kind === 'array' ? node.elements.map((element) => ({ layer, node: element })) : [];
}

/** Empty where there is no such member, or null. */
function memberText({ layer: { text }, node }: Spot, name: string): string {
  const member = node.kind === 'object' ? node.members.get(name) : undefined;
  const isNull = member?.kind === 'literal' && text.startsWith('null', member.start);
  return member === undefined || isNull ? '' : (scalarText(text, member) ?? '');
}
