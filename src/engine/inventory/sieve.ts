/**
 * A quick look at a value as the database sends it: bytes of UTF-8, with the escapes of JSON. It lets every value through that names a
 * term, and few others. What a value really says the matcher decides.
 *
 * At every second byte a table tells, by the three bytes that begin there, whether a piece of a name may begin at this byte or beside it.
 * Only then the pieces are compared. This is several times as fast as a pattern of the pieces. A value that names nothing is never made a
 * text.
 */

/** May the bytes from `start` to `end` name a term? */
export type Sieve = (bytes: Uint8Array, start: number, end: number) => boolean;

/** @param pieces in lower case, of which one stands in every value that names a term. Undefined where one is too short to look for. */
export function createSieve(pieces: readonly string[]): Sieve | undefined {
  if (pieces.some((piece) => piece.length < 2 || /[^\0-\x7f]/.test(piece))) return undefined;
  let made: Sieve | undefined;
  // The tables cost more than a small database has to say.
  return (bytes, start, end) => (made ??= sieveOf(pieces))(bytes, start, end);
}

/** Where a piece may begin, seen from the first of the three bytes that were found; as bits. */
const [here, before, behind] = [1, 2, 4];

/** A letter is the same in both cases; what is no ASCII is one class, and so is what stands behind the end. */
const classes = Uint8Array.from({ length: 256 }, (_, code) => {
  const character = String.fromCharCode(code).toLowerCase();
  const at = 'abcdefghijklmnopqrstuvwxyz0123456789-_. :/@\\"'.indexOf(character);
  return code >= 128 ? 0 : at === -1 ? 46 + (code % 18) : at + 1;
});
const [bits, all] = [6, 64];

function sieveOf(pieces: readonly string[]): Sieve {
  const grams = gramsOf([...pieces, needlessEscape]);
  const tree = treeOf(pieces);
  const isPiece = (bytes: Uint8Array, at: number, start: number, end: number): boolean =>
    at >= start &&
    (isNeedlessEscape(bytes, at) || (mayBegin(bytes, at, start) && holdsPiece(bytes, at, tree, end)));
  return (bytes, start, end) => {
    const last = end - 2;
    let first = classOf(bytes, start, end);
    let [at, mark] = [start, 0];
    // This is where the time goes. At the last place what stands behind the end is nothing.
    for (; at < end; at += 2) {
      if (at < last) {
        const third = classes[bytes[at + 2] ?? 0] ?? 0;
        mark = grams[(((first << bits) | (classes[bytes[at + 1] ?? 0] ?? 0)) << bits) | third] ?? 0;
        first = third;
      } else mark = grams[((first << bits) | classOf(bytes, at + 1, end)) << bits] ?? 0;
      if (mark === 0) continue;
      if ((mark & here) !== 0 && isPiece(bytes, at, start, end)) return true;
      if ((mark & before) !== 0 && isPiece(bytes, at - 1, start, end)) return true;
      if ((mark & behind) !== 0 && isPiece(bytes, at + 1, start, end)) return true;
    }
    return false;
  };
}

function classOf(bytes: Uint8Array, at: number, end: number): number {
  return at < end ? (classes[bytes[at] ?? 0] ?? 0) : 0;
}

/** By the classes of three bytes, where a piece may begin. Of a short piece any byte may be the third one. */
function gramsOf(pieces: readonly string[]): Uint8Array {
  const grams = new Uint8Array(all ** 3);
  const any = Array.from({ length: all }, (_, code) => code);
  const add = (three: readonly (readonly number[])[], mark: number): void => {
    const [firsts = [], seconds = [], thirds = []] = three;
    for (const first of firsts)
      for (const second of seconds)
        for (const third of thirds) {
          const at = (((first << bits) | second) << bits) | third;
          grams[at] = (grams[at] ?? 0) | mark;
        }
  };
  for (const piece of pieces) {
    const [first = any, second = any, third = any, fourth] = Array.from(piece, (character) => [
      classes[character.charCodeAt(0)] ?? 0,
    ]);
    add([first, second, third], here);
    if (fourth === undefined) add([any, first, second], behind);
    else add([second, third, fourth], before);
  }
  return grams;
}

/** Pieces as a tree in one list: by a branch and the class of a byte, the next branch. Pieces with the same beginning share it. */
interface Tree {
  readonly next: Int32Array;
  /** Of each branch, whether a piece ends with it. */
  readonly ends: Uint8Array;
}

function treeOf(pieces: readonly string[]): Tree {
  const branches = pieces.reduce((sum, piece) => sum + piece.length, 1);
  const tree = { next: new Int32Array(branches * all), ends: new Uint8Array(branches) };
  let made = 1;
  for (const piece of pieces) {
    let branch = 0;
    for (const character of piece) {
      const at = branch * all + (classes[character.charCodeAt(0)] ?? 0);
      if (tree.next[at] === 0) tree.next[at] = made++;
      branch = tree.next[at] ?? 0;
    }
    tree.ends[branch] = 1;
  }
  return tree;
}

function holdsPiece(bytes: Uint8Array, start: number, { next, ends }: Tree, end: number): boolean {
  let branch = 0;
  for (let at = start; at < end; at += 1) {
    branch = next[branch * all + (classes[bytes[at] ?? 0] ?? 0)] ?? 0;
    if (branch === 0) return false;
    if (ends[branch] === 1 && mayEnd(bytes, at + 1, end)) return true;
  }
  return false;
}

/** A letter behind a backslash is an escape, and ends what was before. A dot may end the prefix of a cloud. */
function mayBegin(bytes: Uint8Array, at: number, start: number): boolean {
  if (at <= start) return true;
  const last = bytes[at - 1] ?? 0;
  return !(isWord(last) || last === hyphen) || (at - 1 > start && bytes[at - 2] === backslash);
}

/** Behind may stand a day or the version of a cloud. */
function mayEnd(bytes: Uint8Array, at: number, end: number): boolean {
  if (at >= end) return true;
  const code = bytes[at] ?? 0;
  const next = at + 1 < end ? (bytes[at + 1] ?? 0) : 0;
  if (code === hyphen) return isDigit(next === 0x76 || next === 0x56 ? (bytes[at + 2] ?? 0) : next);
  return code === dot ? !isDigit(next) : !isWord(code);
}

/** A character that JSON wrote as an escape though it need not be one. */
const needlessEscape = String.raw`\u00`;

function isNeedlessEscape(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== backslash || bytes[at + 1] !== 0x75) return false;
  const digit = bytes[at + 4] ?? 0;
  return bytes[at + 2] === 0x30 && bytes[at + 3] === 0x30 && digit >= 0x32 && digit <= 0x37;
}

const [hyphen, dot, backslash] = [0x2d, 0x2e, 0x5c];

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** A letter of ASCII, a digit or `_`. */
function isWord(code: number): boolean {
  return isDigit(code) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) || code === 0x5f;
}
