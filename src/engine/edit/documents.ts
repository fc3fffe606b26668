/** Edits one value by rules, and takes the edits back, whatever the value is: JSON, a PostgreSQL array, or a text. */
import { depthOf, pointerBefore } from './json-pointer.ts';
import { TooLargeWithin, unescaped } from './layers.ts';
import { revertJson } from './revert-json.ts';
import { rewriteJson } from './rewrite-json.ts';
import { isTooMuch } from './size.ts';
import { applySplices } from './splices.ts';
import { textMeaning, textSplices } from './text-rule.ts';
import type { Edit, SkippedEdit, ValueRule } from './value-rule.ts';

/** What a column holds: its text, and the elements where it is an array. An array is edited as a JSON list of its elements. */
export interface DocumentValue {
  readonly text: string;
  readonly elements: readonly (string | null)[] | null;
  /** Elements that the database takes for equal to a value of a mapping, and that are written otherwise: element → value. */
  readonly alike?: Readonly<Record<string, string>> | null;
}

interface UnreadableDocument {
  readonly kind: 'unreadable';
  readonly reason: string;
  /** The document is not edited because of its size, or that of its edits: see size.ts. */
  readonly tooLarge: boolean;
}

export type Rewritten =
  | {
      readonly kind: 'edited';
      readonly value: DocumentValue;
      readonly edits: readonly Edit[];
      /** By place: how many names of members stay because another member has the name that they would get. */
      readonly colliding: ReadonlyMap<string, number>;
    }
  | UnreadableDocument;

type Reverted =
  | {
      readonly kind: 'reverted';
      readonly value: DocumentValue;
      readonly reverted: readonly Edit[];
      readonly skipped: readonly SkippedEdit[];
    }
  | UnreadableDocument;

/** The value with the source replaced wherever one of the rules finds it. The rules run one after the other. */
export function rewriteDocument(value: DocumentValue, rules: readonly ValueRule[]): Rewritten {
  return orTooLarge(() => rewriteValue(value, rules));
}

function orTooLarge<Result>(edit: () => Result): Result | UnreadableDocument {
  try {
    return edit();
  } catch (error) {
    if (error instanceof TooLargeWithin) return unreadable({ invalid: error.message, tooLarge: true });
    throw error;
  }
}

function unreadable({
  invalid,
  tooLarge = false,
}: {
  invalid: string;
  tooLarge?: boolean;
}): UnreadableDocument {
  return { kind: 'unreadable', reason: invalid, tooLarge };
}

function rewriteValue(value: DocumentValue, rules: readonly ValueRule[]): Rewritten {
  const edits: Edit[] = [];
  const colliding = new Map<string, number>();
  let text = textOf(value);
  for (const some of alike(rules, ({ pointer }) => pointer === undefined)) {
    const result = some[0]?.pointer === undefined ? rewriteText(text, some) : rewriteJson(text, some);
    if ('invalid' in result) return unreadable(result);
    text = result.text;
    for (const edit of result.edits) edits.push(edit);
    for (const [place, members] of result.colliding) colliding.set(place, members);
  }
  if (isTooMuch(edits))
    return unreadable({ invalid: 'more edits than the journal can keep', tooLarge: true });
  return { kind: 'edited', value: valueOf(text, value), edits, colliding };
}

/** The value with the edits taken back. An edit is taken back only where its value still is what was written. */
export function revertDocument(value: DocumentValue, edits: readonly Edit[]): Reverted {
  return orTooLarge(() => revertValue(value, edits));
}

function revertValue(value: DocumentValue, edits: readonly Edit[]): Reverted {
  const [reverted, skipped]: [Edit[], SkippedEdit[]] = [[], []];
  let text = textOf(value);
  for (const some of alike(edits, ({ shape }) => shape !== undefined).toReversed()) {
    const result = some[0]?.shape === undefined ? revertJson(text, some) : revertText(text, some);
    if ('invalid' in result) return unreadable(result);
    text = result.text;
    for (const edit of result.reverted) reverted.push(edit);
    for (const one of result.skipped) skipped.push(one);
  }
  return { kind: 'reverted', value: valueOf(text, value), reverted, skipped };
}

/**
 * The edits whose taking back makes the reverted ones again. What was reverted last is made again first, so its edit stands last.
 * @param reverted as `revertDocument` returned them.
 */
export function editsAgain(reverted: readonly Edit[]): Edit[] {
  const now = new Map(reverted.map((edit) => [edit.pointer, edit.before]));
  return reverted.map((edit) => {
    const { before: after, after: before, beside } = edit;
    const exchanged = { ...edit, pointer: pointerBefore(edit), before, after };
    if (beside === undefined) return exchanged;
    const values = Object.entries(beside).map(([pointer, value]) => [pointer, now.get(pointer) ?? value]);
    return { ...exchanged, beside: Object.fromEntries(values) as Record<string, string> };
  });
}

/** What an edit says for a person: the value that was there, or is. */
export function editedValue({ pointer, shape, ...edit }: Edit, side: 'before' | 'after'): unknown {
  return shape === undefined ? JSON.parse(unescaped(edit[side], depthOf(pointer))) : edit[side];
}

function textOf({ text, elements }: DocumentValue): string {
  return elements === null ? text : JSON.stringify(elements);
}

function valueOf(text: string, { text: old, elements }: DocumentValue): DocumentValue {
  if (elements === null) return { text, elements };
  return { text: old, elements: JSON.parse(text) as (string | null)[] };
}

/** Neighbours that are alike, together. */
function alike<Item>(items: readonly Item[], isText: (item: Item) => boolean): Item[][] {
  const groups: Item[][] = [];
  for (const item of items) {
    const last = groups.at(-1);
    if (last?.[0] !== undefined && isText(last[0]) === isText(item)) last.push(item);
    else groups.push([item]);
  }
  return groups;
}

/** A text as a whole is one edit for each rule that changed it. */
function rewriteText(text: string, rules: readonly ValueRule[]) {
  const edits: Edit[] = [];
  let current = text;
  for (const { place, shape, mappings } of rules) {
    if (shape === 'scalar' || shape === 'list') continue;
    const splices = textSplices(current, shape, mappings);
    if (splices.length === 0) continue;
    const after = applySplices(current, splices);
    edits.push({ place, pointer: '', before: current, after, shape });
    current = after;
  }
  return { text: current, edits, colliding: new Map<string, number>() };
}

/** Takes edits back, the last first. An edit is taken back only where the text means what it meant after the edit. */
function revertText(text: string, edits: readonly Edit[]) {
  const [reverted, skipped]: [Edit[], SkippedEdit[]] = [[], []];
  let current = text;
  for (const edit of edits.toReversed()) {
    const { shape = 'inside', before, after } = edit;
    if (textMeaning(current, shape) === textMeaning(after, shape)) {
      reverted.push(edit);
      current = before;
    } else skipped.push({ edit, reason: `the ${shape === 'inside' ? 'text' : 'list'} was changed since` });
  }
  return { text: current, reverted, skipped };
}
