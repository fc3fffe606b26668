/** What an inventory looks for: spellings of models, and keys of one model's rows. */

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

/** A key that is a plain number: it counts only where the name of the column or the path to it speaks of a model. */
export function isNumericKey({ by, text }: Term): boolean {
  return by === 'key' && /^-?\d{1,19}$/.test(text);
}
