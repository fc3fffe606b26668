/** Taking edits of documents back, value by value: what somebody changed elsewhere in the same document stays. */
import { revertDocument } from '../../engine/edit/documents.ts';
import type { Edit } from '../../engine/edit/value-rule.ts';
import { Binder } from '../sql/binder.ts';
import { quoteIdent, quoteRows } from '../sql/identifiers.ts';
import { writeChunk } from '../move/journal.ts';
import { keyExpression, keyMatches } from '../sql/keys.ts';
import { writeDocuments } from '../move/operations/rewrite.ts';
import type { ChangedDocument } from '../move/operations/rewrite.ts';
import { columnOf } from '../sql/match.ts';
import { mineSql } from '../sql/row.ts';
import type { Chunk, JournalledEdits, Skipped, UndoContext, UndoTarget, Undone } from './chunk.ts';

interface Current {
  readonly key: string;
  readonly text: string | null;
  readonly elements: (string | null)[] | null;
}

/** Takes the edits of an `edit` chunk back. A row counts as restored when at least one value of it was. */
export async function undoEdits(context: UndoContext, target: UndoTarget, chunk: Chunk): Promise<Undone> {
  const edits = (chunk.befores ?? []) as JournalledEdits[];
  const column = edits[0]?.column ?? '';
  if (!target.table.columns.some((one) => one.name === column))
    return {
      restored: 0,
      skipped: chunk.keys.map((key) => ({ table: chunk.table, key, reason: 'the column is gone' })),
    };
  const current = new Map(
    (await readCurrent(context, target, { chunk, column })).map((row) => [row.key, row]),
  );
  const skipped: Skipped[] = [];
  const changed = chunk.keys.flatMap((key, at) =>
    revertRow({ table: chunk.table, key, row: current.get(key), edits: edits[at], skipped }),
  );
  if (changed.length === 0) return { restored: 0, skipped };
  await writeDocuments(context, {
    row: { binder: new Binder(), rules: context.rules, table: target.table, tenant: context.tenant },
    key: target.key,
    column,
    documents: changed,
  });
  await writeChunk(context.tx, context.journal, {
    step: context.step,
    chunk: context.nextChunk(),
    action: 'edit',
    ...target,
    keys: changed.map((row) => row.key),
    befores: changed.map((row) => ({ column, carrier: edits[0]?.carrier, edits: row.edits })),
  });
  return { restored: changed.length, skipped };
}

async function readCurrent(
  context: UndoContext,
  { table, key }: UndoTarget,
  { chunk, column }: { chunk: Chunk; column: string },
): Promise<Current[]> {
  const binder = new Binder();
  const name = `t.${quoteIdent(column)}`;
  const elements = columnOf(table, column).kind.endsWith('[]') ? `${name}::text[]` : 'NULL::text[]';
  const keys = binder.bind(chunk.keys, `text[]::${key.type}[]`);
  const mine = mineSql({ binder, rules: context.rules, table, tenant: context.tenant });
  const sql = `SELECT ${keyExpression(key, 't')}::text AS key, ${name}::text AS text, ${elements} AS elements FROM ${quoteRows(table)} t JOIN unnest(${keys}) e (k) ON ${keyMatches(key, 't', 'e.k')} WHERE ${mine} FOR UPDATE OF t`;
  return context.tx.many<Current>(sql, binder.values);
}

interface RowEdits {
  readonly table: string;
  readonly key: string;
  readonly row: Current | undefined;
  readonly edits: JournalledEdits | undefined;
  readonly skipped: Skipped[];
}

function revertRow({ table, key, row, edits, skipped }: RowEdits): ChangedDocument[] {
  const skip = (reason: string): ChangedDocument[] => (skipped.push({ table, key, reason }), []);
  if (row === undefined || row.text === null || edits === undefined)
    return skip(row === undefined ? 'deleted since' : 'emptied since');
  const result = revertDocument(edits.carrier, { text: row.text, elements: row.elements }, edits.edits);
  if (result.kind === 'unreadable') return skip(`changed since: ${result.reason}`);
  for (const { edit, reason } of result.skipped)
    skipped.push({ table, key: edit.pointer === '' ? key : `${key} ${edit.pointer}`, reason });
  if (result.reverted.length === 0) return [];
  return [
    {
      key,
      old: row.text,
      text: result.value.text,
      elements: result.value.elements,
      edits: result.reverted.map((edit) => exchanged(edit, result.reverted)).toReversed(),
    },
  ];
}

/** The edit that would do it again: before and after exchanged, the values beside it as they are now. */
function exchanged(edit: Edit, all: readonly Edit[]): Edit {
  const now = new Map(all.map((one) => [one.pointer, one.before]));
  const beside = Object.fromEntries(
    Object.entries(edit.beside ?? {}).map(([pointer, after]) => [pointer, now.get(pointer) ?? after]),
  );
  return {
    place: edit.place,
    pointer: edit.pointer,
    before: edit.after,
    after: edit.before,
    ...(edit.beside === undefined ? {} : { beside }),
  };
}
