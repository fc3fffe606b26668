/** Taking edits of documents back, value by value: what somebody changed elsewhere in the same document stays. */
import { everyMember, readEach } from '../driver/members.ts';
import { editsAgain, revertDocument } from '../../engine/edit/documents.ts';
import { writeDocuments } from '../move/operations/rewrite.ts';
import type { ChangedDocument } from '../move/operations/rewrite.ts';
import { writeChunks } from '../records/journal.ts';
import { columnOf } from '../sql/cast.ts';
import { documentText, elementsSql } from '../sql/document.ts';
import { keyExpression } from '../sql/keys.ts';
import { column, sql } from '../sql/sql.ts';
import { chunkRows, skipAll } from './chunk.ts';
import { hindrancesIn, reasonsOf, whyNot } from './hindrances.ts';
import type { Chunk, Hindrance, JournalledEdits, Skipped, UndoContext, UndoTarget, Undone } from './chunk.ts';
import { keyedRows } from './keyed-rows.ts';

interface CurrentText {
  readonly key: string;
  readonly text: string | null;
  readonly elements: (string | null)[] | null;
  /** What keeps what returns from returning. */
  readonly hindered: readonly string[];
}

/** Takes the edits of `edit` chunks back. A row counts as restored when at least one value of it was. */
export async function undoEdits(
  context: UndoContext,
  target: UndoTarget,
  chunks: readonly Chunk[],
): Promise<Undone[]> {
  const undone = new Map<Chunk, Undone>();
  const edited = chunks.map((chunk) => ({ chunk, edits: editsOf(chunk) }));
  const byColumn = Map.groupBy(edited, ({ edits }) => edits[0]?.column ?? '');
  for (const [name, some] of byColumn) {
    const exists = target.table.columns.some((one) => one.name === name);
    const results = exists ? await undoColumn(context, target, { name, some }) : [];
    for (const [at, { chunk }] of some.entries())
      undone.set(chunk, results[at] ?? skipAll(chunk, 'the column is gone'));
  }
  return everyMember(chunks.map((chunk) => undone.get(chunk)));
}

/** Of each row; where they are the same in all of them, the journal has them once. */
function editsOf({ keys, before, befores }: Chunk): JournalledEdits[] {
  const each: readonly unknown[] = befores ?? keys.map(() => before);
  return each as JournalledEdits[];
}

interface ColumnEdits {
  readonly name: string;
  readonly some: readonly {
    readonly chunk: Chunk;
    readonly edits: readonly JournalledEdits[];
  }[];
}

async function undoColumn(
  context: UndoContext,
  target: UndoTarget,
  { name, some }: ColumnEdits,
): Promise<Undone[]> {
  const current = await readCurrent(context, target, { name, some });
  const reverted = some.map(({ chunk, edits }, member) => {
    const rows = new Map((current[member] ?? []).map((row) => [row.key, row]));
    const skipped: Skipped[] = [];
    const changed = chunk.keys.flatMap((key, at) =>
      revertRow({ table: chunk.table, member, key, row: rows.get(key), edits: edits[at], skipped }),
    );
    return { changed, skipped };
  });
  await writeBack(context, target, { name, some, changed: reverted.map(({ changed }) => changed) });
  return reverted.map(({ changed, skipped }) => ({ restored: changed.length, skipped }));
}

async function writeBack(
  context: UndoContext,
  target: UndoTarget,
  { name, some, changed }: ColumnEdits & { readonly changed: readonly (readonly ChangedDocument[])[] },
): Promise<void> {
  const documents = changed.flat();
  if (documents.length === 0) return;
  const row = chunkRows(
    context,
    target,
    some.map(({ chunk }) => chunk),
  );
  await writeDocuments(context.tx, { row, key: target.key, column: name, documents });
  const written = some.flatMap(({ chunk: { member } }, at) => {
    const own = changed[at] ?? [];
    if (own.length === 0) return [];
    const befores = own.map((document) => ({
      column: name,
      edits: document.edits,
    }));
    const keys = own.map((document) => document.key);
    return [{ member, step: context.steps[member] ?? 0, chunk: context.nextChunk(member), keys, befores }];
  });
  await writeChunks(context.tx, { journal: context.journal, action: 'edit', ...target }, written);
}

/** The documents as they are now, for each chunk, locked. */
function readCurrent(
  context: UndoContext,
  target: UndoTarget,
  { name, some }: ColumnEdits,
): Promise<CurrentText[][]> {
  const { table, key } = target;
  const chunks = some.map(({ chunk }) => chunk);
  const held = { own: columnOf(table, name), value: column('t', name) };
  return readEach<CurrentText>(
    context.tx,
    chunks.length,
    sql`SELECT ${keyExpression(key, 't')}::text AS key, ${documentText(held)} AS text, ${elementsSql(held)} AS elements,
        ${whyNot(hindrancesHere(context, target, { name, some }))} AS hindered
      FROM ${keyedRows(context, target, chunks)} FOR UPDATE OF t`,
  );
}

/** What may be in the way at the places within the documents of the column. */
function hindrancesHere(
  context: UndoContext,
  { table }: UndoTarget,
  { name, some }: ColumnEdits,
): Hindrance[] {
  const chunks = some.map(({ chunk }) => chunk);
  return hindrancesIn(context, table.id, chunks).filter(
    ({ place }) => place.carrier === 'json' && place.column === name,
  );
}

interface RowEdits {
  readonly table: string;
  readonly member: number;
  readonly key: string;
  readonly row: CurrentText | undefined;
  readonly edits: JournalledEdits | undefined;
  readonly skipped: Skipped[];
}

function revertRow({ table, member, key, row, edits, skipped }: RowEdits): ChangedDocument[] {
  const skip = (reason: string): ChangedDocument[] => (skipped.push({ table, key, reason }), []);
  if (row === undefined || row.text === null || edits === undefined)
    return skip(row === undefined ? 'deleted since' : 'emptied since');
  // Several places may lead to one value, and any of them may have moved it: the whole document stays.
  if (row.hindered.length > 0) return skip(reasonsOf(row.hindered));
  const result = revertDocument({ text: row.text, elements: row.elements }, edits.edits);
  if (result.kind === 'unreadable') return skip(`changed since: ${result.reason}`);
  for (const { edit, reason } of result.skipped)
    skipped.push({ table, key: edit.pointer === '' ? key : `${key} ${edit.pointer}`, reason });
  if (result.reverted.length === 0) return [];
  return [
    {
      member,
      key,
      old: row.text,
      text: result.value.text,
      elements: result.value.elements,
      edits: editsAgain(result.reverted),
    },
  ];
}
