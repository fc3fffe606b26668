/** Names that somebody may have meant. */
import { compareText } from '../order.ts';
import { foldText } from './term.ts';

/** The nearest names first; at most so many, and none that is wholly another one. */
export function nearestNames(asked: string, names: readonly string[], most = 3): string[] {
  const wanted = foldText(asked);
  return [...new Set(names)]
    .map((name) => ({ name, distance: distanceOf(wanted, foldText(name)) }))
    .filter(({ name, distance }) => distance <= Math.max(2, Math.ceil(name.length / 2)))
    .sort((a, b) => a.distance - b.distance || compareText(a.name, b.name))
    .slice(0, most)
    .map(({ name }) => name);
}

/** How many characters to change; what one name only adds at its end counts less. */
function distanceOf(a: string, b: string): number {
  if (a !== '' && (a.startsWith(b) || b.startsWith(a))) return Math.abs(a.length - b.length) / 4;
  let previous = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let row = 0; row < a.length; row += 1) {
    const current = [row + 1];
    for (let column = 0; column < b.length; column += 1) {
      const changed = (previous[column] ?? 0) + (a[row] === b[column] ? 0 : 1);
      current.push(Math.min(changed, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    previous = current;
  }
  return previous.at(-1) ?? 0;
}
