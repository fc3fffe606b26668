/** Taking changed columns back: one UPDATE joined to the keys, where every changed column still holds what was written. */
import { everyMember, readEach } from '../driver/members.ts';
import { numbered, runChange } from '../records/journal.ts';
import { keyExpression, keyMatches } from '../sql/keys.ts';
import { ofTenant } from '../sql/merging.ts';
import { columnsOf } from '../sql/match.ts';
import { holdsImage, setFromImage } from '../sql/row-image.ts';
import { mineSql } from '../sql/row.ts';
import { allOf, change, column, each, list, literal, raw, rowsOf, sql } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import { changedColumns, chunkRows, undoEntry } from './chunk.ts';
import type { Chunk, Hindrance, Skipped, UndoContext, UndoTarget, Undone } from './chunk.ts';
import { hindrancesIn, reasonsOf, whyNot } from './hindrances.ts';
import { keyLists, withEntries } from './keyed-rows.ts';

/** Restores the rows of `set` chunks that changed the same columns. */
export async function undoSets(
  context: UndoContext,
  target: UndoTarget,
  chunks: readonly Chunk[],
): Promise<Undone[]> {
  const restored = (await restore(context, target, chunks)).map((keys) => new Set(keys));
  const left = chunks.map((chunk, at) => chunk.keys.filter((key) => restored[at]?.has(key) !== true));
  const reasons = await explain(context, target, { chunks, left });
  return chunks.map((_, at) => ({ restored: restored[at]?.size ?? 0, skipped: reasons[at] ?? [] }));
}

/** The rows of each chunk with their images: `k`, `rb` and `ra` of the row alone, and `b` and `a` with what was before and after. */
export function entriesSql(target: UndoTarget, chunks: readonly Chunk[]): Sql {
  const images = (of: (chunk: Chunk) => readonly unknown[] | null): Sql =>
    each(
      chunks.map((chunk) => of(chunk)?.map(textOf) ?? chunk.keys.map(() => null)),
      'text[]::jsonb[]',
    );
  const shared = (of: (chunk: Chunk) => unknown): Sql =>
    each(
      chunks.map((chunk) => JSON.stringify(of(chunk) ?? {})),
      'text::jsonb',
    );
  const keys = keyLists(
    target,
    chunks.map((chunk) => chunk.keys),
  );
  const rows = sql`unnest(${keys}, ${images(({ befores }) => befores)}, ${images(({ afters }) => afters)}) u (k, rb, ra)`;
  return sql`SELECT u.k, u.rb, u.ra, ${shared(({ before }) => before)} || coalesce(u.rb, '{}') AS b,
    ${shared(({ after }) => after)} || coalesce(u.ra, '{}') AS a FROM ${rows}`;
}

/** An image as it is bound, as `text::jsonb`. */
export function textOf(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}

/** The keys of the rows that were restored, for each chunk. */
async function restore(
  context: UndoContext,
  target: UndoTarget,
  chunks: readonly Chunk[],
): Promise<(readonly string[])[]> {
  const { table, key } = target;
  const names = chunks[0] === undefined ? [] : changedColumns(table, chunks[0]);
  if (names.length === 0) return chunks.map(() => []);
  const row = chunkRows(context, target, chunks);
  const { size } = row;
  const entry = withEntries(row, target, entriesSql(target, chunks));
  const free = hindrancesNow(context, target, { chunks, names }).map(
    ([name, { may }]) => sql`(NOT e.b ? ${literal(name)} OR ${may})`,
  );
  const where = allOf([entry.where, ...names.map((name) => holdsImage(name, 'e.a')), ...free]);
  const image = (of: (chunk: Chunk) => unknown): Sql =>
    each(
      chunks.map((chunk) => textOf(of(chunk))),
      'text::jsonb',
    );
  const changed = await runChange(context.tx, {
    ...undoEntry(context, target, chunks),
    action: 'set',
    given: [entry.given],
    moved: change`UPDATE ${rowsOf(table)} t SET ${setFromImage(table, names, 'e.b')} FROM ${entry.from} WHERE ${where}
      RETURNING ${keyExpression(key, 't')} AS k, e.k AS drover_k, e.rb, e.ra${numbered(size)}`,
    before: image(({ after }) => after),
    after: image(({ before }) => before),
    befores: raw('m.ra'),
    afters: raw('m.rb'),
    collect: raw('m.drover_k'),
  });
  return changed.map(({ keys }) => keys ?? []);
}

