/** Collects the parameters of a statement while its text is built, so that no value is ever part of the text. */
import type { Column } from '../../engine/catalogue/catalog.ts';

export class Binder {
  readonly values: unknown[] = [];

  /** The placeholder for a value, cast to a type. The same value and type share one placeholder. */
  bind(value: unknown, type: string): string {
    const known = this.values.indexOf(value);
    if (known >= 0 && typeof value === 'string' && this.#types[known] === type)
      return `$${known + 1}::${type}`;
    this.values.push(value);
    this.#types.push(type);
    return `$${this.values.length}::${type}`;
  }

  readonly #types: string[] = [];
}

/**
 * The type a text value is cast to before it meets a column. Text-like columns compare as text: a cast to `varchar(n)`
 * would cut the value silently. Other types are cast twice, because a driver sends every value here as text.
 */
export function castFor(column: Column): string {
  if (column.kind === 'text') return 'text';
  if (column.kind === 'uuid') return 'text::uuid';
  if (column.kind === 'integer') return 'text::bigint';
  return `text::${column.type}`;
}
