/** Lists that name models: one rule for JSON lists (see rewrite-json.ts), PostgreSQL arrays and comma lists (`gpt-4, o1`). */
import type { Edit, Mapping, SkippedEdit, ValueRule } from './value-rule.ts';

/** `to`: the element becomes that; `drop`: it goes, because the target is in the list already; undefined: it stays. */
export type ElementMove = { readonly to: string } | 'drop' | undefined;

/**
 * One move per element. An element equal to a source becomes its target. Where the list holds the target already, or an earlier
 * element has become it, the source element is dropped. All other elements stay, duplicates too.
 * @param elements the values as text; undefined or null where an element is not a text or a number.
 * @param mappings tuples of one component.
 */
export function moveElements(
  elements: readonly (string | null | undefined)[],
  mappings: readonly Mapping[],
): ElementMove[] {
  const targets = elements.map((element) => targetOf(element, mappings));
  const present = new Set(elements.filter((_, at) => targets[at] === undefined));
  return targets.map((to) => {
    if (to === undefined) return undefined;
    if (present.has(to)) return 'drop';
    present.add(to);
    return { to };
  });
}

/** What a value becomes. Undefined where it is not a source. */
export function targetOf(value: string | null | undefined, mappings: readonly Mapping[]): string | undefined {
  if (value === undefined || value === null) return undefined;
  return mappings.find((mapping) => mapping.from[0] === value)?.to[0];
}

/** A list as a whole is one edit for each rule that changed it. */
interface Rewritten {
  readonly list: string;
  readonly edits: Edit[];
}

interface Reverted {
  readonly list: string;
  readonly reverted: Edit[];
  readonly skipped: SkippedEdit[];
}

/** A kind of list as text: how its elements move, and what its text means. */
interface ListForm {
  readonly move: (list: string, rule: ValueRule) => string;
  /** Equal for lists that hold the same elements in the same order. */
  readonly meaning: (list: string) => string;
  readonly name: string;
}

function rewriteList(form: ListForm, list: string, rules: readonly ValueRule[]): Rewritten {
  const edits: Edit[] = [];
  let current = list;
  for (const rule of rules) {
    const after = form.move(current, rule);
    if (after === current) continue;
    edits.push({ place: rule.place, pointer: '', before: current, after });
    current = after;
  }
  return { list: current, edits };
}

/** Takes edits back, the last first. An edit is taken back only where the list means what it meant after the edit. */
function revertList(form: ListForm, list: string, edits: readonly Edit[]): Reverted {
  const [reverted, skipped]: [Edit[], SkippedEdit[]] = [[], []];
  let current = list;
  for (const edit of edits.toReversed()) {
    if (form.meaning(current) === form.meaning(edit.after)) {
      reverted.push(edit);
      current = edit.before;
    } else skipped.push({ edit, reason: `the ${form.name} was changed since` });
  }
  return { list: current, reverted, skipped };
}

/** The values of an array as text; null for an element that is NULL. Its edits are written as JSON. */
export type ArrayValues = readonly (string | null)[];

const array: ListForm = { move: moveArray, meaning: (list) => list, name: 'array' };

export function rewriteArray(
  values: ArrayValues,
  rules: readonly ValueRule[],
): { values: ArrayValues; edits: Edit[] } {
  const { list, edits } = rewriteList(array, JSON.stringify(values), rules);
  return { values: JSON.parse(list) as ArrayValues, edits };
}

export function revertArray(
  values: ArrayValues,
  edits: readonly Edit[],
): { values: ArrayValues; reverted: Edit[]; skipped: SkippedEdit[] } {
  const { list, ...result } = revertList(array, JSON.stringify(values), edits);
  return { values: JSON.parse(list) as ArrayValues, ...result };
}

function moveArray(list: string, rule: ValueRule): string {
  const values = JSON.parse(list) as ArrayValues;
  const moves = moveElements(values, rule.mappings);
  return JSON.stringify(values.flatMap((value, at) => moved(value, moves[at], (to) => to)));
}

function moved<Element>(element: Element, move: ElementMove, write: (to: string) => Element): Element[] {
  if (move === 'drop') return [];
  return [move === undefined ? element : write(move.to)];
}

const comma: ListForm = {
  move: moveComma,
  meaning: (list) => elementsOf(list).join(','),
  name: 'list',
};

/** The spaces around each element stay. */
export function rewriteComma(text: string, rules: readonly ValueRule[]): { text: string; edits: Edit[] } {
  const { list, edits } = rewriteList(comma, text, rules);
  return { text: list, edits };
}

export function revertComma(
  text: string,
  edits: readonly Edit[],
): { text: string; reverted: Edit[]; skipped: SkippedEdit[] } {
  const { list, ...result } = revertList(comma, text, edits);
  return { text: list, ...result };
}

function elementsOf(list: string): string[] {
  return list.split(',').map((element) => element.trim());
}

function moveComma(list: string, rule: ValueRule): string {
  const elements = list.split(',');
  const moves = moveElements(elementsOf(list), rule.mappings);
  const kept = elements.flatMap((element, at) =>
    moved(element, moves[at], (to) => withSpaceOf(element, element, to)),
  );
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
