/** A second opinion about what a text names: at every place every term, without a pattern. It shares no code with the matcher. */
import type { Term } from '../../../src/engine/inventory/term.ts';

export interface NaiveFound {
  readonly text: string;
  readonly at: number;
  readonly written: string;
  readonly snapshot: boolean;
}

const spaceless = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]$/u;

/** What goes on with a word. */
function goesOn(character: string | undefined): boolean {
  if (character === undefined) return false;
  if (character === '-' || character === '_') return true;
  return /^[\p{L}\p{M}\p{N}]$/u.test(character) && !spaceless.test(character);
}

/** Lists every term from left to right, the longest at each place. */
export function findNaively(text: string, terms: readonly Term[]): NaiveFound[] {
  const characters = Array.from(text);
  const offsets = characters.map((_, at) => characters.slice(0, at).join('').length);
  const found: NaiveFound[] = [];
  let at = 0;
  while (at < characters.length) {
    const longest = longestAt(characters, at, terms);
    if (longest === undefined) at += 1;
    else {
      found.push({ ...longest, at: offsets[at] ?? 0 });
      at += Array.from(longest.written).length;
    }
  }
  return found;
}

function longestAt(
  characters: readonly string[],
  at: number,
  terms: readonly Term[],
): Omit<NaiveFound, 'at'> | undefined {
  const before = characters[at - 1];
  if (goesOn(before) || before === '.') return undefined;
  const rest = characters.slice(at).join('');
  for (const { text } of terms.toSorted((a, b) => b.text.length - a.text.length)) {
    if (text === '' || rest.slice(0, text.length).toLowerCase() !== text.toLowerCase()) continue;
    const behind = rest.slice(text.length);
    if (ends(behind)) return { text, written: rest.slice(0, text.length), snapshot: false };
    for (const day of [/^-\d\d\d\d-\d\d-\d\d/, /^-\d{8}/, /^@\d{8}/, /^-\d{4}/]) {
      const [suffix] = day.exec(behind) ?? [];
      if (suffix !== undefined && ends(behind.slice(suffix.length)))
        return { text, written: rest.slice(0, text.length) + suffix, snapshot: true };
    }
  }
  return undefined;
}

function ends(behind: string): boolean {
  const [first, second] = Array.from(behind);
  if (first === '.') return second === undefined || !/^\p{N}$/u.test(second);
  return !goesOn(first);
}
