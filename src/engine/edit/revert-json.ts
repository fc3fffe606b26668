/**
 * Takes edits of a JSON document back. An edit is taken back only where the value still means what was written; what somebody
 * changed since stays, and is listed. A value is found by its pointer. Where elements were inserted or removed before the value,
 * the pointer leads elsewhere, and the value stays.
 */
import { findSpot, lastSpot, nameIn, type Spots } from './json-pointer.ts';
import { childrenOf, type InvalidJson, type JsonNode, parseJson, scalarText } from './json-text.ts';
import { type Layer, outermostLayer, spanInValue, type Spot, unescaped } from './layers.ts';
import { applySplices, type Splice } from './splices.ts';
import type { Edit, SkippedEdit } from './value-rule.ts';

interface RevertedJson {
  readonly text: string;
  readonly reverted: Edit[];
  readonly skipped: SkippedEdit[];
}

/** Edits that one reading of the text allows: none of their values lies within another. */
interface EditBatch {
  readonly layer: Layer;
  readonly spots: Spots;
  readonly splices: Splice[];
  /** The values to be replaced, by which edit, and everything around them. */
  readonly taken: Map<JsonNode, Edit>;
  readonly around: Set<JsonNode>;
  /** Objects of which a member gets another name: pointers through them lead elsewhere afterwards. */
  readonly renamed: Set<JsonNode>;
  /** Is an object or a list replaced, or a name within one? */
  holdsValues: boolean;
}

/**
 * Takes edits back, the last first. A value still means what was written where only spelling and spaces differ. It gets exactly
 * the text that it had before.
 * @param edits as `rewriteJson` returned them, in that order.
 * @returns the new text, the edits taken back and those that were not, or why the text is not JSON.
 */
export function revertJson(text: string, edits: readonly Edit[]): RevertedJson | InvalidJson {
  const [reverted, skipped]: [Edit[], SkippedEdit[]] = [[], []];
  let batch = startBatch(text);
  for (const edit of edits.toReversed()) {
    if (!('invalid' in batch) && overlaps(batch, edit))
      batch = startBatch(applySplices(batch.layer.text, batch.splices));
    if ('invalid' in batch) return batch;
    const reason = addToBatch(batch, edit);
    if (reason === undefined) reverted.push(edit);
    else skipped.push({ edit, reason });
  }
  if ('invalid' in batch) return batch;
  return { text: applySplices(batch.layer.text, batch.splices), reverted, skipped };
}

function startBatch(text: string): EditBatch | InvalidJson {
  const layer = outermostLayer(text);
  if ('invalid' in layer) return layer;
  return {
    layer,
    spots: new Map(),
    splices: [],
    taken: new Map(),
    around: new Set(),
    renamed: new Set(),
    holdsValues: false,
  };
}

/** Does the edit need to see what the batch has not written yet? */
function overlaps(batch: EditBatch, edit: Edit): boolean {
  const pointer = nameIn(edit.pointer)?.object ?? edit.pointer;
  // The way to the value is asked, because the rest of the pointer may lead nowhere until the value around it is replaced.
  const { spot, isEnd } = lastSpot(batch.layer, pointer, batch.spots);
  if (isWithinTaken(batch, spot)) return true;
  if (isEnd && batch.around.has(spot.node) && pointer === edit.pointer) return true;
  return besideIsTaken(batch, edit);
}

/** Is the value, or something around it, replaced or named otherwise? Scalars hold nothing but what their text does. */
function isWithinTaken({ taken, renamed, holdsValues }: EditBatch, spot: Spot): boolean {
  for (let at: Spot | undefined = spot; at !== undefined; at = at.layer.holder)
    for (
      let node: JsonNode | undefined = at.node;
      node !== undefined;
      node = holdsValues ? node.parent : undefined
    )
      if (taken.has(node) || renamed.has(node)) return true;
  return false;
}

/** Members of one object are compared as they were before any of them was taken back. Members of the same edit do not count. */
function besideIsTaken(batch: EditBatch, edit: Edit): boolean {
  return Object.keys(edit.beside ?? {}).some((pointer) => {
    const node = findSpot(batch.layer, pointer, batch.spots)?.node;
    const taker = node === undefined ? undefined : batch.taken.get(node);
    return taker !== undefined && (taker.place !== edit.place || taker.beside?.[edit.pointer] === undefined);
  });
}

