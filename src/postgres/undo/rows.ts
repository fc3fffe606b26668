/** Taking whole rows back: a removed row is put back as it was; an added row is removed where nobody changed it. */
import { readEach } from '../driver/members.ts';
import { numbered, runChange } from '../records/journal.ts';
import { columnOf } from '../sql/cast.ts';
import { keyExpression } from '../sql/keys.ts';
import { insertImages, rowImage } from '../sql/row-image.ts';
import { allOf, bind, change, column, each, ident, join, literal, raw, rowsOf, sql } from '../sql/sql.ts';
import { otherSide } from '../sql/reliance.ts';
import type { Sql } from '../sql/sql.ts';
import { beforeOf, isReplaced, isUsed, relyingOn, usedReason, usesSql } from './reliance.ts';
import { chunkRows, undoEntry, undoneOf } from './chunk.ts';
import type { Chunk, Hindrance, Skipped, UndoContext, UndoTarget, Undone } from './chunk.ts';
import { allMay, hindrancesIn, reasonsOf, whyNot } from './hindrances.ts';
import { keyedRows, keyLists, withEntries } from './keyed-rows.ts';

/** Puts the rows of `delete` chunks back. An INSERT cannot say for which chunk it added a row, so each has a statement of its own. */
export async function undoDeletes(
  context: UndoContext,
  target: UndoTarget,
  chunks: readonly Chunk[],
): Promise<Undone[]> {
  const { table, key } = target;
  const undone: Undone[] = [];
  for (const chunk of chunks) {
    const hindrances = hindrancesIn(context, table.id, [chunk]);
    const images = imagesSql(target, chunk, hindrances);
    const rows = insertImages(
      table,
      sql`SELECT t.drover_image AS image FROM ${images} WHERE ${allMay(hindrances)}`,
    );
    const [changed] = await runChange(context.tx, {
      ...undoEntry(context, target, [chunk]),
      action: 'insert',
      moved: sql`${rows} ON CONFLICT DO NOTHING RETURNING ${keyExpression(key, 't')} AS k, ${rowImage(table)} AS image`,
      afters: raw('m.image'),
      collect: raw('m.k'),
    });
    const one = undoneOf(chunk, changed?.keys ?? null, 'a row with the same key is there now');
    undone.push(await explainHindered(context, { one, images, hindrances }));
  }
  return undone;
}

/** The images of removed rows as rows `t`, with what may keep them from returning. */
function imagesSql({ table }: UndoTarget, { keys, befores }: Chunk, hindrances: readonly Hindrance[]): Sql {
  const names = [...new Set(hindrances.flatMap(({ columns }) => columns))];
  const columns = names.map(
    (name) => sql`, (u.image ->> ${literal(name)})::${raw(columnOf(table, name).type)} AS ${ident(name)}`,
  );
  const given = sql`unnest(${bind(keys, 'text[]')}, ${bind(texts(befores), 'text[]::jsonb[]')}) u (k, image)`;
  return sql`(SELECT u.k AS drover_key, u.image AS drover_image${join(columns, '')} FROM ${given}) t`;
}

/** Says of the rows that something keeps from returning what that is. */
async function explainHindered(
  { tx }: UndoContext,
  {
    one,
    images,
    hindrances,
  }: { readonly one: Undone; readonly images: Sql; readonly hindrances: readonly Hindrance[] },
): Promise<Undone> {
  if (hindrances.length === 0 || one.skipped.length === 0) return one;
  const left = bind(
    one.skipped.map(({ key }) => key),
    'text[]',
  );
  const rows = await tx.many<{ key: string; hindered: string[] }>(
    sql`SELECT t.drover_key AS key, ${whyNot(hindrances)} AS hindered FROM ${images} WHERE t.drover_key = ANY (${left})`,
  );
  const hindered = new Map(rows.map((row) => [row.key, row.hindered]));
  const reasonOf = ({ key, reason }: Skipped): string => {
    const found = hindered.get(key) ?? [];
    return found.length === 0 ? reason : reasonsOf(found);
  };
  return { ...one, skipped: one.skipped.map((row) => ({ ...row, reason: reasonOf(row) })) };
}

