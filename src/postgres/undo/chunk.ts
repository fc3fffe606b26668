/** Chunks of the journal as they are read back, and what taking them back has in common whatever they changed. */
import { keysOfTenants } from '../../engine/tenant.ts';
import type { TenantKey } from '../../engine/tenant.ts';
import type { Table } from '../../engine/catalogue/catalog.ts';
import type { Edit } from '../../engine/edit/value-rule.ts';
import type { Rules } from '../../engine/rules/references.ts';
import type { Tx } from '../driver/database.ts';
import { journalOfSome } from '../records/journal.ts';
import type { ChangeStatement, Journal, JournalAction } from '../records/journal.ts';
import type { RowKey } from '../sql/keys.ts';
import type { Member } from '../facts/member.ts';
import type { UngrantedUses } from '../move/grant-uses.ts';
import type { Place } from '../../engine/rules/place.ts';
import type { PlaceRow, RowContext } from '../sql/match.ts';
import type { ValuesSide } from '../sql/reliance.ts';
import type { Sql } from '../sql/sql.ts';

/** One chunk of the journal, as read back. */
export interface Chunk {
  /** The number of the member whose migration wrote it. */
  readonly member: number;
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
  /** Of each member, undefined where the database has a single tenant. */
  readonly tenants: readonly TenantKey[];
  /** The journal of the rollbacks. */
  readonly journal: Journal;
  /** Of each member the two models, and how each place writes them. */
  readonly members: readonly Member[];
  /** Of each member what rows relied on before the move although it was not granted. */
  readonly before: readonly UngrantedUses[];
  /** The side of the models to which rows return. */
  readonly restores: ValuesSide;
  /** What is removed are grants that the rollback kept beside those that it restored. */
  readonly kept: boolean;
  /** Of each member the step number in the rollback's own journal. */
  readonly steps: readonly number[];
  /** Numbers the chunks that the rollback of a member writes. */
  readonly nextChunk: (member: number) => number;
}

export interface UndoTarget {
  readonly table: Table;
  readonly key: RowKey;
}

/** What may keep rows of a place from returning to the model that they named. */
export interface Hindrance {
  readonly place: Place;
  readonly row: PlaceRow;
  /** What `may` reads of row `t`. */
  readonly columns: readonly string[];
  /** May row `t` return? */
  readonly may: Sql;
  /** Why it may not. */
  readonly reason: string;
}

/** What became of one chunk. */
export interface Undone {
  readonly restored: number;
  readonly skipped: readonly Skipped[];
}

/** The changes of a document as journalled by a rewrite step. */
export interface JournalledEdits {
  readonly column: string;
  readonly edits: readonly Edit[];
}

/** Leaves every row of the chunk as it is, for one reason. */
export function skipAll(chunk: Chunk, reason: string): Undone {
  return { restored: 0, skipped: chunk.keys.map((key) => ({ table: chunk.table, key, reason })) };
}

/** Every column that the chunk or a row of it changed, and that still exists. */
export function changedColumns({ columns }: Table, { before, befores }: Chunk): string[] {
  const names = new Set(Object.keys(before ?? {}));
  for (const row of befores ?? []) for (const name of Object.keys(row ?? {})) names.add(name);
  return [...names].filter((name) => columns.some((own) => own.name === name));
}

/** The rows that the chunks are about, each chunk's by the tenant of its member. */
export function chunkRows(
  { rules, tenants }: UndoContext,
  { table }: UndoTarget,
  chunks: readonly Chunk[],
): RowContext {
  const own = keysOfTenants(chunks.map(({ member }) => tenants[member]));
  return { rules, table, size: chunks.length, tenants: own };
}

/** What the journal entries of an undo have in common; each takes a new number of its member. */
export function undoEntry(
  context: UndoContext,
  { table, key }: UndoTarget,
  chunks: readonly Chunk[],
): Pick<ChangeStatement, 'journal' | 'steps' | 'table' | 'key' | 'firstChunks'> {
  return {
    journal: journalOfSome(
      context.journal,
      chunks.map(({ member }) => member),
    ),
    steps: chunks.map(({ member }) => context.steps[member] ?? 0),
    firstChunks: chunks.map(({ member }) => context.nextChunk(member)),
    table,
    key,
  };
}

/** What became of a chunk of which the rows with these keys were restored. */
export function undoneOf(chunk: Chunk, keys: readonly string[] | null, reason: string): Undone {
  const done = new Set(keys ?? []);
  const left = chunk.keys.filter((key) => !done.has(key));
  return {
    restored: done.size,
    skipped: left.map((key) => ({ table: chunk.table, key, reason })),
  };
}
