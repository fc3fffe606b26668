/**
 * Takes a value apart into what can name a model: texts, names of members, numbers. Documents are read to any depth, also those
 * that are strings within others, lists element by element; YAML and `key=value` are texts.
 */
import { parseJson, scalarText } from '../edit/json-text.ts';
import type { JsonNode } from '../edit/json-text.ts';
import { holdsMark } from '../edit/marks.ts';
import { readHstore, readList } from './database-text.ts';
import type { ColumnKind } from './occurrence.ts';

export interface Leaf {
  readonly text: string;
  /** Null where the value is no document; of a member's name the object that has it. */
  readonly path: string | null;
  readonly isMember: boolean;
}

interface LeafReading {
  /** Is a member called after what is looked for? Then it is a step like any other of its object. */
  readonly isModel: (name: string) => boolean;
  readonly visit: (leaf: Leaf) => void;
}

/** Visits every text of a value of that kind. */
export function visitLeaves(kind: ColumnKind, text: string, reading: LeafReading): void {
  if (kind.endsWith('[]')) visitList(kind.slice(0, -2), text, reading);
  else if (kind === 'hstore') visitHstore(text, reading);
  else if (!isDocument(kind) || !looksLikeDocument(text) || !visitJson(text, '', reading))
    reading.visit({ text, path: null, isMember: false });
}

/** Kinds of which a value may be a JSON document; the others are texts of another form. */
function isDocument(kind: ColumnKind): boolean {
  return kind === 'json' || kind === 'jsonb' || kind === 'text' || kind === 'citext';
}

/** Worth parsing: starts like an object, a list or a string. A plain number or word reads the same either way. */
export function looksLikeDocument(text: string): boolean {
  return /^\s*[{["]/.test(text);
}

function visitList(kind: ColumnKind, text: string, reading: LeafReading): void {
  const elements = readList(text);
  if (elements === undefined) return reading.visit({ text, path: null, isMember: false });
  const step = kind === 'json' || kind === 'jsonb' ? '/*' : '/*/~json';
  for (const element of elements) {
    if (element === null) continue;
    if (!isDocument(kind) || !looksLikeDocument(element) || !visitJson(element, step, reading))
      reading.visit({ text: element, path: '/*', isMember: false });
  }
}

function visitHstore(text: string, reading: LeafReading): void {
  const pairs = readHstore(text);
  if (pairs === undefined) return reading.visit({ text, path: null, isMember: false });
  for (const { key, value } of pairs) {
    reading.visit({ text: key, path: '', isMember: true });
    if (value === null) continue;
    const path = `/${stepOf(key, reading)}`;
    if (!looksLikeDocument(value) || !visitJson(value, `${path}/~json`, reading))
      reading.visit({ text: value, path, isMember: false });
  }
}

interface Pending {
  readonly text: string;
  readonly node: JsonNode;
  readonly path: string;
}

/**
 * Visits every string, number and name of a member of a document, and of documents that are strings within it.
 * @returns false, and nothing is visited, where the text is not JSON.
 */
export function visitJson(text: string, path: string, reading: LeafReading): boolean {
  const root = parseJson(text);
  if ('invalid' in root) return false;
  const pending: Pending[] = [{ text, node: root, path }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop())
    for (const inner of visitNode(next, reading)) pending.push(inner);
  return true;
}

/** Visits what a node itself says and gives back what lies within it. */
function visitNode({ text, node, path }: Pending, reading: LeafReading): Pending[] {
  if (node.kind === 'array')
    return node.elements.map((element) => ({ text, node: element, path: `${path}/*` }));
  if (node.kind === 'object') {
    return [...node.members].map(([name, member]) => {
      reading.visit({ text: name, path, isMember: true });
      return { text, node: member, path: `${path}/${stepOf(name, reading)}` };
    });
  }
  const leaf = scalarText(text, node);
  if (leaf === undefined) return [];
  const inner = node.kind === 'string' && /^\s*[{[]/.test(leaf) ? parseJson(leaf) : undefined;
  if (inner !== undefined && !('invalid' in inner))
    return [{ text: leaf, node: inner, path: `${path}/~json` }];
  reading.visit({ text: leaf, path, isMember: false });
  return [];
}

/** A member's name as a step of a pattern: keys and models differ from row to row, other names tell a member. A mark stands for a model. */
function stepOf(name: string, { isModel }: LeafReading): string {
  if (isKeyLike(name) || isModel(name) || holdsMark(name)) return '*';
  return name === '*' || name === '**'
    ? name.replaceAll('*', '~2')
    : name.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** Numbers, uuids, what a generator of ids makes (nanoid, cuid, ULID, ObjectId), and names that are numbered: `node-3`, `step_12`. */
function isKeyLike(name: string): boolean {
  // Most names; the patterns below are asked for each member of each document.
  if (name.length < 32 && !/\d/.test(name)) return false;
  if (/^\d+$|^[\da-f]{8}-?([\da-f]{4}-?){3}[\da-f]{12}$|^[a-z]+[-_]\d{1,3}$/i.test(name)) return true;
  if (/\d{4,}/.test(name)) return !/[-_](19|20)\d\d$/.test(name);
  const digits = name.replaceAll(/\D/g, '').length;
  return (
    /^[\w-]{16,}$/.test(name) &&
    digits >= 2 &&
    (/^([a-z\d]{20,}|[A-Z\d]{20,})$/.test(name) || !/[a-z]{6}/.test(name))
  );
}
