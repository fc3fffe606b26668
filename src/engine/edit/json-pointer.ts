/**
 * JSON pointers (RFC 6901) to one value, and pointer patterns with `*`, `**` and `~2` to many. In both the step `~json` leads into the
 * document that a string holds, and `~key` to the names of an object's members.
 */
import { childrenOf, type JsonNode } from './json-text.ts';
import { type Layer, layerWithin, type Spot, unescaped } from './layers.ts';
import type { Edit } from './value-rule.ts';

/** One step of a pattern: a literal name or index, any one step, or any number of steps including none; or into a string. */
export type PatternStep = { readonly literal: string } | 'one' | 'any' | 'json';

/** A pattern without the last step `~key`, and whether it had one. */
export interface Pattern {
  readonly steps: readonly PatternStep[];
  readonly names: boolean;
}

const namesOfMembers = '/~key';

/**
 * The steps of a pointer pattern: `*` is one step (member or element), `**` any depth including none, `~0` is `~`,
 * `~1` is `/`, `~2` is a literal `*`, `~json` leads into a string; `~key` at the end means the names of members. The empty pattern
 * is the whole document.
 * @throws Error where the pattern does not begin with `/`: the configuration is checked for that before.
 */
export function parsePattern(pattern: string): Pattern {
  const names = isForNames(pattern);
  const values = names ? pattern.slice(0, -namesOfMembers.length) : pattern;
  if (values === '') return { steps: [], names };
  if (!values.startsWith('/')) throw new Error(`a JSON pointer begins with "/": ${pattern}`);
  return { steps: values.slice(1).split('/').map(stepOf), names };
}

/** Does the pattern mean the names of members? */
export function isForNames(pattern: string): boolean {
  return pattern.endsWith(namesOfMembers);
}

/** How many strings does a pointer or pattern lead into? */
export function depthOf(pointer: string): number {
  return pointer.split('/').filter((step) => step === '~json').length;
}

function stepOf(step: string): PatternStep {
  if (step === '~json') return 'json';
  return step === '*' ? 'one' : step === '**' ? 'any' : { literal: decodeStep(step) };
}

/** The pointers of values that hold others, so that the way to each is written once. */
export type Pointers = Map<JsonNode, string>;

/** The pointer of a value: no wildcards. */
export function pointerOf({ layer, node }: Spot, known: Pointers = new Map()): string {
  const way: JsonNode[] = [];
  let from: JsonNode | undefined = node;
  for (; from !== undefined && !known.has(from); from = from.parent) way.push(from);
  let pointer = from === undefined ? '' : (known.get(from) ?? '');
  for (const at of way.reverse()) {
    pointer =
      at.parent === undefined ? rootPointer(layer, known) : `${pointer}/${encodeStep(String(at.step))}`;
    if (at.kind === 'object' || at.kind === 'array') known.set(at, pointer);
  }
  return pointer;
}

function rootPointer({ holder }: Layer, known: Pointers): string {
  return holder === undefined ? '' : `${pointerOf(holder, known)}/~json`;
}

/** The pointer of the name of a member of the object there. */
export function pointerOfName(object: Spot, name: string, known?: Pointers): string {
  return `${pointerOf(object, known)}${namesOfMembers}/${encodeStep(name)}`;
}

/** The pointer of an edit's value as it was before: the name of a member was another one. */
export function pointerBefore({ pointer, before }: Pick<Edit, 'pointer' | 'before'>): string {
  const named = nameIn(pointer);
  if (named === undefined) return pointer;
  const name = String(JSON.parse(unescaped(before, depthOf(pointer))));
  return `${named.object}${namesOfMembers}/${encodeStep(name)}`;
}

/** The object and the member of which a pointer means the name. Undefined where it means a value. */
export function nameIn(pointer: string): { object: string; name: string } | undefined {
  const at = pointer.lastIndexOf(`${namesOfMembers}/`);
  if (at < 0) return undefined;
  return { object: pointer.slice(0, at), name: decodeName(pointer.slice(at + namesOfMembers.length + 1)) };
}

