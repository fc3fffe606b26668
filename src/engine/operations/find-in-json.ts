/** Where a document names something: the proof after a move, and the scan for places that nobody configured. */
import { allNodes, pointerOf } from './json-pointer.ts';
import { parseJson, scalarText } from './json-text.ts';
import type { InvalidJson, JsonNode } from './json-text.ts';

export interface JsonOccurrence {
  /** Concrete RFC 6901 pointer to the value, or to the value of the member whose name it is. */
  readonly pointer: string;
  readonly term: string;
  readonly role: 'value' | 'key';
}

/**
 * Every string, number (by its spelling) or member name that equals a term, in the order of the text.
 * JSON inside a string is not looked into.
 */
export function findInJson(text: string, terms: ReadonlySet<string>): JsonOccurrence[] | InvalidJson {
  const root = parseJson(text);
  if ('invalid' in root) return root;
  return allNodes(root).flatMap((node) => occurrencesAt(text, node, terms));
}

function occurrencesAt(text: string, node: JsonNode, terms: ReadonlySet<string>): JsonOccurrence[] {
  const found: JsonOccurrence[] = [];
  const value = scalarText(text, node);
  if (typeof node.step === 'string' && node.parent !== undefined && terms.has(node.step)) {
    found.push({ pointer: pointerOf(node), term: node.step, role: 'key' });
  }
  if (value !== undefined && terms.has(value))
    found.push({ pointer: pointerOf(node), term: value, role: 'value' });
  return found;
}
