/** Long lines on a terminal go on under their own beginning, so that the indentation still says what belongs together. */
import { stripVTControlCharacters } from 'node:util';

/** Words of a line; a command that a person pastes is one word, because a shell would run its pieces. A mark for colours may precede it. */
const wordPattern = /`[^`]*`\S*|(?<=^|: |\d\. )[^ a-z]*m?(?:drover|npx|psql) .*$|[^ ]+| (?= )/g;

/** The lines that one line becomes; words and commands are never cut, and marks for colours take no room. */
export function wrapLine(line: string, width: number): string[] {
  if (visibleLength(line) <= width) return [line];
  const indent = ' '.repeat(stripVTControlCharacters(line).search(/[^ ]|$/));
  const mark = line.slice(0, line.indexOf(indent));
  const hanging = `${indent}  `;
  const lines: string[] = [];
  let current = mark + indent;
  for (const word of wordsOf(line.slice(current.length))) {
    const empty = stripVTControlCharacters(current).trim() === '';
    if (!empty && visibleLength(current) + visibleLength(word) + 1 > width) {
      lines.push(current);
      current = hanging + word;
    } else current = empty ? current + word : `${current} ${word}`;
  }
  return [...lines, current];
}

function wordsOf(text: string): string[] {
  return (text.match(wordPattern) ?? []).map((word) => (word === ' ' ? '' : word));
}

function visibleLength(text: string): number {
  return stripVTControlCharacters(text).length;
}

/** Where lines go. */
interface LinesOut {
  readonly out: (line: string) => void;
  readonly isShown: boolean;
  readonly width: number;
}

/** Prints lines of a text as long as the terminal is wide; in a pipe as they are. */
export function inLines({ out, isShown, width }: LinesOut): (line?: string) => void {
  return (line = '') => {
    for (const part of isShown ? wrapLine(line, width) : [line]) out(part);
  };
}
