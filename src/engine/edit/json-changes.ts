/** What a rule changes in a document: which values, and how each is written afterwards. */
import { ownMember } from '../own.ts';
import { matchingSpots, parsePattern } from './json-pointer.ts';
import type { Pattern } from './json-pointer.ts';
import { scalarText } from './json-text.ts';
import type { JsonNode, JsonObject, Span } from './json-text.ts';
import { spliceInValue, textWithin } from './layers.ts';
import type { Layer, Spot } from './layers.ts';
import { moveElements, targetOf } from './lists.ts';
import { betweenQuotes, withSeparator } from './splices.ts';
import type { Splice } from './splices.ts';
import { textSplices } from './text-rule.ts';
import type { ValueRule } from './value-rule.ts';

/** A change of one value: the splices of the whole text that make it, and what must stay as it is for it to be undone. */
export interface JsonChange {
  readonly spot: Spot;
  readonly splices: readonly Splice[];
  /** Of the name of a member: what it becomes, and where in the layer it stands. The spot is the object. */
  readonly name?: { readonly becomes: string; readonly span: Span };
  readonly beside?: readonly JsonNode[];
}

interface Changes {
  readonly changes: readonly JsonChange[];
  /** How many names of members stay because the object has a member of the target's name. */
  readonly colliding: number;
}

export function changesOf(layer: Layer, rule: ValueRule): Changes {
  const pattern = parsePattern(rule.pointer ?? '');
  if (pattern.names) return changeNames(layer, pattern, rule);
  return { changes: changeValues(matchingSpots(layer, pattern.steps), rule), colliding: 0 };
}

/** The inner names first: afterwards every pointer still leads through the names that it says. */
function changeNames(layer: Layer, { steps }: Pattern, rule: ValueRule): Changes {
  const found = matchingSpots(layer, steps).flatMap((spot) => {
    const { node } = spot;
    if (node.kind !== 'object') return [];
    return [{ spot, node, ...namesToChange(node, rule) }];
  });
  const colliding = found.reduce((sum, one) => sum + one.colliding, 0);
  if (colliding > 0) return { changes: [], colliding };
  const innerFirst = found.sort((a, b) => a.node.end - b.node.end);
  const changes = innerFirst.flatMap(({ spot, renames, rewritten }): JsonChange[] => {
    const { layer: own } = spot;
    if (rewritten.length > 0)
      return [{ spot, splices: rewritten.map((splice) => spliceInValue(own, splice)) }];
    return renames.map(({ span, becomes }) => ({
      spot,
      name: { becomes, span },
      splices: [spliceInValue(own, betweenQuotes(span, becomes))],
    }));
  });
  return { changes, colliding: 0 };
}

function changeValues(spots: readonly Spot[], rule: ValueRule): JsonChange[] {
  const { fields, shape, mappings } = rule;
  if (fields !== undefined) {
    const objects = shape === 'list' ? spots.flatMap(elementsOf) : spots;
    return objects.flatMap((spot) =>
      spot.node.kind === 'object' ? changeObject(spot, spot.node, { ...rule, fields }) : [],
    );
  }
  if (shape === 'list') return spots.flatMap((spot) => changeList(spot, rule));
  if (shape !== 'scalar') return spots.flatMap((spot) => changeText(spot, { ...rule, shape }));
  return spots.flatMap((spot) =>
    changeScalar(spot, targetOf(scalarText(spot.layer.text, spot.node), mappings)),
  );
}

function elementsOf({ layer, node }: Spot): Spot[] {
  return node.kind === 'array' ? node.elements.map((element) => ({ layer, node: element })) : [];
}

function changeScalar(spot: Spot, to: string | undefined): JsonChange[] {
  if (to === undefined) return [];
  const { layer, node } = spot;
  const splice = scalarSplice(node, to);
  if (splice.text === layer.text.slice(splice.start, splice.end)) return [];
  return [{ spot, splices: [spliceInValue(layer, splice)] }];
}

/** A string keeps its quotes. A number is answered with a number, unless the target's id cannot be one. */
function scalarSplice(node: JsonNode, to: string): Splice {
  if (node.kind === 'string') return betweenQuotes(node, to);
  const numeric = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$/.test(to);
  return { start: node.start, end: node.end, text: numeric ? to : JSON.stringify(to) };
}

/** A string that is a list, or that has names inside it. */
function changeText(
  spot: Spot,
  { shape, mappings }: ValueRule & { readonly shape: Parameters<typeof textSplices>[1] },
): JsonChange[] {
  const inner = textWithin(spot);
  if (inner === undefined) return [];
  const splices = textSplices(inner.text, shape, mappings);
  return splices.length === 0
    ? []
    : [{ spot, splices: splices.map((splice) => spliceInValue(inner, splice)) }];
}

