/** Names that PostgreSQL can hold: it cuts longer ones silently, so that two of them become one. */
import type { ShortenedName } from './conversion.ts';

const maxBytes = 63;

/** Gives each new name once. The same names in the same order give the same answers. */
export class Names {
  readonly #taken: Set<string>;
  readonly #shortened: ShortenedName[] = [];

  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken);
  }

  /** Which names were too long, and what they became. */
  get shortened(): readonly ShortenedName[] {
    return this.#shortened;
  }

  /** A name that fits and that nothing else has. */
  next(wanted: string): string {
    const fits = byteLength(wanted) <= maxBytes;
    let name = fits ? wanted : shorten(wanted, '');
    for (let at = 2; this.#taken.has(name); at += 1) name = shorten(wanted, String(at));
    this.#taken.add(name);
    if (!fits) this.#shortened.push({ from: wanted, to: name });
    return name;
  }
}

/** A name that fits; two that differ stay apart, however long they are alike. */
export function fitted(name: string): string {
  return byteLength(name) <= maxBytes ? name : shorten(name, '');
}

/** The beginning of the name, and a hash of the whole. */
function shorten(name: string, more: string): string {
  const end = `_${hashOf(name + more)}`;
  let kept = '';
  for (const letter of name) {
    if (byteLength(kept + letter) > maxBytes - end.length) break;
    kept += letter;
  }
  return kept + end;
}

/** FNV-1a over the code units: it tells names apart and protects nothing. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/** In UTF-8, which is what a database of names counts in. */
function byteLength(text: string): number {
  let bytes = 0;
  for (const letter of text) {
    const code = letter.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
