/** Taking whole rows back: a removed row is put back as it was; an added row is removed where nobody changed it. */
import { readEach } from '../driver/members.ts';
import { numbered, runChange } from '../records/journal.ts';
import { columnOf } from '../sql/cast.ts';
import { keyExpression, keyMatches } from '../sql/keys.ts';
import { insertImages, rowImage } from '../sql/row-image.ts';
import { mineSql } from '../sql/row.ts';
import {
  allOf,
  bind,
  change,
  column,
  each,
  fromMembers,
  ident,
  join,
  list,
  literal,
  memberNumber,
  nothing,
  raw,
  rowsOf,
  sql,
} from '../sql/sql.ts';
import { otherSide } from '../sql/reliance.ts';
import type { Sql } from '../sql/sql.ts';
import {
  allMayReturn,
  beforeOf,
  isReplaced,
  isUsed,
  notGranted,
  relyingIn,
  relyingOn,
  usedReason,
  usesSql,
} from './reliance.ts';
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
    const relying = relyingIn(context, table.id, [chunk]);
    const rows = insertImages(
      table,
      sql`SELECT u.image FROM unnest(${images}) u (image)${grantedSql(context, target, chunk)}`,
    );
    const [changed] = await runChange(context.tx, {
      ...undoEntry(context, target, [chunk]),
      action: 'insert',
      moved: sql`${rows} ON CONFLICT DO NOTHING RETURNING ${keyExpression(key, 't')} AS k, ${rowImage(table, 't')} AS image`,
      afters: raw('m.image'),
      collect: raw('m.k'),
    });
    const taken = 'a row with the same key is there now';
    const why = relying.length === 0 ? taken : `${taken}, or ${notGranted(relying)}`;
    undone.push(undoneOf(chunk, changed?.keys ?? null, why));
  }
  return undone;
}

/** Images of rows only where what they name is available. */
function grantedSql(context: UndoContext, { table }: UndoTarget, chunk: Chunk): Sql {
  const relying = relyingIn(context, table.id, [chunk]);
  if (relying.length === 0) return nothing;
  const vias = [...new Set(relying.map(({ reliance: { via } }) => via))];
  const columns = vias.map(
    (name) => sql`(u.image ->> ${literal(name)})::${raw(columnOf(table, name).type)} AS ${ident(name)}`,
  );
  const granted = allMayReturn(relying, context.restores, beforeOf(context, [chunk]));
  return sql` CROSS JOIN LATERAL (SELECT ${list(columns)}) t WHERE ${granted}`;
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
    ...freeSql(context, target, chunks),
  ]);
  await holdRows(context, target, { chunks, keys });
  const changed = await runChange(context.tx, {
    ...undoEntry(context, target, chunks),
    action: 'delete',
    given: [['entry', entries]],
    moved: change`DELETE FROM ${rowsOf(table)} t USING entry e${size === 1 ? nothing : fromMembers(size, ', ')} WHERE ${where}
      RETURNING ${keyExpression(key, 't')} AS k, ${rowImage(table, 't')} AS image${numbered(size)}`,
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
async function holdRows(
  context: UndoContext,
  { table, key }: UndoTarget,
  { chunks, keys }: { readonly chunks: readonly Chunk[]; readonly keys: Sql },
): Promise<void> {
  if (relyingOn(context, table.id, chunks).length === 0) return;
  const row = chunkRows(context, { table, key }, chunks);
  await readEach(
    context.tx,
    row.size,
    sql`SELECT 1 AS held FROM ${rowsOf(table)} t JOIN unnest(${keys}) e (k) ON ${keyMatches(key, 't', raw('e.k'))}
      WHERE ${mineSql(row)} FOR UPDATE OF t`,
  );
}

interface Left {
  readonly chunks: readonly Chunk[];
  readonly undone: readonly Undone[];
}

/** Says of the grants that stay what relies on them. */
async function explain(
  context: UndoContext,
  target: UndoTarget,
  { chunks, undone }: Left,
): Promise<Undone[]> {
  const { table, key } = target;
  const relying = relyingOn(context, table.id, chunks);
  if (relying.length === 0 || undone.every(({ skipped }) => skipped.length === 0)) return [...undone];
  const row = chunkRows(context, target, chunks);
  const left = each(
    undone.map(({ skipped }) => skipped.map((one) => one.key)),
    `text[]::${key.type}[]`,
  );
  const going = otherSide(context.restores);
  const before = beforeOf(context, chunks);
  const uses = relying.map((one) =>
    usesSql([one], going, { before, scope: column('g', one.reliance.scope) }),
  );
  const rows = await readEach<{ key: string; uses: string[] }>(
    context.tx,
    row.size,
    sql`SELECT g.drover_key AS key, ${join(uses, ' || ')} AS uses FROM (SELECT t.*, ${keyExpression(key, 't')}::text AS drover_key
      FROM ${rowsOf(table)} t JOIN unnest(${left}) e (k) ON ${keyMatches(key, 't', raw('e.k'))} WHERE ${mineSql(row)}) g`,
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
