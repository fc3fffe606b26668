/**
 * Reads JSON as a tree of nodes with their positions in the text. One value can be replaced, and every other byte stays. Numbers
 * and strings are never converted. Nothing is recursive, because a document may be nested thousands of levels deep. Text that is
 * not JSON is a result, not an exception.
 *
 * Of members with one name only the last is in the tree: JSON.parse and PostgreSQL see that one. The others stay in the text, and
 * the object keeps them apart.
 */
import { largest } from './size.ts';

export interface InvalidJson {
  readonly invalid: string;
  /** The text may well be JSON, and holds more values than are read. */
  readonly tooLarge?: true;
  /** UTF-16 offset into the text. */
  readonly position: number;
}

/** Offsets into the text: the first character, and the one after the last. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

interface NodePosition extends Span {
  end: number;
  readonly parent: JsonObject | JsonArray | undefined;
  /** Member name (decoded) or element index within the parent; empty for the document itself. */
  readonly step: string | number;
  /** Of a member, its name in the text, in its quotes. */
  readonly name: Span | undefined;
}

export interface JsonObject extends NodePosition {
  readonly kind: 'object';
  /** By decoded name, in the order of the text. */
  readonly members: Map<string, JsonNode>;
  /** Members that a later one of the same name hides. */
  readonly hidden: JsonNode[];
}

interface JsonArray extends NodePosition {
  readonly kind: 'array';
  readonly elements: JsonNode[];
}

interface JsonScalar extends NodePosition {
  readonly kind: 'string' | 'number' | 'literal';
}

export type JsonNode = JsonObject | JsonArray | JsonScalar;

interface JsonReader {
  readonly text: string;
  at: number;
  /** How many values were read. */
  values: number;
}

/** Leaves the reader from any depth; never leaves this file. */
class Unreadable extends Error {
  readonly position: number;
  readonly tooLarge: boolean;
  constructor(reason: string, position: number, tooLarge = false) {
    super(reason);
    this.position = position;
    this.tooLarge = tooLarge;
  }
}

/** The document of `text`, or why and where it is not JSON. Never throws. */
export function parseJson(text: string): JsonNode | InvalidJson {
  try {
    return readDocument({ text, at: 0, values: 0 });
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    const { message: invalid, position, tooLarge } = error;
    return tooLarge ? { invalid, position, tooLarge } : { invalid, position };
  }
}

/** The value of a string (decoded) or of a number (as it is spelled). Undefined for everything else. */
export function scalarText(text: string, node: JsonNode): string | undefined {
  if (node.kind === 'number') return text.slice(node.start, node.end);
  return node.kind === 'string' ? decodeString(text, node.start, node.end) : undefined;
}

/** The values within a container, in the order of the text; none within a scalar. */
export function childrenOf(node: JsonNode): JsonNode[] {
  if (node.kind === 'object') return [...node.members.values()];
  return node.kind === 'array' ? node.elements : [];
}

function readDocument(reader: JsonReader): JsonNode {
  let open: JsonObject | JsonArray | undefined;
  for (;;) {
    const node = readValue(reader, open);
    if ((node.kind === 'object' || node.kind === 'array') && !isClosing(reader, node)) {
      open = node;
      continue;
    }
    const complete = finishContainers(reader, node);
    if (complete.parent === undefined) return endOfDocument(reader, complete);
    open = complete.parent;
  }
}

/** After a value: closes what ends here. Returns the document, or the value after which another one must follow. */
function finishContainers(reader: JsonReader, node: JsonNode): JsonNode {
  let complete = node;
  while (complete.parent !== undefined) {
    skipSpace(reader);
    if (reader.text[reader.at] === ',') {
      reader.at += 1;
      return complete;
    }
    if (!isClosing(reader, complete.parent))
      throw unexpected(reader, complete.parent.kind === 'object' ? 'a comma or }' : 'a comma or ]');
    complete = complete.parent;
  }
  return complete;
}

function isClosing(reader: JsonReader, container: JsonObject | JsonArray): boolean {
  skipSpace(reader);
  if (reader.text[reader.at] !== (container.kind === 'object' ? '}' : ']')) return false;
  reader.at += 1;
  container.end = reader.at;
  return true;
}

