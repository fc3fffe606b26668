/** Namesakes: models of the source's name at another provider. An object that says so names another model, and is no occurrence. */
import { ownMember } from '../own.ts';
import type { DocumentValue } from '../edit/documents.ts';
import { matchingSpots, parsePattern } from '../edit/json-pointer.ts';
import { scalarText } from '../edit/json-text.ts';
import { outermostLayer, type Spot } from '../edit/layers.ts';
import type { Mapping } from '../edit/value-rule.ts';
import type { Place } from './place.ts';

/** By what a place says that its values are: does this one name another provider's model? */
export type NamesakeTest = (place: Place, text: string) => boolean;

/** The tuples of namesakes to which a place leads, as mappings to themselves. */
export function namesakes(
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
