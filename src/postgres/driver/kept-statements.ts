/** What one connection keeps prepared. */
import type { ResultColumns } from '../sql/values.ts';
import type { Statement } from './question.ts';

/** Texts are made from declarations, so there are some hundred of them. */
const limit = 400;

interface KeptStatement {
  readonly name: string;
  /** Of its rows; undefined until it has run once. */
  columns: ResultColumns | undefined;
}

export class KeptStatements {
  readonly #kept = new Map<string, KeptStatement>();

  /** By what name the connection keeps a statement; empty for one that it does not keep. */
  nameOf({ sql, keep }: Statement): string {
    if (!keep) return '';
    const kept = this.#kept.get(sql);
    if (kept !== undefined) return kept.name;
    if (this.#kept.size >= limit) return '';
    const name = `drover_${this.#kept.size + 1}`;
    this.#kept.set(sql, { name, columns: undefined });
    return name;
  }

  /** The columns of a statement that is prepared and has run. */
  columnsOf({ sql, keep }: Statement): ResultColumns | undefined {
    return keep ? this.#kept.get(sql)?.columns : undefined;
  }

  /** It has run. */
  remember({ sql, keep }: Statement, columns: ResultColumns): void {
    const kept = keep ? this.#kept.get(sql) : undefined;
    if (kept !== undefined) kept.columns ??= columns;
  }

  /** It failed, and is prepared anew the next time: a column may have another type than it was prepared with. */
  forget({ sql }: Statement): void {
    const kept = this.#kept.get(sql);
    if (kept !== undefined) kept.columns = undefined;
  }
}
