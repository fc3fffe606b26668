/** References in a comma list of a text column: `gpt-4, gpt-4o,o1`. The spaces around each element stay. */
import { moveElements } from './list.ts';
import type { Edit, SkippedEdit, ValueRule } from './value-rule.ts';

/**
 * Carries out the rules one after the other. An element equal to a source becomes its target, or is dropped where the
 * target is in the list already. The list as a whole is one edit per rule that changed it.
 */
export function rewriteComma(text: string, rules: readonly ValueRule[]): { text: string; edits: Edit[] } {
  const edits: Edit[] = [];
  let current = text;
  for (const rule of rules) {
    const after = moveList(current, rule);
    if (after === current) continue;
    edits.push({ place: rule.place, pointer: '', before: current, after });
    current = after;
  }
  return { text: current, edits };
}

/** Takes edits back in reverse order, each only where the list holds the same elements as after it, in the same order. */
export function revertComma(
  text: string,
  edits: readonly Edit[],
): { text: string; reverted: Edit[]; skipped: SkippedEdit[] } {
  const [reverted, skipped]: [Edit[], SkippedEdit[]] = [[], []];
  let current = text;
  for (const edit of edits.toReversed()) {
    if (meaningOf(current) === meaningOf(edit.after)) {
      reverted.push(edit);
      current = edit.before;
    } else skipped.push({ edit, reason: 'the list was changed since' });
  }
  return { text: current, reverted, skipped };
}

function moveList(text: string, rule: ValueRule): string {
  const elements = text.split(',');
  const values = elements.map((element) => element.trim());
  const moves = moveElements(values, rule.mappings);
  const kept = elements.flatMap((element, at) => {
    const move = moves[at];
    if (move === 'drop') return [];
    return [move === undefined ? element : withSpaceOf(element, element, move.to)];
  });
  return (kept.length < elements.length ? withOuterSpace(kept, elements) : kept).join(',');
}

/** The list goes on beginning and ending with the space it had there, whichever element was dropped. */
function withOuterSpace(kept: readonly string[], elements: readonly string[]): string[] {
  return kept.map((element, at) => {
    const first = at === 0 ? (elements[0] ?? '') : element;
    const last = at === kept.length - 1 ? (elements.at(-1) ?? '') : element;
    return withSpaceOf(first, last, element.trim());
  });
}

/** `value` with the space before `first` and the space after `last`. */
function withSpaceOf(first: string, last: string, value: string): string {
  const before = first.slice(0, first.length - first.trimStart().length);
  return `${before}${value}${last.slice(last.trimEnd().length)}`;
}

function meaningOf(text: string): string {
  return text
    .split(',')
    .map((element) => element.trim())
    .join(',');
}
