/** Values of PostgreSQL in text form, read without a database: lists and hstore. Loops and not patterns: an element may have megabytes. */

/** An element of a list; null is NULL. Lists in lists are one list. Undefined where the text is no list. */
export function readList(text: string): (string | null)[] | undefined {
  const start = text.indexOf('{');
  // Bounds that do not begin at one stand before the list: [2:3]={…}
  if (start === -1 || !/^(\[[-\d:[\]]+=)?$/.test(text.slice(0, start))) return undefined;
  const elements: (string | null)[] = [];
  let at = start;
  while (at < text.length) {
    const token = readToken(text, at);
    if (token === undefined) return undefined;
    if (token.value !== undefined) elements.push(token.value);
    at = token.end;
  }
  return elements;
}

interface Token {
  /** Undefined for a bracket or a comma. */
  readonly value?: string | null;
  readonly end: number;
}

function readToken(text: string, at: number): Token | undefined {
  const first = text[at];
  return first === '{' || first === '}' || first === ',' ? { end: at + 1 } : readElement(text, at);
}

/** The element of a list that begins there; null is NULL. Undefined where none does. */
export function readElement(text: string, at: number): Required<Token> | undefined {
  if (text[at] === '"') return readQuoted(text, at);
  const bare = /[^,}]*/y;
  bare.lastIndex = at;
  const [value = ''] = bare.exec(text) ?? [];
  return value === '' ? undefined : { value: value === 'NULL' ? null : value, end: at + value.length };
}

/** From a quote to its end. Undefined where there is none. */
function readQuoted(text: string, at: number): { value: string; end: number } | undefined {
  let escaped = false;
  for (let end = at + 1; end < text.length; end += 1) {
    const code = text.charCodeAt(end);
    if (code === backslash) {
      escaped = true;
      end += 1;
    } else if (code === quote) {
      const value = text.slice(at + 1, end);
      return { value: escaped ? value.replaceAll(/\\([^])/g, '$1') : value, end: end + 1 };
    }
  }
  return undefined;
}

const [quote, backslash] = [0x22, 0x5c];

interface HstorePair {
  readonly key: string;
  readonly value: string | null;
}

/** Undefined where the text is no hstore. */
export function readHstore(text: string): HstorePair[] | undefined {
  const pairs: HstorePair[] = [];
  for (let at = 0; at < text.length;) {
    const key = text[at] === '"' ? readQuoted(text, at) : undefined;
    if (key === undefined || !text.startsWith('=>', key.end)) return undefined;
    const value = hstoreValue(text, key.end + 2);
    if (value === undefined) return undefined;
    pairs.push({ key: key.value, value: value.value });
    at = text.startsWith(', ', value.end) ? value.end + 2 : value.end;
  }
  return pairs;
}

function hstoreValue(text: string, at: number): { value: string | null; end: number } | undefined {
  if (text.startsWith('NULL', at)) return { value: null, end: at + 4 };
  return text[at] === '"' ? readQuoted(text, at) : undefined;
}
