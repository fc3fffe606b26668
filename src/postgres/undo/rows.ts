/** Taking whole rows back: a removed row is put back as it was; an added row is removed where nobody changed it. */
import { numbered, runChange } from '../records/journal.ts';
import { keyExpression, keyMatches } from '../sql/keys.ts';
import { insertImages, rowImage } from '../sql/row-image.ts';
import { mineSql } from '../sql/row.ts';
import {
  allOf,
  bind,
  change,
  each,
  fromMembers,
  memberNumber,
  nothing,
  raw,
  rowsOf,
  sql,
} from '../sql/sql.ts';
import { chunkRows, undoEntry, undoneOf } from './chunk.ts';
import type { Chunk, UndoContext, UndoTarget, Undone } from './chunk.ts';

/** Puts the rows of `delete` chunks back. An INSERT cannot say for which chunk it added a row, so each has a statement of its own. */
export async function undoDeletes(
  context: UndoContext,
  target: UndoTarget,
  chunks: readonly Chunk[],
): Promise<Undone[]> {
  const { table, key } = target;
  const undone: Undone[] = [];
  for (const chunk of chunks) {
    const images = bind(texts(chunk.befores), 'text[]::jsonb[]');
    const rows = insertImages(table, sql`SELECT u.image FROM unnest(${images}) u (image)`);
    const [changed] = await runChange(context.tx, {
      ...undoEntry(context, target, [chunk]),
      action: 'insert',
      moved: sql`${rows} ON CONFLICT DO NOTHING RETURNING ${keyExpression(key, 't')} AS k, ${rowImage(table, 't')} AS image`,
      afters: raw('m.image'),
      collect: raw('m.k'),
    });
    undone.push(undoneOf(chunk, changed?.keys ?? null, 'a row with the same key is there now'));
  }
  return undone;
}

/** Removes the rows of `insert` chunks where they still are what was inserted. */
export async function undoInserts(
  context: UndoContext,
  target: UndoTarget,
  chunks: readonly Chunk[],
): Promise<Undone[]> {
  const { table, key } = target;
  const row = chunkRows(context, target, chunks);
  const { size } = row;
  const keys = each(
    chunks.map((chunk) => chunk.keys),
    `text[]::${key.type}[]`,
  );
  const images = each(
    chunks.map(({ afters }) => texts(afters)),
    'text[]::jsonb[]',
  );
  const alone = size === 1;
  const number = alone ? nothing : sql`, ${memberNumber(size)} AS "drover:n"`;
  const members = alone ? nothing : sql`${fromMembers(size, '')}, `;
  const entries = sql`SELECT u.k, u.image${number} FROM ${members}unnest(${keys}, ${images}) u (k, image)`;
  const own = alone ? [] : [sql`${memberNumber(size)} = e."drover:n"`];
  const where = allOf([
    ...own,
    keyMatches(key, 't', raw('e.k')),
    mineSql(row),
    sql`${rowImage(table, 't')} = e.image`,
  ]);
  const changed = await runChange(context.tx, {
    ...undoEntry(context, target, chunks),
    action: 'delete',
    given: [['entry', entries]],
    moved: change`DELETE FROM ${rowsOf(table)} t USING entry e${size === 1 ? nothing : fromMembers(size, ', ')} WHERE ${where}
      RETURNING ${keyExpression(key, 't')} AS k, ${rowImage(table, 't')} AS image${numbered(size)}`,
    befores: raw('m.image'),
    collect: raw('m.k'),
  });
  return chunks.map((chunk, at) => undoneOf(chunk, changed[at]?.keys ?? null, 'changed or removed since'));
}

function texts(images: readonly unknown[] | null): string[] {
  return (images ?? []).map((image) => JSON.stringify(image));
}
