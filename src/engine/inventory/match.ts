/**
 * Does a value name one of the terms, and where? The database only picks candidates (src/postgres/facts/scan.ts); this file decides.
 * A plain number would be found everywhere. So it counts only where the column, or the path to the number, speaks of a model.
 */
import type { TableId } from '../catalogue/catalog.ts';
import { type JsonNode, parseJson, scalarText } from '../edit/json-text.ts';

/** How a value names a term. */
export type ScanKind = 'exact' | 'array' | 'json-value' | 'json-key' | 'comma';

/** All rows that name one term in one way in one place. */
export interface ScanHit {
  readonly table: TableId;
  readonly column: string;
  readonly kind: ScanKind;
  /** For documents: the JSON pointer pattern, with `*` for list positions and for keys that are ids. */
  readonly pointer?: string;
  readonly term: string;
  /** How many rows. */
  readonly count: number;
  /** Keys of some of the rows, as text. */
  readonly samples: readonly string[];
}

/** One way in which a single value names a term. */
export interface Match {
  readonly kind: ScanKind;
  readonly pointer?: string;
  readonly term: string;
}

/** Is a number in a column or path of this name likely to be the id of a model? */
export function speaksOfModels(name: string): boolean {
  return /model|llm/i.test(name);
}

/** Is the term a plain number, such as an integer key? */
export function isNumeric(term: string): boolean {
  return /^-?\d{1,19}$/.test(term);
}

/** Every way in which a text (a text column, or a document as text) names a term. Each way is given once. */
export function matchText(column: string, text: string, terms: ReadonlySet<string>): Match[] {
  const trusted = (match: Match): boolean =>
    !isNumeric(match.term) || speaksOfModels(column + (match.pointer ?? ''));
  if (terms.has(text)) return [{ kind: 'exact' as const, term: text }].filter(trusted);
  const inside = looksLikeJson(text) ? matchJson(text, terms) : undefined;
  return withoutRepeats(inside ?? matchComma(text, terms)).filter(trusted);
}

/** Starts like an object, a list or a string: worth parsing. */
export function looksLikeJson(text: string): boolean {
  return /^\s*[{["]/.test(text);
}

/** Elements of a comma list. Prose with commas is not one: no element has blanks unless the term has. */
function matchComma(text: string, terms: ReadonlySet<string>): Match[] {
  const items = text.split(',').map((item) => item.trim());
  const found = items.filter((item) => terms.has(item));
  const blanksAllowed = found.some((item) => /\s/.test(item));
  const isList = text.length <= 10_000 && (blanksAllowed || items.every((item) => !/\s/.test(item)));
  return isList ? found.map((term) => ({ kind: 'comma', term })) : [];
}

/** Undefined where the text is not JSON after all. */
function matchJson(text: string, terms: ReadonlySet<string>): Match[] | undefined {
  const matches: Match[] = [];
  const isJson = walkJson(text, ({ text: leaf, pointer, isKey }) => {
    if (terms.has(leaf) && isKey) matches.push({ kind: 'json-key', pointer: `${pointer}/~key`, term: leaf });
    else if (terms.has(leaf)) matches.push({ kind: 'json-value', pointer, term: leaf });
    else if (!isKey)
      for (const { term } of matchComma(leaf, terms)) matches.push({ kind: 'comma', pointer, term });
  });
  return isJson ? matches : undefined;
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

function withoutRepeats(matches: readonly Match[]): Match[] {
  return [
    ...new Map(
      matches.map((match) => [`${match.kind} ${match.pointer ?? ''} ${match.term}`, match]),
    ).values(),
  ];
}
