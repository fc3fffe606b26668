/** When two JSON texts mean the same: spaces, order of members, escapes and the spelling of numbers do not count. */
import { childrenOf, parseJson, scalarText } from './json-text.ts';
import type { JsonNode } from './json-text.ts';

/** A text that is equal for equal meanings. Of text that is not JSON, the text itself. */
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