/** Values that hold others, by their pointers, so that the way to each is gone once. */
export type Spots = Map<string, Spot>;

/** The value that a pointer without wildcards leads to. Undefined where there is none. */
export function findSpot(layer: Layer, pointer: string, known: Spots = new Map()): Spot | undefined {
  const { spot, isEnd } = lastSpot(layer, pointer, known);
  return isEnd ? spot : undefined;
}

/** The last value that exists on the way of a pointer without wildcards, and whether the pointer ends there. */
export function lastSpot(layer: Layer, pointer: string, known: Spots): { spot: Spot; isEnd: boolean } {
  let at = pointer.length;
  while (at > 0 && !known.has(pointer.slice(0, at))) at = pointer.lastIndexOf('/', at - 1);
  let spot = known.get(pointer.slice(0, at)) ?? { layer, node: layer.root };
  while (at < pointer.length) {
    const next = pointer.indexOf('/', at + 1);
    const end = next === -1 ? pointer.length : next;
    const inner = spotAt(spot, pointer.slice(at + 1, end));
    if (inner === undefined) return { spot, isEnd: false };
    at = end;
    spot = inner;
    if (at < pointer.length) known.set(pointer.slice(0, at), spot);
  }
  return { spot, isEnd: true };
}

function spotAt({ layer, node }: Spot, step: string): Spot | undefined {
  if (step === '~json') {
    const inner = layerWithin({ layer, node });
    return inner && { layer: inner, node: inner.root };
  }
  const child = childAt(node, decodeName(step));
  return child && { layer, node: child };
}

/** All values that a pattern leads to, each once, in the order of the text. */
export function matchingSpots(layer: Layer, steps: readonly PatternStep[]): Spot[] {
  const end = steps.indexOf('json');
  const here = matchingNodes(layer.root, end < 0 ? steps : steps.slice(0, end)).map((node) => ({
    layer,
    node,
  }));
  if (end < 0) return here;
  return here.flatMap((spot) => {
    const inner = layerWithin(spot);
    return inner === undefined ? [] : matchingSpots(inner, steps.slice(end + 1));
  });
}

function matchingNodes(root: JsonNode, pattern: readonly PatternStep[]): JsonNode[] {
  const found: JsonNode[] = [];
  const pending: { node: JsonNode; states: ReadonlySet<number> }[] = [
    { node: root, states: withSkips(pattern, [0]) },
  ];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.states.has(pattern.length)) found.push(next.node);
    for (const child of childrenOf(next.node).toReversed()) {
      const states = advance(pattern, next.states, child);
      if (states.size > 0) pending.push({ node: child, states });
    }
  }
  return found;
}

function childAt(node: JsonNode, step: string): JsonNode | undefined {
  if (node.kind === 'object') return node.members.get(step);
  return node.kind === 'array' && /^(0|[1-9][0-9]*)$/.test(step) ? node.elements[Number(step)] : undefined;
}

/** A state is how many steps of the pattern are behind us; several at once because of `**`. */
function advance(pattern: readonly PatternStep[], states: ReadonlySet<number>, child: JsonNode): Set<number> {
  const next: number[] = [];
  for (const state of states) {
    const step = pattern[state];
    if (step === 'any') next.push(state);
    else if (step === 'one' || (typeof step === 'object' && step.literal === String(child.step)))
      next.push(state + 1);
  }
  return withSkips(pattern, next);
}

/** `**` may stand for no step at all, so the state behind it is reached as well. */
function withSkips(pattern: readonly PatternStep[], states: readonly number[]): Set<number> {
  const all = new Set(states);
  for (const state of all) if (pattern[state] === 'any') all.add(state + 1);
  return all;
}

/** In one pass, so that `~01` is `~1` and not `/`. */
function decodeStep(step: string): string {
  return step.replaceAll(/~[012]/g, (escape) => (escape === '~0' ? '~' : escape === '~1' ? '/' : '*'));
}

/** A name as a step of a pointer. */
export function encodeStep(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

function decodeName(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~');
}