function endOfDocument(reader: JsonReader, root: JsonNode): JsonNode {
  skipSpace(reader);
  if (reader.at < reader.text.length) throw unexpected(reader, 'the end of the document');
  return root;
}

/** Reads a scalar, or the opening bracket of a container, and puts the node into its parent. */
function readValue(reader: JsonReader, parent: JsonObject | JsonArray | undefined): JsonNode {
  const way = readStep(reader, parent);
  skipSpace(reader);
  const node = startNode(reader, parent, way);
  reader.values += 1;
  if (reader.values > largest.values)
    throw new Unreadable(`more than ${largest.values} values`, reader.at, true);
  if (parent?.kind === 'array') parent.elements.push(node);
  if (parent?.kind === 'object') addMember(parent, String(way.step), node);
  return node;
}

function addMember({ members, hidden }: JsonObject, name: string, node: JsonNode): void {
  const earlier = members.get(name);
  if (earlier !== undefined) hidden.push(earlier);
  // Deleted first, so that the map stays in the order of the text.
  members.delete(name);
  members.set(name, node);
}

/** How a value is reached from what holds it. */
type NodeStep = Pick<NodePosition, 'step' | 'name'>;

function readStep(reader: JsonReader, parent: JsonObject | JsonArray | undefined): NodeStep {
  if (parent === undefined) return { step: '', name: undefined };
  if (parent.kind === 'array') return { step: parent.elements.length, name: undefined };
  skipSpace(reader);
  const start = reader.at;
  if (reader.text[start] !== '"') throw unexpected(reader, 'a member name in double quotes');
  reader.at = stringEnd(reader.text, start);
  const name = { start, end: reader.at };
  const step = decodeString(reader.text, start, reader.at);
  skipSpace(reader);
  if (reader.text[reader.at] !== ':') throw unexpected(reader, 'a colon');
  reader.at += 1;
  return { step, name };
}

function startNode(
  reader: JsonReader,
  parent: JsonObject | JsonArray | undefined,
  { step, name }: NodeStep,
): JsonNode {
  const start = reader.at;
  const first = reader.text[start];
  // Written out: a document has up to millions of nodes, and a spread takes several times as long.
  if (first === '{' || first === '[') {
    reader.at += 1;
    const end = reader.at;
    return first === '{'
      ? { kind: 'object', members: new Map(), hidden: [], start, end, parent, step, name }
      : { kind: 'array', elements: [], start, end, parent, step, name };
  }
  const kind = first === '"' ? 'string' : /[-0-9]/.test(first ?? '') ? 'number' : 'literal';
  reader.at = scalarEnd(reader, kind);
  return { kind, start, end: reader.at, parent, step, name };
}

function scalarEnd(reader: JsonReader, kind: JsonScalar['kind']): number {
  if (kind === 'string') return stringEnd(reader.text, reader.at);
  const pattern =
    kind === 'number' ? /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y : /true|false|null/y;
  pattern.lastIndex = reader.at;
  if (!pattern.test(reader.text)) throw unexpected(reader, kind === 'number' ? 'a number' : 'a value');
  return pattern.lastIndex;
}

/** A loop and not a pattern: a pattern that repeats alternatives runs out of stack on a string of megabytes. */
function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code < 0x20) throw new Unreadable('a control character in a string', at);
    at += code === 0x5c ? escapeLength(text, at) : 1;
  }
  throw new Unreadable('a string without an end', start);
}

function escapeLength(text: string, at: number): number {
  if (/["\\/bfnrt]/.test(text.charAt(at + 1))) return 2;
  if (/^u[0-9a-fA-F]{4}$/.test(text.slice(at + 1, at + 6))) return 6;
  throw new Unreadable('an escape that JSON does not know', at);
}

/** The token is known to be a valid string, so JSON.parse cannot refuse it. */
function decodeString(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end - 1);
  return inner.includes('\\') ? String(JSON.parse(text.slice(start, end))) : inner;
}

function skipSpace(reader: JsonReader): void {
  for (; reader.at < reader.text.length; reader.at += 1) {
    const code = reader.text.charCodeAt(reader.at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
  }
}

function unexpected(reader: JsonReader, wanted: string): Unreadable {
  const found =
    reader.at < reader.text.length ? JSON.stringify(reader.text.charAt(reader.at)) : 'the end of the text';
  return new Unreadable(`expected ${wanted} but found ${found}`, reader.at);
}
