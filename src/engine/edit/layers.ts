/**
 * Documents within strings of documents. A layer is one text with what it holds; the value itself is the outermost. A string of a
 * layer, taken out of its quotes and escapes, is a text that may hold a layer of its own. What is changed in an inner text is written
 * into the value with one escape for each string around it, so that all bytes beside the change stay.
 */
import { type InvalidJson, type JsonNode, parseJson, scalarText, type Span } from './json-text.ts';
import type { Splice } from './splices.ts';

/** A text within the value. */
interface InnerText {
  readonly text: string;
  /** How many strings are around it. */
  readonly depth: number;
  /**
   * Where in the value each character of the text begins, and where the last one ends; none where the text is the value. Worked out
   * where something in the text is changed: most texts stay.
   */
  readonly offsets?: () => readonly number[];
}

/** A text that is JSON. */
export interface Layer extends InnerText {
  readonly root: JsonNode;
  /** The string that holds the text. */
  readonly holder: Spot | undefined;
  /** Strings of this layer that were opened: the layer that each holds, if it does. */
  readonly opened: Map<JsonNode, Layer | undefined>;
}

/** A value of some layer. */
export interface Spot {
  readonly layer: Layer;
  readonly node: JsonNode;
}

/** The value itself, as the outermost layer. */
export function outermostLayer(text: string): Layer | InvalidJson {
  const root = parseJson(text);
  return 'invalid' in root ? root : { text, depth: 0, root, holder: undefined, opened: new Map() };
}

/** The document that a string holds. Undefined where the value is no string, or the string holds none. */
export function layerWithin(spot: Spot): Layer | undefined {
  const { opened } = spot.layer;
  if (!opened.has(spot.node)) opened.set(spot.node, openLayer(spot));
  return opened.get(spot.node);
}

function openLayer(spot: Spot): Layer | undefined {
  const inner = textWithin(spot);
  if (inner === undefined) return undefined;
  const root = parseJson(inner.text);
  if (!('invalid' in root)) return { ...inner, root, holder: spot, opened: new Map() };
  // A text that is no JSON holds no document. Of one that is too large nobody knows.
  if (root.tooLarge) throw new TooLargeWithin(root.invalid);
  return undefined;
}

/** A string holds more values than are read. Caught where the value is edited. */
export class TooLargeWithin extends Error {}

/** What a string says, and where it says it. Undefined where the value is no string. */
export function textWithin({ layer, node }: Spot): InnerText | undefined {
  const text = node.kind === 'string' ? scalarText(layer.text, node) : undefined;
  if (text === undefined) return undefined;
  let offsets: readonly number[] | undefined;
  return { text, depth: layer.depth + 1, offsets: () => (offsets ??= offsetsIn(layer, node)) };
}

function offsetsIn(layer: Layer, node: JsonNode): number[] {
  const offsets: number[] = [];
  let at = node.start + 1;
  for (; at < node.end - 1; at += spelledLength(layer.text, at)) offsets.push(offsetIn(layer, at));
  offsets.push(offsetIn(layer, at));
  return offsets;
}

/** How many characters of a string's text spell one of its own. The string is known to be valid. */
function spelledLength(text: string, at: number): number {
  if (text[at] !== '\\') return 1;
  return text[at + 1] === 'u' ? 6 : 2;
}

function offsetIn({ offsets }: InnerText, at: number): number {
  return offsets === undefined ? at : (offsets()[at] ?? 0);
}

/** A part of an inner text as a part of the value. */
export function spanInValue(inner: InnerText, { start, end }: Span): Span {
  return { start: offsetIn(inner, start), end: offsetIn(inner, end) };
}

/** A change of an inner text as a change of the value. */
export function spliceInValue(inner: InnerText, splice: Splice): Splice {
  return { ...spanInValue(inner, splice), text: escaped(splice.text, inner.depth) };
}

/** A text as it stands within so many strings. */
export function escaped(text: string, depth: number): string {
  let result = text;
  for (let level = 0; level < depth; level += 1) result = JSON.stringify(result).slice(1, -1);
  return result;
}

/** The text that stands there within so many strings. */
export function unescaped(raw: string, depth: number): string {
  let result = raw;
  for (let level = 0; level < depth; level += 1) result = String(JSON.parse(`"${result}"`));
  return result;
}
