/** References in a PostgreSQL array, its values as text. The same rule as for lists in JSON. */
import { moveElements } from './list.ts';
import type { Edit, SkippedEdit, ValueRule } from './value-rule.ts';

/** The values of an array as text; null for an element that is NULL. */
export type ArrayValues = readonly (string | null)[];

/**
 * Carries out the rules one after the other. An element equal to a source becomes its target, or is dropped where the
 * target is in the array already. The array as a whole is one edit per rule that changed it, written as JSON text.
 */
export function rewriteArray(
  values: ArrayValues,
  rules: readonly ValueRule[],
): { values: ArrayValues; edits: Edit[] } {
  const edits: Edit[] = [];
  let current = values;
  for (const rule of rules) {
    const after = moveValues(current, rule);
    const [beforeText, afterText] = [JSON.stringify(current), JSON.stringify(after)];
    if (beforeText === afterText) continue;
    edits.push({ place: rule.place, pointer: '', before: beforeText, after: afterText });
    current = after;
  }
  return { values: current, edits };
}

/** Takes edits back in reverse order, each only where the array holds the same values as after it, in the same order. */
export function revertArray(
  values: ArrayValues,
  edits: readonly Edit[],
): { values: ArrayValues; reverted: Edit[]; skipped: SkippedEdit[] } {
  const [reverted, skipped]: [Edit[], SkippedEdit[]] = [[], []];
  let current = values;
  for (const edit of edits.toReversed()) {
    if (JSON.stringify(current) === edit.after) {
      reverted.push(edit);
      current = JSON.parse(edit.before) as ArrayValues;
    } else skipped.push({ edit, reason: 'the array was changed since' });
  }
  return { values: current, reverted, skipped };
}

function moveValues(values: ArrayValues, rule: ValueRule): ArrayValues {
  const moves = moveElements(values, rule.mappings);
  return values.flatMap((value, at) => {
    const move = moves[at];
    if (move === 'drop') return [];
    return [move === undefined ? value : move.to];
  });
}
