/** What a document says, leaf by leaf. */
import { type JsonNode, parseJson, scalarText } from '../edit/json-text.ts';

/** Is a number in a column or path of this name likely to be the id of a model? */
export function speaksOfModels(name: string): boolean {
  return /model|llm/i.test(name);
}

/** Starts like an object, a list or a string: worth parsing. */
export function looksLikeJson(text: string): boolean {
  return /^\s*[{["]/.test(text);
}

/** A string, a number or a key within a document. For a key `pointer` leads to the object that has it. */
export interface JsonLeaf {
  readonly text: string;
  readonly pointer: string;
  readonly isKey: boolean;
}

interface Pending {
  readonly text: string;
  readonly node: JsonNode;
  readonly pointer: string;
}

/**
 * Visits every string, number and key of a document, and of documents that are strings within it. The step `~json` leads into such
 * a string, as in a place of the configuration.
 * @returns false where the text is not JSON.
 */
export function walkJson(text: string, visit: (leaf: JsonLeaf) => void): boolean {
  const root = parseJson(text);
  if ('invalid' in root) return false;
  const pending: Pending[] = [{ text, node: root, pointer: '' }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop())
    pending.push(...within(next, visit));
  return true;
}

/** Visits what a node itself says. Returns what lies within it. */
function within({ text, node, pointer }: Pending, visit: (leaf: JsonLeaf) => void): Pending[] {
  if (node.kind === 'array')
    return node.elements.map((element) => ({ text, node: element, pointer: `${pointer}/*` }));
  if (node.kind === 'object') {
    return [...node.members].map(([key, member]) => {
      visit({ text: key, pointer, isKey: true });
      return { text, node: member, pointer: `${pointer}/${patternOf(key)}` };
    });
  }
  const leaf = scalarText(text, node);
  if (leaf === undefined) return [];
  const inner = node.kind === 'string' && /^\s*[{[]/.test(leaf) ? parseJson(leaf) : undefined;
  if (inner !== undefined && !('invalid' in inner))
    return [{ text: leaf, node: inner, pointer: `${pointer}/~json` }];
  visit({ text: leaf, pointer, isKey: false });
  return [];
}

/** A key as a step of a pattern: ids differ from document to document, other keys name a member. */
function patternOf(key: string): string {
  const isId =
    /^\d+$|^[\da-f]{8}-?([\da-f]{4}-?){3}[\da-f]{12}$/i.test(key) ||
    (/\d{4,}/.test(key) && !/[-_](19|20)\d\d$/.test(key));
  if (isId) return '*';
  return key === '*' || key === '**'
    ? key.replaceAll('*', '~2')
    : key.replaceAll('~', '~0').replaceAll('/', '~1');
}
