/** JSON pointers (RFC 6901) to one value, and pointer patterns with `*`, `**` and `~2` to many. */
import { childrenOf, type JsonNode } from './json-text.ts';

/** One step of a pattern: a literal name or index, any one step, or any number of steps including none. */
export type PatternStep = { readonly literal: string } | 'one' | 'any';

/**
 * The steps of a pointer pattern: `*` is one step (member or element), `**` any depth including none, `~0` is `~`,
 * `~1` is `/`, `~2` is a literal `*`. The empty pattern is the whole document.
 * @throws Error where the pattern does not begin with `/`: the configuration is checked for that before.
 */
export function parsePattern(pattern: string): PatternStep[] {
  if (pattern === '') return [];
  if (!pattern.startsWith('/')) throw new Error(`a JSON pointer begins with "/": ${pattern}`);
  return pattern
    .slice(1)
    .split('/')
    .map((step) => (step === '*' ? 'one' : step === '**' ? 'any' : { literal: decodeStep(step) }));
}

/** The pointer of a node: RFC 6901, no wildcards. */
export function pointerOf(node: JsonNode): string {
  const steps: string[] = [];
  for (let at: JsonNode | undefined = node; at?.parent !== undefined; at = at.parent) {
    steps.push(String(at.step).replaceAll('~', '~0').replaceAll('/', '~1'));
  }
  return steps.length === 0 ? '' : `/${steps.reverse().join('/')}`;
}

/** The node that a pointer without wildcards leads to. Undefined where there is none. */
export function findNode(root: JsonNode, pointer: string): JsonNode | undefined {
  const nodes = nodesAlong(root, pointer);
  return nodes.length === pointer.split('/').length ? nodes.at(-1) : undefined;
}

/** The nodes that a pointer without wildcards passes, from the document on, as far as they exist. */
export function nodesAlong(root: JsonNode, pointer: string): JsonNode[] {
  const nodes = [root];
  let node: JsonNode | undefined = root;
  for (const step of pointer.split('/').slice(1)) {
    node = childAt(node, step.replaceAll('~1', '/').replaceAll('~0', '~'));
    if (node === undefined) break;
    nodes.push(node);
  }
  return nodes;
}

/** All nodes that a pattern leads to, each once, in the order of the text. */
export function matchingNodes(root: JsonNode, pattern: readonly PatternStep[]): JsonNode[] {
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
    else if (step === 'one' || step?.literal === String(child.step)) next.push(state + 1);
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
