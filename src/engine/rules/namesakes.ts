/** Namesakes: models of the source's name at another provider. An object that says so names another model, and is no occurrence. */
import { matchingNodes, parsePattern } from '../edit/json-pointer.ts';
import { parseJson, scalarText } from '../edit/json-text.ts';
import type { JsonNode, JsonObject } from '../edit/json-text.ts';
import type { Mapping } from '../edit/value-rule.ts';
import type { Place } from './place.ts';

/** The tuples of namesakes in the objects to which a place with `fields` leads, as mappings to themselves. */
export function namesakes({ json }: Place, mappings: readonly Mapping[], text: string): Mapping[] {
  const { fields } = json ?? {};
  if (json === undefined || fields === undefined || mappings.length === 0) return [];
  const root = parseJson(text);
  if ('invalid' in root) return [];
  const nodes = matchingNodes(root, parsePattern(json.pointer));
  const objects = (json.shape === 'list' ? nodes.flatMap(elementsOf) : nodes).filter(isObject);
  const components = Object.keys(fields);
  return objects.flatMap((object) => {
    const tuple = components.map((component) => memberText(text, object, fields[component] ?? component));
    return isNamesake(components, tuple, mappings) ? [{ from: tuple, to: tuple }] : [];
  });
}

/** The same name, and of every other component something else that is not nothing. */
function isNamesake(
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

function elementsOf(node: JsonNode): readonly JsonNode[] {
  return node.kind === 'array' ? node.elements : [];
}

function isObject(node: JsonNode): node is JsonObject {
  return node.kind === 'object';
}

function memberText(text: string, object: JsonObject, name: string): string {
  const member = object.members.get(name);
  const isNull = member?.kind === 'literal' && text.startsWith('null', member.start);
  return member === undefined || isNull ? '' : (scalarText(text, member) ?? '');
}