/** What may be in the way at places that would change, each with a column that changes. */
function hindrancesNow(
  context: UndoContext,
  { table }: UndoTarget,
  { chunks, names }: { readonly chunks: readonly Chunk[]; readonly names: readonly string[] },
): [string, Hindrance][] {
  return hindrancesIn(context, table.id, chunks).flatMap((one) => {
    const changed = one.place.carrier === 'columns' ? columnsOf(one.row) : [];
    const name = changed.find((each) => names.includes(each));
    return name === undefined ? [] : [[name, one] as [string, Hindrance]];
  });
}

interface LeftChunks {
  readonly chunks: readonly Chunk[];
  /** Of each chunk, the keys of the rows that were not restored. */
  readonly left: readonly (readonly string[])[];
}

/** Why rows were not restored, for each chunk. */
async function explain(
  context: UndoContext,
  target: UndoTarget,
  { chunks, left }: LeftChunks,
): Promise<Skipped[][]> {
  const at = [...chunks.keys()].filter((number) => (left[number]?.length ?? 0) > 0);
  if (at.length === 0) return chunks.map(() => []);
  const some = everyMember(at.map((number) => chunks[number]));
  const { table, key } = target;
  const row = chunkRows(context, target, some);
  const names = some[0] === undefined ? [] : changedColumns(table, some[0]);
  const differs = names.map(
    (name) => sql`CASE WHEN NOT ${holdsImage(name, 'e.a')} THEN ${literal(name)} END`,
  );
  const found = allOf(key.columns.map(({ name }) => sql`${column('t', name)} IS NOT NULL`));
  // Of a key that leaves out the tenant, another tenant's row may be another one.
  const elsewhere =
    ofTenant({ table, key, context: row }).length > 0
      ? raw('false')
      : sql`EXISTS (SELECT FROM ${rowsOf(table)} t WHERE ${keyMatches(key, raw('e.k'))})`;
  const asked = keyLists(
    target,
    at.map((number) => left[number] ?? []),
  );
  const hindrances = hindrancesNow(context, target, { chunks: some, names });
  const hindered = whyNot(
    hindrances.map(([, one]) => one),
    (one) => sql`e.b ? ${literal(hindrances[one]?.[0] ?? '')}`,
  );
  const rows = await readEach<Remaining>(
    context.tx,
    some.length,
    sql`SELECT e.k::text AS key, (${found}) AS found, (${elsewhere}) AS elsewhere,
      array_remove(ARRAY[${list(differs)}]::text[], NULL) AS changed,
      ${hindered} AS hindered
    FROM (${entriesSql(target, some)}) e LEFT JOIN ${rowsOf(table)} t ON ${keyMatches(key, raw('e.k'))} AND ${mineSql(row)}
    WHERE e.k = ANY (${asked})`,
  );
  const reasons = new Map(at.map((number, position) => [number, rows[position] ?? []]));
  return chunks.map((_, number) =>
    (reasons.get(number) ?? []).map((one) => ({ table: table.id, key: one.key, reason: reasonOf(one) })),
  );
}

/** A row that was not restored: the columns that somebody changed since, and what was in the way. */
interface Remaining {
  readonly key: string;
  readonly found: boolean;
  /** Is the row there, whosever it is? */
  readonly elsewhere: boolean;
  readonly changed: readonly string[];
  readonly hindered: readonly string[];
}

function reasonOf({ found, elsewhere, changed, hindered }: Remaining): string {
  if (!found) return elsewhere ? 'belongs to another tenant' : 'deleted since';
  return changed.length === 0 && hindered.length > 0
    ? reasonsOf(hindered)
    : `changed since: ${changed.join(', ')}`;
}
