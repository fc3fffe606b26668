/** Taking changed columns back: one UPDATE per chunk, joined to the keys, where every changed column still holds what was written. */
import { Binder } from '../sql/binder.ts';
import { quoteIdent, quoteLiteral, quoteRows } from '../sql/identifiers.ts';
import { journalTail } from '../move/journal.ts';
import { keyExpression, keyMatches } from '../sql/keys.ts';
import { columnOf } from '../sql/match.ts';
import { mineSql } from '../sql/row.ts';
import type { Chunk, Skipped, UndoContext, UndoTarget, Undone } from './chunk.ts';

/** Restores the rows of a `set` chunk. */
export async function undoSet(context: UndoContext, target: UndoTarget, chunk: Chunk): Promise<Undone> {
  const restored = new Set(await restore(context, target, chunk));
  const left = chunk.keys.filter((key) => !restored.has(key));
  const skipped = left.length === 0 ? [] : await explain(context, target, { chunk, left });
  return { restored: restored.size, skipped };
}

/** Every column that the chunk or a row of it changed, and that still exists. */
function columnsOf({ table }: UndoTarget, chunk: Chunk): string[] {
  const names = new Set(Object.keys(chunk.before ?? {}));
  for (const row of chunk.befores ?? []) for (const name of Object.keys(row ?? {})) names.add(name);
  return [...names].filter((name) => table.columns.some((column) => column.name === name));
}

/** The rows of the chunk with their images: `e.k`, and `e.b` and `e.a` with what was before and after. */
function entries(binder: Binder, { key }: UndoTarget, chunk: Chunk): string {
  const json = (values: readonly unknown[] | null): string =>
    binder.bind(
      values === null
        ? chunk.keys.map(() => null)
        : values.map((value) => (value === null || value === undefined ? null : JSON.stringify(value))),
      'text[]::jsonb[]',
    );
  const fixed = (value: unknown): string => binder.bind(JSON.stringify(value ?? {}), 'text::jsonb');
  return `SELECT u.k, u.rb, u.ra, ${fixed(chunk.before)} || coalesce(u.rb, '{}') AS b, ${fixed(chunk.after)} || coalesce(u.ra, '{}') AS a
    FROM unnest(${binder.bind(chunk.keys, `text[]::${key.type}[]`)}, ${json(chunk.befores)}, ${json(chunk.afters)}) u (k, rb, ra)`;
}

function stillWritten(names: readonly string[]): string {
  return names
    .map(
      (name) =>
        `(NOT e.a ? ${quoteLiteral(name)} OR t.${quoteIdent(name)}::text IS NOT DISTINCT FROM e.a ->> ${quoteLiteral(name)})`,
    )
    .join(' AND ');
}

async function restore(context: UndoContext, target: UndoTarget, chunk: Chunk): Promise<string[]> {
  const binder = new Binder();
  const { table, key } = target;
  const names = columnsOf(target, chunk);
  if (names.length === 0) return [];
  const mine = mineSql({ binder, rules: context.rules, table, tenant: context.tenant });
  const set = names.map(
    (name) =>
      `${quoteIdent(name)} = CASE WHEN e.b ? ${quoteLiteral(name)} THEN (e.b ->> ${quoteLiteral(name)})::${columnOf(table, name).type} ELSE t.${quoteIdent(name)} END`,
  );
  const image = (value: Chunk['before']): { readonly sql: string } => ({
    sql: value === null ? 'NULL::jsonb' : binder.bind(JSON.stringify(value), 'text::jsonb'),
  });
  const sql = `WITH entry AS (${entries(binder, target, chunk)})
    , moved AS (UPDATE ${quoteRows(table)} t SET ${set.join(', ')} FROM entry e WHERE ${keyMatches(key, 't', 'e.k')} AND ${mine} AND ${stillWritten(names)} RETURNING ${keyExpression(key, 't')} AS k, e.k AS drover_k, e.rb, e.ra)
    ${journalTail(binder, { journal: context.journal, step: context.step, action: 'set', table, key, firstChunk: context.nextChunk(), before: image(chunk.after).sql, after: image(chunk.before).sql, befores: 'm.ra', afters: 'm.rb', collect: 'm.drover_k' })}`;
  return (await context.tx.one<{ keys: string[] | null }>(sql, binder.values)).keys ?? [];
}

/** Why rows of the chunk were not restored. */
async function explain(
  context: UndoContext,
  target: UndoTarget,
  { chunk, left }: { chunk: Chunk; left: readonly string[] },
): Promise<Skipped[]> {
  const binder = new Binder();
  const { table, key } = target;
  const names = columnsOf(target, chunk);
  const mine = mineSql({ binder, rules: context.rules, table, tenant: context.tenant });
  const differs = names.map(
    (name) =>
      `CASE WHEN e.a ? ${quoteLiteral(name)} AND t.${quoteIdent(name)}::text IS DISTINCT FROM e.a ->> ${quoteLiteral(name)} THEN ${quoteLiteral(name)} END`,
  );
  const found = key.columns.map((column) => `t.${quoteIdent(column.name)} IS NOT NULL`).join(' AND ');
  const sql = `WITH entry AS (${entries(binder, target, chunk)})
    SELECT e.k::text AS key, (${found}) AS found, array_remove(ARRAY[${differs.join(', ')}]::text[], NULL) AS changed
    FROM entry e LEFT JOIN ${quoteRows(table)} t ON ${keyMatches(key, 't', 'e.k')} AND ${mine} WHERE e.k = ANY (${binder.bind(left, `text[]::${key.type}[]`)})`;
  const rows = await context.tx.many<{ key: string; found: boolean; changed: string[] }>(sql, binder.values);
  return rows.map((row) => ({
    table: table.id,
    key: row.key,
    reason: row.found ? `changed since: ${row.changed.join(', ')}` : 'deleted since',
  }));
}