/** Adds the edit, or says why it cannot be taken back. */
function addToBatch(batch: EditBatch, edit: Edit): string | undefined {
  const named = nameIn(edit.pointer);
  if (named !== undefined) return addName(batch, edit, named);
  const spot = findSpot(batch.layer, edit.pointer, batch.spots);
  if (spot === undefined) return 'the value is no longer there';
  if (!stillMeans(spot, edit.after)) return 'the value was changed since';
  for (const [pointer, after] of Object.entries(edit.beside ?? {})) {
    const other = findSpot(batch.layer, pointer, batch.spots);
    if (other === undefined || !stillMeans(other, after))
      return `the value beside it at ${pointer} was changed since`;
  }
  surround(batch, spot);
  batch.splices.push({ ...spanInValue(spot.layer, spot.node), text: edit.before });
  batch.taken.set(spot.node, edit);
  batch.holdsValues ||= spot.node.kind === 'object' || spot.node.kind === 'array';
  return undefined;
}

/** The value of the member may have been changed since: only its name is taken back. */
function addName(
  batch: EditBatch,
  edit: Edit,
  { object, name }: { object: string; name: string },
): string | undefined {
  const spot = findSpot(batch.layer, object, batch.spots);
  const member = spot?.node.kind === 'object' ? spot.node.members.get(name) : undefined;
  if (spot?.node.kind !== 'object' || member?.name === undefined) return 'the member is no longer there';
  const before = String(JSON.parse(unescaped(edit.before, spot.layer.depth)));
  if (spot.node.members.has(before)) return 'a member of the old name is there again';
  if (spot.node.hidden.some(({ step }) => step === name)) return 'the member was changed since';
  surround(batch, spot);
  batch.splices.push({ ...spanInValue(spot.layer, member.name), text: edit.before });
  batch.renamed.add(spot.node);
  batch.holdsValues = true;
  return undefined;
}

/** Remembers the value and everything around it, through all strings. */
function surround({ around }: EditBatch, spot: Spot): void {
  for (let at: Spot | undefined = spot; at !== undefined; at = at.layer.holder)
    for (let node: JsonNode | undefined = at.node; node !== undefined; node = node.parent) {
      // What is around a value that was met before was met with it.
      if (around.has(node)) return;
      around.add(node);
    }
}

function stillMeans({ layer, node }: Spot, after: string): boolean {
  const now = layer.text.slice(node.start, node.end);
  const written = unescaped(after, layer.depth);
  return now === written || meaningOf(now) === meaningOf(written);
}

/**
 * A text that is equal for equal meanings: spaces, the order of members, escapes and the spelling of numbers do not count. Of text
 * that is not JSON, the text itself.
 */
export function meaningOf(text: string): string {
  const root = parseJson(text);
  if ('invalid' in root) return text;
  const meanings = new Map<JsonNode, string>();
  for (const node of innermostFirst(root)) meanings.set(node, nodeMeaning(text, node, meanings));
  return meanings.get(root) ?? text;
}

/** Children before what holds them, so that no function needs to call itself. */
function innermostFirst(root: JsonNode): JsonNode[] {
  const order: JsonNode[] = [root];
  for (const node of order) for (const child of childrenOf(node)) order.push(child);
  return order.reverse();
}

function nodeMeaning(text: string, node: JsonNode, meanings: ReadonlyMap<JsonNode, string>): string {
  const inner = childrenOf(node).map((child) => meanings.get(child) ?? '');
  if (node.kind === 'array') return `[${inner.join(',')}]`;
  if (node.kind === 'object') {
    const members = [...node.members.keys()].map((name, at) => `${JSON.stringify(name)}:${inner[at]}`);
    return `{${members.sort().join(',')}}`;
  }
  const raw = text.slice(node.start, node.end);
  if (node.kind === 'string') return JSON.stringify(scalarText(text, node));
  return node.kind === 'number' ? numberMeaning(raw) : raw;
}

/** Exact for any size: significant digits and a power of ten (`1.50` and `15e-1` are `15e-1`); -0 is 0. */
function numberMeaning(raw: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(raw) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = withoutTrailingZeros(digits);
  if (significant === '') return '0';
  const power = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length);
  return `${sign}${significant}e${power}`;
}

/** A loop: a pattern for trailing zeros takes quadratic time on long runs of zeros. */
function withoutTrailingZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits[end - 1] === '0') end -= 1;
  return digits.slice(0, end);
}
