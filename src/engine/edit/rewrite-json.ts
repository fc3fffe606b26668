/**
 * Moves references inside a JSON document by editing its text. Only the values that name the source change; everything else stays
 * byte for byte. Rules run one after the other, each on the text that the rule before left. So no value is edited twice, and the
 * edits can be taken back from the last to the first.
 *
 * A string that itself holds JSON ("{\"model\":\"a\"}") is a string, and what is inside is out of reach. A text column that holds
 * JSON is read as JSON.
 */
import { matchingNodes, parsePattern, pointerOf } from './json-pointer.ts';
import { parseJson, scalarText } from './json-text.ts';
import type { InvalidJson, JsonArray, JsonNode, JsonObject } from './json-text.ts';
import { moveElements, targetOf } from './lists.ts';
import { applySplices, type Splice, spliceWithin } from './splices.ts';
import type { Edit, ValueRule } from './value-rule.ts';

/** A change of one node: the splices that make it, and the nodes that must keep their value for it to be undone. */
interface Change {
  readonly node: JsonNode;
  readonly splices: readonly Splice[];
  readonly beside?: readonly JsonNode[];
}

/**
 * Applies the rules. A scalar is a string equal to a source, or a number spelled like it; a number stays a number where the target
 * can be one. With `fields` every component must equal the tuple, and all members change together or none. A member that is missing
 * or null matches only an empty component, and is not written. In a list the elements equal to a source are replaced, or dropped
 * where the target is there already. With `fields` the elements are objects, and none is dropped: it may hold more than a name.
 * @returns the new text and one edit per changed value (per changed list for lists), or why the text is not JSON.
 */
export function rewriteJson(
  text: string,
  rules: readonly ValueRule[],
): { text: string; edits: Edit[] } | InvalidJson {
  let current = { text, root: parseJson(text) };
  const edits: Edit[] = [];
  for (const rule of rules) {
    if ('invalid' in current.root) return current.root;
    const changes = changesOf(current.text, current.root, rule);
    if (changes.length === 0) continue;
    const splices = changes.flatMap((change) => change.splices);
    edits.push(...editsOf(current.text, rule.place, changes));
    const next = applySplices(current.text, splices);
    current = { text: next, root: parseJson(next) };
  }
  return 'invalid' in current.root ? current.root : { text: current.text, edits };
}

function changesOf(text: string, root: JsonNode, rule: ValueRule): Change[] {
  const nodes = matchingNodes(root, parsePattern(rule.pointer ?? ''));
  const { fields } = rule;
  if (fields !== undefined) {
    const objects = rule.shape === 'list' ? elementsOf(nodes) : nodes;
    return objects.flatMap((node) =>
      node.kind === 'object' ? changeObject(text, node, { ...rule, fields }) : [],
    );
  }
  if (rule.shape === 'list')
    return nodes.flatMap((node) => (node.kind === 'array' ? changeList(text, node, rule) : []));
  return nodes.flatMap((node) => changeScalar(text, node, targetOf(scalarText(text, node), rule.mappings)));
}

function elementsOf(nodes: readonly JsonNode[]): JsonNode[] {
  return nodes.flatMap((node) => (node.kind === 'array' ? node.elements : []));
}

function changeScalar(text: string, node: JsonNode, to: string | undefined): Change[] {
  if (to === undefined) return [];
  const after = asValue(to, node);
  return after === text.slice(node.start, node.end)
    ? []
    : [{ node, splices: [{ start: node.start, end: node.end, text: after }] }];
}

/** A number is answered with a number, unless the target's id cannot be one. */
function asValue(to: string, node: JsonNode): string {
  const numeric = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$/.test(to);
  return node.kind === 'number' && numeric ? to : JSON.stringify(to);
}

function changeObject(
  text: string,
  object: JsonObject,
  rule: ValueRule & { readonly fields: Readonly<Record<string, string>> },
): Change[] {
  const members = rule.components.map((component) => object.members.get(rule.fields[component] ?? component));
  const present = members.filter((member) => member !== undefined && !isNull(text, member)) as JsonNode[];
  const mapping = rule.mappings.find(({ from }) =>
    from.every((value, at) => isComponent(text, members[at], value)),
  );
  return members.flatMap((member, at) => {
    if (member === undefined || !present.includes(member)) return [];
    // A component that stays the same keeps its spelling too (an escaped slash, say).
    if (mapping === undefined || mapping.from[at] === mapping.to[at]) return [];
    const beside = present.filter((other) => other !== member);
    return changeScalar(text, member, mapping.to[at]).map((change) => ({ ...change, beside }));
  });
}

/** A missing or null member is what an empty component looks like. */
function isComponent(text: string, member: JsonNode | undefined, value: string): boolean {
  if (member === undefined || isNull(text, member)) return value === '';
  return scalarText(text, member) === value;
}

function isNull(text: string, node: JsonNode): boolean {
  return node.kind === 'literal' && text.startsWith('null', node.start);
}

function changeList(text: string, list: JsonArray, rule: ValueRule): Change[] {
  const moves = moveElements(
    list.elements.map((element) => scalarText(text, element)),
    rule.mappings,
  );
  const firstKept = moves.findIndex((move) => move !== 'drop');
  const splices = list.elements.flatMap((element, at): Splice[] => {
    const move = moves[at];
    if (move === undefined) return [];
    if (move === 'drop') return [withSeparator(list, at, firstKept)];
    return changeScalar(text, element, move.to).flatMap((change) => change.splices);
  });
  return splices.length === 0 ? [] : [{ node: list, splices }];
}

/** The element with the comma and the space between it and its neighbour on the side of the elements that stay. */
function withSeparator({ elements }: JsonArray, at: number, firstKept: number): Splice {
  const [start, end] =
    at < firstKept
      ? [elements[at]?.start, elements[at + 1]?.start]
      : [elements[at - 1]?.end, elements[at]?.end];
  return { start: start ?? 0, end: end ?? 0, text: '' };
}

/** Of lists within lists only the outermost is an edit. To take it back takes back what is inside. */
function editsOf(text: string, place: string, changes: readonly Change[]): Edit[] {
  const changed = new Set(changes.map((change) => change.node));
  const byNode = new Map(changes.map((change) => [change.node, [...change.splices]]));
  for (const change of changes) {
    const outer = outermostIn(changed, change.node);
    if (outer !== change.node) byNode.get(outer)?.push(...change.splices);
  }
  const edits = changes.filter((change) => outermostIn(changed, change.node) === change.node);
  const after = new Map(edits.map(({ node }) => [node, spliceWithin(text, node, byNode.get(node) ?? [])]));
  return edits.map((change) => editOf({ text, place, after }, change));
}

interface EditContext {
  readonly text: string;
  readonly place: string;
  /** The new raw text of each edited node. */
  readonly after: ReadonlyMap<JsonNode, string>;
}

function editOf({ text, place, after }: EditContext, { node, beside }: Change): Edit {
  const before = text.slice(node.start, node.end);
  const edit = { place, pointer: pointerOf(node), before, after: after.get(node) ?? before };
  if (beside === undefined || beside.length === 0) return edit;
  const others = beside.map((other) => [
    pointerOf(other),
    after.get(other) ?? text.slice(other.start, other.end),
  ]);
  return { ...edit, beside: Object.fromEntries(others) };
}

function outermostIn(nodes: ReadonlySet<JsonNode>, node: JsonNode): JsonNode {
  let outermost = node;
  for (let at: JsonNode | undefined = node.parent; at !== undefined; at = at.parent)
    if (nodes.has(at)) outermost = at;
  return outermost;
}