/** Removes the rows of `insert` chunks where they still are what was inserted. */
export async function undoInserts(
  context: UndoContext,
  target: UndoTarget,
  chunks: readonly Chunk[],
): Promise<Undone[]> {
  const { table, key } = target;
  const row = chunkRows(context, target, chunks);
  const keys = keyLists(
    target,
    chunks.map((chunk) => chunk.keys),
  );
  const images = each(
    chunks.map(({ afters }) => texts(afters)),
    'text[]::jsonb[]',
  );
  const entry = withEntries(
    row,
    target,
    sql`SELECT u.k, u.image FROM unnest(${keys}, ${images}) u (k, image)`,
  );
  const same = sql`${rowImage(table)} = e.image`;
  const where = allOf([entry.where, same, ...freeSql(context, target, chunks)]);
  await holdRows(context, target, chunks);
  const changed = await runChange(context.tx, {
    ...undoEntry(context, target, chunks),
    action: 'delete',
    given: [entry.given],
    moved: change`DELETE FROM ${rowsOf(table)} t USING ${entry.from} WHERE ${where}
      RETURNING ${keyExpression(key, 't')} AS k, ${rowImage(table)} AS image${numbered(row.size)}`,
    befores: raw('m.image'),
    collect: raw('m.k'),
  });
  const undone = chunks.map((chunk, at) => undoneOf(chunk, changed[at]?.keys ?? null, changedSince));
  return explain(context, target, { chunks, undone });
}

const changedSince = 'changed or removed since';

/** A grant goes only where nothing relies on it; one that was kept beside another goes where that other takes its place again. */
function freeSql(context: UndoContext, { table }: UndoTarget, chunks: readonly Chunk[]): Sql[] {
  const going = otherSide(context.restores);
  return relyingOn(context, table.id, chunks).map((one) => {
    const free = sql`(${isUsed(one, going, beforeOf(context, chunks))}) IS NOT TRUE`;
    return context.kept ? sql`(${free} OR ${isReplaced(one, context.restores)})` : free;
  });
}

/** Waits for those who rely on grants at this moment; what they write is seen by the next statement. */
async function holdRows(context: UndoContext, target: UndoTarget, chunks: readonly Chunk[]): Promise<void> {
  if (relyingOn(context, target.table.id, chunks).length === 0) return;
  const rows = keyedRows(context, target, chunks);
  await readEach(context.tx, chunks.length, sql`SELECT 1 AS held FROM ${rows} FOR UPDATE OF t`);
}

/** Says of the grants that stay what relies on them. */
async function explain(
  context: UndoContext,
  target: UndoTarget,
  { chunks, undone }: { readonly chunks: readonly Chunk[]; readonly undone: readonly Undone[] },
): Promise<Undone[]> {
  const { table, key } = target;
  const relying = relyingOn(context, table.id, chunks);
  if (relying.length === 0 || undone.every(({ skipped }) => skipped.length === 0)) return [...undone];
  const left = undone.map(({ skipped }) => skipped.map((one) => one.key));
  const going = otherSide(context.restores);
  const before = beforeOf(context, chunks);
  const uses = relying.map((one) =>
    usesSql([one], going, { before, scope: column('g', one.reliance.scope) }),
  );
  const rows = await readEach<{ key: string; uses: string[] }>(
    context.tx,
    chunks.length,
    sql`SELECT g.drover_key AS key, ${join(uses, ' || ')} AS uses FROM (SELECT t.*, ${keyExpression(key, 't')}::text AS drover_key
      FROM ${keyedRows(context, target, chunks, left)}) g`,
  );
  return undone.map(({ restored, skipped }, at) => {
    const used = new Map((rows[at] ?? []).map((one) => [one.key, one.uses]));
    const reasonOf = (one: string): string => {
      const found = used.get(one) ?? [];
      return found.length === 0 ? changedSince : usedReason(found);
    };
    return { restored, skipped: skipped.map((one) => ({ ...one, reason: reasonOf(one.key) })) };
  });
}

function texts(images: readonly unknown[] | null): string[] {
  return (images ?? []).map((image) => JSON.stringify(image));
}
