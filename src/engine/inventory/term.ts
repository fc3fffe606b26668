/** What an inventory looks for: spellings of models, and keys of one model's rows. */
import { isUuid } from '../uuid.ts';

/** One text that stands for a model. */
export interface Term {
  /** Whose it is: the id of the model where the terms come from. */
  readonly model: string;
  readonly text: string;
  /** A name, or the key of a model's row. */
  readonly by: 'name' | 'key';
}

/** Letters in any case are the same letter, and blanks around a value do not count. */
export function foldText(text: string): string {
  return text.trim().toLowerCase();
}

/** Does the name of a column, a path or a value speak of models, so that a key there is likely to be a model's? */
export function speaksOfModels(name: string): boolean {
  return /model|llm/i.test(name);
}

/**
 * A key that may stand for many things: any but a uuid. It counts only as a whole value, and only where the column or the member that
 * holds it is called after models, or a value beside it speaks of them.
 */
export function isWeakKey({ by, text }: Term): boolean {
  return by === 'key' && !isUuid(text);
}

/** A plain word, or as short as `o1`: a key of anything may read like it. */
export function mayBeAnyKey(text: string): boolean {
  return isPlainWord(text) || /^\p{L}{1,2}\d{1,2}$/u.test(text.trim());
}

/** A plain word, such as `default`, names a model only as a whole value: inside of a text it may mean anything. */
export function isPlainWord(text: string): boolean {
  return /^\p{L}+$/u.test(text.trim());
}
