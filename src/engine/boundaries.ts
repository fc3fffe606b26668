/**
 * Where a name begins and ends. It stands by itself where no letter, digit, `-`, `_` or `.` is before it, and no letter, digit, `-`,
 * `_`, nor a `.` with a digit is behind it. Scripts that put no blanks between words (Chinese, Thai) do not go on with a name.
 */
const letters =
  /[[\p{L}\p{M}\p{N}]--[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}\p{sc=Tibetan}]]/v;

/** May a name begin at this place? */
export function beginsAt(text: string, at: number): boolean {
  if (at === 0) return true;
  const before = text.charCodeAt(at - 1);
  if (before < 128) return !goesOn(before) && before !== dot;
  return !letters.test(isLowSurrogate(before) ? text.slice(at - 2, at) : text.charAt(at - 1));
}

/** May a name end before this place? */
export function endsAt(text: string, at: number): boolean {
  if (at >= text.length) return true;
  const next = text.codePointAt(at) ?? 0;
  if (next >= 128) return !letters.test(String.fromCodePoint(next));
  return next === dot ? !/^\p{N}/u.test(text.slice(at + 1, at + 3)) : !goesOn(next);
}

const dot = 0x2e;

/** An ASCII letter, a digit, `-` or `_`. */
function goesOn(code: number): boolean {
  if (code <= 0x39) return code >= 0x30 || code === 0x2d;
  return (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) || code === 0x5f;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}

/** A day behind a name makes it a snapshot: `-2026-01-31`, `-20260131`, `-2601`, `@20260131`. */
const snapshot = /-\d{4}(?:-\d\d-\d\d|\d{4})?|@\d{8}/y;

/** Where a snapshot of a name that ends here would end. Undefined where there is none. */
export function snapshotEnd(text: string, at: number): number | undefined {
  snapshot.lastIndex = at;
  const found = snapshot.test(text);
  const end = snapshot.lastIndex;
  return found && endsAt(text, end) ? end : undefined;
}
