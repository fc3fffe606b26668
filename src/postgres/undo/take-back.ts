/**
 * Taking journal entries back by compare-and-set: a row is restored only where it still holds exactly what was written; otherwise it
 * is left and listed with the reason. Each undo writes journal entries of its own, with before and after exchanged, so that a
 * rollback is itself a migration that can be rolled back.
 *
 * Chunks that are alike but for values are taken back by one statement, whichever members they belong to. What the database refuses
 * (a unique key taken since, a parent deleted since, a trigger that raises) is found by halving until the refused rows are alone; the
 * others are restored.
 */
import { findTable } from '../../engine/catalogue/catalog.ts';
import type { Rules } from '../../engine/rules/references.ts';
import type { DroverError } from '../../errors.ts';
import { isRaised } from '../driver/errors.ts';
import { backToSavepoint } from '../driver/question.ts';
import { isRefusal } from '../move/step-refusal.ts';
import { findRowKey } from '../sql/keys.ts';
import { changedColumns, skipAll } from './chunk.ts';
import type { Chunk, UndoContext, UndoTarget, Undone } from './chunk.ts';
import { undoEdits } from './edits.ts';
import { undoDeletes, undoInserts } from './rows.ts';
import { undoSets } from './set.ts';

/** Takes chunks back, at most one of each member; what became of each, in their order. Rows that stay have their reason. */
export async function undoChunks(context: UndoContext, chunks: readonly Chunk[]): Promise<Undone[]> {
  const results = new Map<Chunk, Undone>();
  for (const alike of Map.groupBy(chunks, (chunk) => shapeOf(context.rules, chunk)).values()) {
    const undone = await undoAlike(context, alike);
    for (const [at, chunk] of alike.entries()) results.set(chunk, undone[at] ?? nothingUndone);
  }
  return chunks.map((chunk) => results.get(chunk) ?? nothingUndone);
}

const nothingUndone: Undone = { restored: 0, skipped: [] };

/** All that a statement is built from but for values. */
function shapeOf(rules: Rules, chunk: Chunk): string {
  const { action, table, keyColumns } = chunk;
  const found = findTable(rules.catalog, table);
  const columns = found === undefined ? [] : changedColumns(found, chunk);
  return JSON.stringify([action, table, keyColumns, columns]);
}

function undoAlike(context: UndoContext, chunks: readonly Chunk[]): Promise<Undone[]> {
  const [first] = chunks;
  const table = findTable(context.rules.catalog, first?.table ?? '');
  const key = table === undefined ? undefined : findRowKey(context.rules, table);
  const skip = (reason: string): Promise<Undone[]> =>
    Promise.resolve(chunks.map((chunk) => skipAll(chunk, reason)));
  if (table === undefined || key === undefined) return skip('the table is gone');
  if (key.columns.map(({ name }) => name).join('\0') !== first?.keyColumns.join('\0'))
    return skip('the key of the table is another one now');
  return halving(context, { table, key }, chunks);
}

/**
 * Did the database refuse a row, be it by a constraint or by whatever a trigger raises? What concerns the statement (rights, features,
 * faults of the server) would only be met again by every row alone, unless a function raised it for reasons of its own.
 */
export function isOfARow(error: unknown): error is DroverError {
  return isRefusal(error) && (isRaised(error) || !/^(?:0A|25|42|XX)/.test(String(error.data['sqlState'])));
}

async function halving(
  context: UndoContext,
  target: UndoTarget,
  chunks: readonly Chunk[],
): Promise<Undone[]> {
  const { tx } = context;
  await tx.run('SAVEPOINT drover_undo');
  try {
    const undone = await undoRows(context, target, chunks);
    await tx.run('RELEASE SAVEPOINT drover_undo');
    return undone;
  } catch (error) {
    if (!isOfARow(error)) throw error;
    await tx.ask(backToSavepoint('drover_undo'));
    const [only] = chunks;
    if (chunks.length === 1 && only?.keys.length === 1)
      return [skipAll(only, `the database refuses the old value: ${error.message}`)];
  }
  return chunks.length === 1 ? halfRows(context, target, chunks) : halfChunks(context, target, chunks);
}

async function halfChunks(
  context: UndoContext,
  target: UndoTarget,
  chunks: readonly Chunk[],
): Promise<Undone[]> {
  const middle = Math.ceil(chunks.length / 2);
  const first = await halving(context, target, chunks.slice(0, middle));
  return [...first, ...(await halving(context, target, chunks.slice(middle)))];
}

async function halfRows(
  context: UndoContext,
  target: UndoTarget,
  chunks: readonly Chunk[],
): Promise<Undone[]> {
  const undone: Undone[] = [];
  for (const chunk of chunks) {
    const middle = Math.ceil(chunk.keys.length / 2);
    for (const half of [part(chunk, (_, at) => at < middle), part(chunk, (_, at) => at >= middle)])
      undone.push(...(await halving(context, target, [half])));
  }
  return [
    {
      restored: undone.reduce((sum, { restored }) => sum + restored, 0),
      skipped: undone.flatMap(({ skipped }) => skipped),
    },
  ];
}

/** The rows of a chunk of which something holds. */
export function part(chunk: Chunk, isIn: (key: string, at: number) => boolean): Chunk {
  const some = <T>(all: readonly T[] | null): T[] | null =>
    all?.filter((_, at) => isIn(chunk.keys[at] ?? '', at)) ?? null;
  return {
    ...chunk,
    keys: chunk.keys.filter(isIn),
    befores: some(chunk.befores),
    afters: some(chunk.afters),
  };
}

function undoRows(context: UndoContext, target: UndoTarget, chunks: readonly Chunk[]): Promise<Undone[]> {
  switch (chunks[0]?.action) {
    case 'set':
      return undoSets(context, target, chunks);
    case 'delete':
      return undoDeletes(context, target, chunks);
    case 'insert':
      return undoInserts(context, target, chunks);
    case 'edit':
      return undoEdits(context, target, chunks);
    case undefined:
      return Promise.resolve([]);
  }
}
