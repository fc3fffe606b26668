/**
 * Taking journal entries back, one chunk at a time, by compare-and-set: a row is restored only where it still holds exactly what was
 * written; otherwise it is left and listed with the reason. Each undo writes journal entries of its own, with before and after
 * exchanged, so that a rollback is itself a migration that can be rolled back.
 *
 * What the database refuses (a unique key taken since, a parent deleted since) is found by halving the chunk until the refused
 * rows are alone; the others are restored.
 */
import type { Table } from '../../engine/catalogue/catalog.ts';
import { findTable } from '../../engine/catalogue/catalog.ts';
import type { Edit } from '../../engine/edit/value-rule.ts';
import type { Rules } from '../../engine/rules/references.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { backToSavepoint } from '../driver/question.ts';
import type { Journal, JournalAction } from '../move/journal.ts';
import { findRowKey } from '../sql/keys.ts';
import type { RowKey } from '../sql/keys.ts';
import { undoDelete, undoInsert } from './rows.ts';
import { undoEdits } from './edits.ts';
import { undoSet } from './set.ts';

/** One chunk of the journal, as read back. */
export interface Chunk {
  readonly step: number;
  readonly chunk: number;
  readonly action: JournalAction;
  readonly table: string;
  readonly keyColumns: readonly string[];
  readonly keys: readonly string[];
  readonly before: Readonly<Record<string, string | null>> | null;
  readonly after: Readonly<Record<string, string | null>> | null;
  readonly befores: readonly unknown[] | null;
  readonly afters: readonly unknown[] | null;
}

export interface Skipped {
  readonly table: string;
  readonly key: string;
  readonly reason: string;
}

export interface UndoContext {
  readonly tx: Tx;
  readonly rules: Rules;
  readonly tenant: string | undefined;
  readonly journal: Journal;
  /** The step number of the rollback's own journal. */
  readonly step: number;
  /** Numbers the chunks that the rollback writes. */
  readonly nextChunk: () => number;
}

export interface UndoTarget {
  readonly table: Table;
  readonly key: RowKey;
}

export interface Undone {
  readonly restored: number;
  readonly skipped: readonly Skipped[];
}

/** The changes of a document as journalled by a rewrite step. */
export interface JournalledEdits {
  readonly column: string;
  readonly carrier: 'json' | 'array' | 'comma';
  readonly edits: readonly Edit[];
}

/** Takes one chunk back. Rows that cannot be restored are in `skipped`, each with its reason. */
export async function undoChunk(context: UndoContext, chunk: Chunk): Promise<Undone> {
  const table = findTable(context.rules.catalog, chunk.table);
  const key = table === undefined ? undefined : findRowKey(context.rules, table);
  if (table === undefined || key === undefined) return skipAll(chunk, 'the table is gone');
  if (key.columns.map((column) => column.name).join() !== chunk.keyColumns.join())
    return skipAll(chunk, 'the key of the table is another one now');
  return halving(context, { table, key }, chunk);
}

/** Leaves every row of the chunk as it is, for one reason. */
export function skipAll(chunk: Chunk, reason: string): Undone {
  return { restored: 0, skipped: chunk.keys.map((key) => ({ table: chunk.table, key, reason })) };
}

const refusals: readonly string[] = ['ALREADY_EXISTS', 'STILL_REFERENCED', 'INVALID_VALUE', 'MODEL_RETIRED'];

async function halving(context: UndoContext, target: UndoTarget, chunk: Chunk): Promise<Undone> {
  await context.tx.run('SAVEPOINT drover_undo');
  try {
    const undone = await undoRows(context, target, chunk);
    await context.tx.run('RELEASE SAVEPOINT drover_undo');
    return undone;
  } catch (error) {
    if (!(error instanceof DroverError) || !refusals.includes(error.code)) throw error;
    await context.tx.ask(backToSavepoint('drover_undo'));
    if (chunk.keys.length === 1)
      return skipAll(chunk, `the database refuses the old value: ${error.message}`);
  }
  const middle = Math.ceil(chunk.keys.length / 2);
  const first = await halving(context, target, part(chunk, 0, middle));
  const second = await halving(context, target, part(chunk, middle, chunk.keys.length));
  return { restored: first.restored + second.restored, skipped: [...first.skipped, ...second.skipped] };
}

function part(chunk: Chunk, start: number, end: number): Chunk {
  return {
    ...chunk,
    keys: chunk.keys.slice(start, end),
    befores: chunk.befores?.slice(start, end) ?? null,
    afters: chunk.afters?.slice(start, end) ?? null,
  };
}

function undoRows(context: UndoContext, target: UndoTarget, chunk: Chunk): Promise<Undone> {
  switch (chunk.action) {
    case 'set':
      return undoSet(context, target, chunk);
    case 'delete':
      return undoDelete(context, target, chunk);
    case 'insert':
      return undoInsert(context, target, chunk);
    case 'edit':
      return undoEdits(context, target, chunk);
  }
}
