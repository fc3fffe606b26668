/** Names that somebody may have meant. */
import { compareText } from './order.ts';

const most = 3;

/** The nearest names first; at most three, and none that is wholly another one. */
export function nearestNames(asked: string, names: readonly string[]): string[] {
  const wanted = fold(asked);
  return [...new Set(names)]
    .map((name) => ({ name, distance: distanceOf(wanted, fold(name)) }))
    .filter(({ name, distance }) => distance <= Math.max(2, Math.ceil(name.length / 2)))
    .filter(({ name, distance }) => distance < Math.max(wanted.length, name.length))
    .sort((a, b) => a.distance - b.distance || compareText(a.name, b.name))
    .slice(0, most)
    .map(({ name }) => name);
}

/** The one name that a mistyped one surely was meant to be: a third of its characters may differ. Undefined where none is so near. */
export function nearestName(asked: string, names: readonly string[]): string | undefined {
  const [best] = names
    .map((name) => ({ name, changes: changesBetween(fold(asked), fold(name)) }))
    .sort((a, b) => a.changes - b.changes);
  return best !== undefined && best.changes <= Math.max(1, Math.floor(asked.length / 3))
    ? best.name
    : undefined;
}

function fold(text: string): string {
  return text.trim().toLowerCase();
}

/** How many characters to change; what one name only adds at its end counts less. */
function distanceOf(a: string, b: string): number {
  if (a !== '' && (a.startsWith(b) || b.startsWith(a))) return Math.abs(a.length - b.length) / 4;
  return changesBetween(a, b);
}

/** Insertions, deletions, replacements and swaps of neighbours that lead from one text to the other. */
function changesBetween(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let row = 0; row < a.length; row += 1) {
    const current = [row + 1];
    for (let at = 0; at < b.length; at += 1) {
      const changed = (previous[at] ?? 0) + difference(a[row], b[at]);
      const isSwap = row > 0 && a[row] === b[at - 1] && a[row - 1] === b[at];
      const swapped = isSwap ? (before[at - 1] ?? 0) + 1 : Infinity;
      current.push(Math.min(changed, swapped, (previous[at + 1] ?? 0) + 1, (current[at] ?? 0) + 1));
    }
    [before, previous] = [previous, current];
  }
  return previous.at(-1) ?? 0;
}

/** Characters that look alike are taken for each other. */
function difference(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0;
  const alike = ['l1i|', 'o0', '-_. ', 's5'].some((set) => set.includes(a ?? '') && set.includes(b ?? ''));
  return alike ? 0.25 : 1;
}
