/** Large answers, a batch at a time: memory stays flat, and all batches see the rows as they were when the first one was read. */
import type { BatchQuery, Tx } from './database.ts';
import { affected, inOrder, many, type Question, type Statement, statementOf } from './question.ts';

interface Cursor {
  readonly name: string;
  /** The number of its query. */
  readonly at: number;
  /** Of the next batch. */
  size: number;
}

/** How many rows of a query are fetched before anything is known of their size. */
export const firstFetch = 20;

const fetchBytes = 4_000_000;

/** How many rows to fetch next: documents differ in size by a factor of a thousand, so the size of those before says it. */
export function nextFetch<R>(rows: readonly R[], sizeOf: (row: R) => number): number {
  const bytes = rows.reduce((sum, row) => sum + sizeOf(row), 100 * rows.length);
  return Math.max(1, Math.min(5000, Math.floor((fetchBytes * rows.length) / bytes)));
}

let opened = 0;

/**
 * Reads several queries side by side: the next batches of all of them are one message. `visit` gets the number of the query beside
 * the rows, and says how large the next batch of that query may be.
 */
export async function readBatches<R extends object>(
  tx: Pick<Tx, 'together'>,
  queries: readonly BatchQuery[],
  visit: (rows: R[], at: number) => Promise<number>,
): Promise<void> {
  const cursors = queries.map(({ size }, at): Cursor => ({
    name: `drover_batches_${(opened += 1)}`,
    at,
    size,
  }));
  let first = queries.map(({ sql, params }, at) =>
    declare(cursors[at]?.name ?? '', statementOf(sql, params)),
  );
  for (let left = cursors; left.length > 0;) {
    const next = left.map(({ name, size }) => many<R>(`FETCH ${size} FROM ${name}`));
    const [, batches] = await tx.together([inOrder(first), inOrder(next)]);
    first = [];
    const full: Cursor[] = [];
    for (const [nth, cursor] of left.entries()) {
      const rows = batches[nth] ?? [];
      const fetched = cursor.size;
      if (rows.length > 0) cursor.size = await visit(rows, cursor.at);
      if (rows.length === fetched) full.push(cursor);
    }
    left = full;
  }
  await tx.together(cursors.map(({ name }) => affected(`CLOSE ${name}`)));
}

function declare(name: string, { sql, params }: Statement): Question<undefined> {
  const statement = { sql: `DECLARE ${name} NO SCROLL CURSOR FOR ${sql}`, params, keep: false };
  return { statements: [statement], read: () => undefined };
}
