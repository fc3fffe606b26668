/** What one connection keeps prepared. */
import type { ResultColumns } from '../sql/values.ts';
import type { Statement } from './question.ts';

/**
 * They follow from declarations, from the rules of a site and from what models are called, so there are some hundred of them. Where each
 * tenant has a schema of its own they are new ones for every tenant, and those that were sent longest ago make room.
 */
const limit = 400;

export interface KeptStatement {
  readonly name: string;
  /** Of its rows; undefined until it has run, and after it failed. */
  columns: ResultColumns | undefined;
}

export class KeptStatements {
  /** By their text, the one that was sent last at the end. */
  readonly #kept = new Map<string, KeptStatement>();

  /** How the connection keeps a statement; undefined for one that it does not keep. */
  find({ sql, keep }: Statement): KeptStatement | undefined {
    if (!keep) return undefined;
    const kept = this.#kept.get(sql) ?? { name: this.#freeName(), columns: undefined };
    this.#kept.delete(sql);
    this.#kept.set(sql, kept);
    return kept;
  }

  #freeName(): string {
    const [oldest] = this.#kept;
    if (oldest === undefined || this.#kept.size < limit) return `drover_${this.#kept.size + 1}`;
    const [sql, { name }] = oldest;
    this.#kept.delete(sql);
    return name;
  }
}
