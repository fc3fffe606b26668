/** Long lines on a terminal go on under their own beginning, so that the indentation still says what belongs together. */
import { stripVTControlCharacters } from 'node:util';

/** The lines that one line becomes; words are never cut, and marks for colours take no room. */
export function wrapLine(line: string, width: number): string[] {
  if (visibleLength(line) <= width) return [line];
  const indent = ' '.repeat(stripVTControlCharacters(line).search(/[^ ]|$/));
  const mark = line.slice(0, line.indexOf(indent));
  const hanging = `${indent}  `;
  const lines: string[] = [];
  let current = mark + indent;
  for (const word of line.slice(current.length).split(' ')) {
    const empty = stripVTControlCharacters(current).trim() === '';
    if (!empty && visibleLength(current) + visibleLength(word) + 1 > width) {
      lines.push(current);
      current = hanging + word;
    } else current = empty ? current + word : `${current} ${word}`;
  }
  return [...lines, current];
}

function visibleLength(text: string): number {
  return stripVTControlCharacters(text).length;
}
