/**
 * Does a value name one of the terms, and where in it? The database only picks candidates (src/postgres/scan.ts);
 * this decides. A term that is a plain number would be found everywhere, so it counts only where the name of the
 * column or the path to it speaks of a model.
 */
import type { TableId } from './catalog.ts';

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
  const root = parse(text);
  if (root === undefined) return undefined;
  const matches: Match[] = [];
  walkJson(root, (leaf) => {
    if (terms.has(leaf.text))
      matches.push({ kind: leaf.isKey ? 'json-key' : 'json-value', pointer: leaf.pointer, term: leaf.text });
    else if (!leaf.isKey)
      matches.push(
        ...matchComma(leaf.text, terms).map(({ term }) => ({
          kind: 'comma' as const,
          pointer: leaf.pointer,
          term,
        })),
      );
  });
  return matches;
}

/** A string, a number or a key within a document. For a key `pointer` leads to the object that has it. */
export interface JsonLeaf {
  readonly text: string;
  readonly pointer: string;
  readonly isKey: boolean;
}

/** Visits every string, number and key of a parsed document, also of documents that are strings within it. */
export function walkJson(value: unknown, visit: (leaf: JsonLeaf) => void, pointer = ''): void {
  if (typeof value === 'number') visit({ text: String(value), pointer, isKey: false });
  else if (typeof value === 'string') walkString(value, visit, pointer);
  else if (Array.isArray(value)) for (const item of value) walkJson(item, visit, `${pointer}/*`);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      visit({ text: key, pointer, isKey: true });
      walkJson(member, visit, `${pointer}/${patternOf(key)}`);
    }
  }
}

function walkString(text: string, visit: (leaf: JsonLeaf) => void, pointer: string): void {
  const inner = looksLikeJson(text) ? parse(text) : undefined;
  if (typeof inner === 'object' && inner !== null) walkJson(inner, visit, pointer);
  else visit({ text, pointer, isKey: false });
}

/** A key as a step of a pattern: ids differ from document to document, other keys name a member. */
function patternOf(key: string): string {
  const isId =
    /^\d+$/.test(key) ||
    /^[\da-f]{8}-?([\da-f]{4}-?){3}[\da-f]{12}$/i.test(key) ||
    (/\d{4,}/.test(key) && !/^[a-z_]+[-_]\d{4}$/i.test(key));
  return isId ? '*' : key.replaceAll('~', '~0').replaceAll('/', '~1');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function withoutRepeats(matches: readonly Match[]): Match[] {
  return [
    ...new Map(
      matches.map((match) => [`${match.kind} ${match.pointer ?? ''} ${match.term}`, match]),
    ).values(),
  ];
}
