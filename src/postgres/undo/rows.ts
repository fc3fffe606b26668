/** Taking whole rows back: a removed row is put back as it was; an added row is removed where nobody changed it. */
import { Binder } from '../sql/binder.ts';
import { quoteRows } from '../sql/identifiers.ts';
import { journalTail } from '../move/journal.ts';
import { keyExpression, keyMatches } from '../sql/keys.ts';
import { insertImages, rowImage } from '../sql/row-image.ts';
import { mineSql } from '../sql/row.ts';
import type { Chunk, UndoContext, UndoTarget, Undone } from './chunk.ts';

/** Puts the rows of a `delete` chunk back. */
export async function undoDelete(context: UndoContext, target: UndoTarget, chunk: Chunk): Promise<Undone> {
  const { table, key } = target;
  const binder = new Binder();
  const images = binder.bind(
    (chunk.befores ?? []).map((image) => JSON.stringify(image)),
    'text[]::jsonb[]',
  );
  const sql = `WITH moved AS (${insertImages(table, `SELECT u.image FROM unnest(${images}) u (image)`)} ON CONFLICT DO NOTHING RETURNING ${keyExpression(key, 't')} AS k, ${rowImage(table, 't')} AS image)
    ${tail(binder, context, target, { action: 'insert', afters: 'm.image' })}`;
  return finish(context, chunk, { sql, binder, reason: 'a row with the same key is there now' });
}

/** Removes the rows of an `insert` chunk where they still are what was inserted. */
export async function undoInsert(context: UndoContext, target: UndoTarget, chunk: Chunk): Promise<Undone> {
  const { table, key } = target;
  const binder = new Binder();
  const keys = binder.bind(chunk.keys, `text[]::${key.type}[]`);
  const images = binder.bind(
    (chunk.afters ?? []).map((image) => JSON.stringify(image)),
    'text[]::jsonb[]',
  );
  const mine = mineSql({ binder, rules: context.rules, table, tenant: context.tenant });
  const sql = `WITH moved AS (DELETE FROM ${quoteRows(table)} t USING unnest(${keys}, ${images}) e (k, image)
      WHERE ${keyMatches(key, 't', 'e.k')} AND ${mine} AND ${rowImage(table, 't')} = e.image RETURNING ${keyExpression(key, 't')} AS k, ${rowImage(table, 't')} AS image)
    ${tail(binder, context, target, { action: 'delete', befores: 'm.image' })}`;
  return finish(context, chunk, { sql, binder, reason: 'changed or removed since' });
}

function tail(
  binder: Binder,
  context: UndoContext,
  { table, key }: UndoTarget,
  images: { action: 'insert' | 'delete'; befores?: string; afters?: string },
): string {
  const firstChunk = context.nextChunk();
  return journalTail(binder, {
    journal: context.journal,
    step: context.step,
    table,
    key,
    firstChunk,
    ...images,
    collect: 'm.k',
  });
}

async function finish(
  context: UndoContext,
  chunk: Chunk,
  { sql, binder, reason }: { sql: string; binder: Binder; reason: string },
): Promise<Undone> {
  const { rows, keys } = await context.tx.one<{ rows: number; keys: string[] | null }>(sql, binder.values);
  const done = new Set(keys ?? []);
  const skipped = chunk.keys
    .filter((key) => !done.has(key))
    .map((key) => ({ table: chunk.table, key, reason }));
  return { restored: rows, skipped };
}
