/** The rows that a statement for several members gives, back to the members: each row carries the number of its member. */
import { forEachMember } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import type { Tx } from './database.ts';
import { many, prepared, readAs } from './question.ts';
import type { Question } from './question.ts';

/**
 * The rows of a SELECT for each of several members, each member's in their order. For one member the connection keeps the statement
 * (`prepared`); of several the plan has to know how many.
 */
export function askEach<R extends object>(size: number, select: Sql): Question<R[][]> {
  const query = size === 1 ? prepared(select) : forEachMember(size, select);
  return readAs(many<R & Numbered>(query), (rows) => distribute<R>(size, rows));
}

export function readEach<R extends object>(tx: Tx, size: number, select: Sql): Promise<R[][]> {
  return tx.ask(askEach<R>(size, select));
}

export interface Numbered {
  readonly 'drover:n'?: number;
  readonly 'drover:o'?: number;
}

/** Rows to their members, by the number that they carry; without their numbers. */
export function distribute<R extends object>(size: number, rows: readonly (R & Numbered)[]): R[][] {
  if (size === 1) return [[...rows]];
  const lists = Array.from({ length: size }, (): R[] => []);
  const ordered = rows.toSorted((a, b) => (a['drover:o'] ?? 0) - (b['drover:o'] ?? 0));
  for (const { 'drover:n': number = 1, 'drover:o': _order, ...row } of ordered)
    lists[number - 1]?.push(row as unknown as R);
  return lists;
}

/**
 * What was found, of every member. Results are matched to members by their number, so a gap must not close: it would give a
 * tenant what belongs to the next one.
 */
export function everyMember<T>(found: readonly (T | undefined)[]): T[] {
  return found.map((one, number) => {
    if (one === undefined) throw new Error(`member ${number} of a batch came to nothing`);
    return one;
  });
}