function changeObject(
  { layer }: Spot,
  object: JsonObject,
  rule: ValueRule & { readonly fields: Readonly<Record<string, string>> },
): JsonChange[] {
  const { text } = layer;
  const members = rule.components.map((component) =>
    object.members.get(ownMember(rule.fields, component) ?? component),
  );
  const present = members.filter((member) => member !== undefined && !isNull(text, member)) as JsonNode[];
  const mapping = rule.mappings.find(({ from }) =>
    from.every(
      (value, at) =>
        isComponent(text, members[at], value) ||
        (mayLack(rule.components, at) && isComponent(text, members[at], '')),
    ),
  );
  return members.flatMap((member, at) => {
    if (member === undefined || !present.includes(member)) return [];
    // A component that stays the same keeps its spelling too (an escaped slash, say).
    if (mapping === undefined || mapping.from[at] === mapping.to[at]) return [];
    const beside = present.filter((other) => other !== member);
    return changeScalar({ layer, node: member }, mapping.to[at]).map((change) => ({ ...change, beside }));
  });
}

/** A missing or null member is what an empty component looks like. */
function isComponent(text: string, member: JsonNode | undefined, value: string): boolean {
  if (member === undefined || isNull(text, member)) return value === '';
  return scalarText(text, member) === value;
}

/** An object without its key is named by the rest, where the rest holds a name: what a provider alone says is no model. */
export function mayLack(components: readonly string[], at: number): boolean {
  return components[at] === 'key' && components.some((other) => other === 'name' || other === 'spelling');
}

function isNull(text: string, node: JsonNode): boolean {
  return node.kind === 'literal' && text.startsWith('null', node.start);
}

function changeList(spot: Spot, rule: ValueRule): JsonChange[] {
  const { layer, node } = spot;
  if (node.kind !== 'array') return [];
  const moves = moveElements(
    node.elements.map((element) => scalarText(layer.text, element)),
    rule.mappings,
  );
  const firstKept = moves.findIndex((move) => move !== 'drop');
  const splices = node.elements.flatMap((element, at): Splice[] => {
    const move = moves[at];
    if (move === undefined) return [];
    if (move === 'drop') return [spliceInValue(layer, withSeparator(node.elements, at, firstKept))];
    return changeScalar({ layer, node: element }, move.to).flatMap((change) => change.splices);
  });
  return splices.length === 0 ? [] : [{ spot, splices }];
}

/* Names of members that are names of models: `{"gpt-4o": {"limit": 5}}`. The name moves; the value and the order stay. */

interface Rename {
  readonly span: Span;
  readonly becomes: string;
}

interface NameChanges {
  /** Members that get another name, each by itself. */
  readonly renames: readonly Rename[];
  /** Where members go, or a name is there twice, the object changes as a whole: its splices. */
  readonly rewritten: readonly Splice[];
  /** Members that stay, because another one has the name that they would get. */
  readonly colliding: number;
}

/** A member as it stands in the text; hidden ones too, otherwise a rename would show an older value. */
interface NamedMember extends Span {
  readonly name: string;
  readonly span: Span;
}

/** A name is never given twice: where the object has a member of the target's name, or two sources have one target. */
function namesToChange(object: JsonObject, { mappings, dropRedundant = false }: ValueRule): NameChanges {
  const members = membersOf(object);
  const taken = new Set(
    members.map(({ name }) => name).filter((name) => targetOf(name, mappings) === undefined),
  );
  const becomes = new Map<string, string>();
  const redundant = new Set<string>();
  for (const { name } of members) {
    const to = targetOf(name, mappings);
    if (to === undefined || becomes.has(name)) continue;
    if (taken.has(to)) redundant.add(name);
    else becomes.set(name, to);
    taken.add(to);
  }
  const colliding = dropRedundant ? 0 : redundant.size;
  const renames = members.flatMap(({ name, span }): Rename[] => {
    const to = becomes.get(name);
    return to === undefined ? [] : [{ span, becomes: to }];
  });
  if (redundant.size === 0 && renames.length === becomes.size) return { renames, rewritten: [], colliding };
  const renamed = renames.map(({ span, becomes: to }) => betweenQuotes(span, to));
  return { renames: [], rewritten: [...renamed, ...without(members, redundant)], colliding };
}

function without(members: readonly NamedMember[], redundant: ReadonlySet<string>): Splice[] {
  const firstKept = members.findIndex(({ name }) => !redundant.has(name));
  return members.flatMap(({ name }, at) =>
    redundant.has(name) ? [withSeparator(members, at, firstKept)] : [],
  );
}

function membersOf({ members, hidden }: JsonObject): NamedMember[] {
  return [...members.values(), ...hidden]
    .flatMap(({ name: span, end, step }) =>
      span === undefined ? [] : [{ name: String(step), span, start: span.start, end }],
    )
    .sort((a, b) => a.start - b.start);
}
