/** Edits one document by rules, and takes the edits back, whatever its form. */
import { revertArray, revertComma, rewriteArray, rewriteComma } from './lists.ts';
import { revertJson } from './revert-json.ts';
import { rewriteJson } from './rewrite-json.ts';
import type { Edit, SkippedEdit, ValueRule } from './value-rule.ts';

/** How a document is written: JSON, a PostgreSQL array, or a comma list. */
export type DocumentForm = 'json' | 'array' | 'comma';

/** What a column holds: its text, and the elements where it is an array. */
export interface DocumentValue {
  readonly text: string;
  readonly elements: readonly (string | null)[] | null;
  /** Elements that the database takes for equal to a value of a mapping, and that are written otherwise: element → value. */
  readonly alike?: Readonly<Record<string, string>> | null;
}

interface Unreadable {
  readonly kind: 'unreadable';
  readonly reason: string;
}

export type Rewritten =
  | { readonly kind: 'edited'; readonly value: DocumentValue; readonly edits: readonly Edit[] }
  | Unreadable;

export type Reverted =
  | {
      readonly kind: 'reverted';
      readonly value: DocumentValue;
      readonly reverted: readonly Edit[];
      readonly skipped: readonly SkippedEdit[];
    }
  | Unreadable;

/** The document with the source replaced wherever one of the rules finds it. */
export function rewriteDocument(
  form: DocumentForm,
  value: DocumentValue,
  rules: readonly ValueRule[],
): Rewritten {
  if (form === 'array') {
    const { values, edits } = rewriteArray(value.elements ?? [], rules);
    return { kind: 'edited', value: { text: value.text, elements: values }, edits };
  }
  const result = form === 'comma' ? rewriteComma(value.text, rules) : rewriteJson(value.text, rules);
  if ('invalid' in result) return { kind: 'unreadable', reason: result.invalid };
  return { kind: 'edited', value: { text: result.text, elements: null }, edits: result.edits };
}

/** The document with the edits taken back. An edit is taken back only where its value still is what was written. */
export function revertDocument(form: DocumentForm, value: DocumentValue, edits: readonly Edit[]): Reverted {
  if (form === 'array') {
    const { values, ...result } = revertArray(value.elements ?? [], edits);
    return { kind: 'reverted', value: { text: value.text, elements: values }, ...result };
  }
  const reverted = form === 'comma' ? revertComma(value.text, edits) : revertJson(value.text, edits);
  if ('invalid' in reverted) return { kind: 'unreadable', reason: reverted.invalid };
  const { text, ...result } = reverted;
  return { kind: 'reverted', value: { text, elements: null }, ...result };
}
