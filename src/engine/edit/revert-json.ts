/**
 * Takes edits of a JSON document back. An edit is taken back only where the value still means what was written; what somebody
 * changed since stays, and is listed. A value is found by its pointer. Where elements were inserted or removed before the value,
 * the pointer leads elsewhere, and the value stays.
 */
import { findNode, nodesAlong } from './json-pointer.ts';
import { childrenOf, type InvalidJson, type JsonNode, parseJson, scalarText } from './json-text.ts';
import { applySplices, type Splice } from './splices.ts';
import type { Edit, SkippedEdit } from './value-rule.ts';

export interface RevertedJson {
  readonly text: string;
  readonly reverted: Edit[];
  readonly skipped: SkippedEdit[];
}

/** Edits that one reading of the text allows: none of their values lies within another. */
interface Batch {
  readonly text: string;
  readonly root: JsonNode;
  readonly splices: Splice[];
  /** The values to be replaced, by which edit, and everything around them. */
  readonly taken: Map<JsonNode, Edit>;
  readonly around: Set<JsonNode>;
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
      batch = startBatch(applySplices(batch.text, batch.splices));
    if ('invalid' in batch) return batch;
    const reason = addToBatch(batch, edit);
    if (reason === undefined) reverted.push(edit);
    else skipped.push({ edit, reason });
  }
  if ('invalid' in batch) return batch;
  return { text: applySplices(batch.text, batch.splices), reverted, skipped };
}

function startBatch(text: string): Batch | InvalidJson {
  const root = parseJson(text);
  return 'invalid' in root ? root : { text, root, splices: [], taken: new Map(), around: new Set() };
}

/** Does the edit need to see what the batch has not written yet? */
function overlaps(batch: Batch, edit: Edit): boolean {
  // The way to the value is asked, because the rest of the pointer may lead nowhere until the value around it is replaced.
  if (nodesAlong(batch.root, edit.pointer).some((node) => batch.taken.has(node))) return true;
  const node = findNode(batch.root, edit.pointer);
  return (node !== undefined && batch.around.has(node)) || besideIsTaken(batch, edit);
}

/** Members of one object are compared as they were before any of them was taken back. Members of the same edit do not count. */
function besideIsTaken(batch: Batch, edit: Edit): boolean {
  return Object.keys(edit.beside ?? {}).some((pointer) => {
    const node = findNode(batch.root, pointer);
    const taker = node === undefined ? undefined : batch.taken.get(node);
    return taker !== undefined && (taker.place !== edit.place || taker.beside?.[edit.pointer] === undefined);
  });
}

/** Adds the edit, or says why it cannot be taken back. */
function addToBatch(batch: Batch, edit: Edit): string | undefined {
  const node = findNode(batch.root, edit.pointer);
  if (node === undefined) return 'the value is no longer there';
  if (!stillMeans(batch, node, edit.after)) return 'the value was changed since';
  for (const [pointer, after] of Object.entries(edit.beside ?? {})) {
    const other = findNode(batch.root, pointer);
    if (other === undefined || !stillMeans(batch, other, after))
      return `the value beside it at ${pointer} was changed since`;
  }
  batch.splices.push({ start: node.start, end: node.end, text: edit.before });
  batch.taken.set(node, edit);
  for (const at of pathOf(node)) batch.around.add(at);
  return undefined;
}

function stillMeans(batch: Batch, node: JsonNode, after: string): boolean {
  const raw = batch.text.slice(node.start, node.end);
  return raw === after || meaningOf(raw) === meaningOf(after);
}

/** The node and everything around it. */
function pathOf(node: JsonNode): JsonNode[] {
  const path: JsonNode[] = [];
  for (let at: JsonNode | undefined = node; at !== undefined; at = at.parent) path.push(at);
  return path;
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
