/**
 * Taking back what one statement did, by one statement: rows that were removed return, rows that changed change back where they still hold
 * what was written, and foreign keys between them are looked at when all of it is done. Where the database refuses that, each chunk is
 * taken back by itself, for as long as one of them gets on, and what is refused is listed row by row.
 */
import { findTable } from '../../engine/catalogue/catalog.ts';
import { DroverError } from '../../errors.ts';
import { backToSavepoint } from '../driver/question.ts';
import { chunksOfStatement, isDone, journalled } from '../records/journal.ts';
import type { ChangeStatement } from '../records/journal.ts';
import { findRowKey, keyExpression, keyMatches } from '../sql/keys.ts';
import { holdsImage, insertImages, rowImage, setFromImage } from '../sql/row-image.ts';
import { mineSql } from '../sql/row.ts';
import { allOf, bind, change, list, raw, rowsOf, sql, withMembers } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import { changedColumns, chunkRows, undoEntry, undoneOf } from './chunk.ts';
import type { Chunk, UndoContext, UndoTarget, Undone } from './chunk.ts';
import { keyLists } from './keyed-rows.ts';
import { entriesSql, textOf } from './set.ts';
import { isOfARow, part, undoChunks } from './take-back.ts';

/** @param statement which statement of the rollback this is, from 1: its chunks are numbered apart from those of the others */
export async function undoTogether(
  context: UndoContext,
  chunks: readonly Chunk[],
  statement: number,
): Promise<Undone[]> {
  const targets = chunks.map((chunk) => targetOf(context, chunk));
  if (chunks.length === 0 || targets.some((target) => target === undefined))
    return undoAlone(context, chunks);
  await refuseTaken(context, chunks);
  const { tx } = context;
  await tx.run('SAVEPOINT drover_together');
  try {
    const known = targets.filter((target) => target !== undefined);
    const { keys } = await tx.one<{ keys: (string[] | null)[] }>(
      togetherSql(context, { chunks, targets: known, statement }),
    );
    await tx.run('RELEASE SAVEPOINT drover_together');
    return await explainLeft(context, chunks, keys);
  } catch (error) {
    if (!isOfARow(error)) throw error;
    await tx.ask(backToSavepoint('drover_together'));
  }
  return undoAlone(context, chunks);
}

/** Undefined where the table, or its key, is another one now. */
function targetOf({ rules }: UndoContext, chunk: Chunk): UndoTarget | undefined {
  const table = findTable(rules.catalog, chunk.table);
  const key = table === undefined ? undefined : findRowKey(rules, table);
  const isSame = key?.columns.map(({ name }) => name).join('\0') === chunk.keyColumns.join('\0');
  return table === undefined || key === undefined || !isSame ? undefined : { table, key };
}

/** Refuses where another row was given the key of a row that is to return: what refers to the one would then mean the other. */
async function refuseTaken(context: UndoContext, chunks: readonly Chunk[]): Promise<void> {
  const { tx, rules } = context;
  for (const chunk of chunks) {
    const target = targetOf(context, chunk);
    const isReferred = rules.catalog.tables.some(({ foreignKeys }) =>
      foreignKeys.some(({ references }) => references === chunk.table),
    );
    if (chunk.action !== 'delete' || target === undefined || !isReferred) continue;
    const { table, key } = target;
    const found = await tx.many<{ key: string }>(
      sql`SELECT ${keyExpression(key, 't')}::text AS key FROM ${rowsOf(table)} t
        WHERE ${keyExpression(key, 't')} = ANY (${keyLists(target, [chunk.keys])})
          AND ${mineSql(chunkRows(context, target, [chunk]))} LIMIT 3`,
    );
    if (found.length === 0) continue;
    const message =
      `The merge cannot be rolled back: ${table.id} has a row ${found.map((one) => one.key).join(', ')} again, ` +
      'which somebody made since. What returns to the row that was set aside would be that one’s. ' +
      'Remove it, or give it another key where it was made.';
    throw new DroverError('ROLLBACK_IMPOSSIBLE', message, { table: table.id, key: found[0]?.key });
  }
}

interface StatementChunks {
  readonly chunks: readonly Chunk[];
  readonly targets: readonly UndoTarget[];
  readonly statement: number;
}

/** An expression of a statement may read those before it. */
const order: readonly Chunk['action'][] = ['insert', 'set', 'edit', 'delete'];

/** Every chunk with its number in the statement; the chunks that it gives back are numbered among as many. */
const chunksPerChange = 1000;

/**
 * Unique keys are checked row by row. So rows are removed before others of their table change, and return when these have changed: each
 * reads how many the others were, and what a statement returns is there only when it is done.
 */
function togetherSql(context: UndoContext, { chunks, targets, statement }: StatementChunks): Sql {
  const waits = (chunk: Chunk, action: Chunk['action']): Sql[] =>
    [...chunks.entries()]
      .filter(([, other]) => other.table === chunk.table && other.action === action)
      .map(([at]) => isDone(String(at)));
  const inOrder = [...chunks.entries()].toSorted(
    ([, a], [, b]) => order.indexOf(a.action) - order.indexOf(b.action),
  );
  const changes = inOrder.flatMap(([at, chunk]) => {
    const target = targets[at];
    if (target === undefined) return [];
    const after =
      chunk.action === 'set' ? waits(chunk, 'insert') : chunk.action === 'delete' ? waits(chunk, 'set') : [];
    const source = {
      ...undoEntry(context, target, [chunk]),
      firstChunks: [statement * chunksOfStatement + at * chunksPerChange],
      ...changeOf(context, { chunk, target, at, after }),
    };
    return [...(source.given ?? []), ...journalled(source, String(at))];
  });
  const collect = (chunk: Chunk): string => (chunk.action === 'set' ? 'm.drover_k' : 'm.k');
  const keys = chunks.map((chunk, at) =>
    raw(`(SELECT to_jsonb(array_agg(${collect(chunk)}::text)) FROM moved${at} m)`),
  );
  return withMembers(1, changes, sql`SELECT jsonb_build_array(${list(keys)}) AS keys`);
}

interface OneChunk {
  readonly chunk: Chunk;
  readonly target: UndoTarget;
  readonly at: number;
  /** Conditions that make it wait for others of its table. */
  readonly after: readonly Sql[];
}

type UndoingChange = Pick<
  ChangeStatement,
  'action' | 'given' | 'moved' | 'before' | 'after' | 'befores' | 'afters'
>;

function changeOf(context: UndoContext, one: OneChunk): UndoingChange {
  switch (one.chunk.action) {
    case 'delete':
      return returning(one);
    case 'insert':
      return removing(context, one);
    case 'set':
    case 'edit':
      return changingBack(context, one);
  }
}

function returning({ chunk, target, after }: OneChunk): UndoingChange {
  const { table, key } = target;
  const images = bind(chunk.befores?.map((image) => JSON.stringify(image)) ?? [], 'text[]::jsonb[]');
  const rows = insertImages(
    table,
    sql`SELECT u.image FROM unnest(${images}) u (image) WHERE ${allOf(after)}`,
  );
  return {
    action: 'insert',
    moved: sql`${rows} ON CONFLICT DO NOTHING RETURNING ${keyExpression(key, 't')} AS k, ${rowImage(table)} AS image`,
    afters: raw('m.image'),
  };
}

function removing(context: UndoContext, { chunk, target, at }: OneChunk): UndoingChange {
  const { table, key } = target;
  const images = bind(chunk.afters?.map((image) => JSON.stringify(image)) ?? [], 'text[]::jsonb[]');
  const entry = raw(`entry${at}`);
  return {
    action: 'delete',
    given: [
      [
        `entry${at}`,
        sql`SELECT u.k, u.image FROM unnest(${keyLists(target, [chunk.keys])}, ${images}) u (k, image)`,
      ],
    ],
    moved: change`DELETE FROM ${rowsOf(table)} t USING ${entry} e
      WHERE ${keyMatches(key, raw('e.k'))} AND ${mineSql(chunkRows(context, target, [chunk]))} AND ${rowImage(table)} = e.image
      RETURNING ${keyExpression(key, 't')} AS k, ${rowImage(table)} AS image`,
    befores: raw('m.image'),
  };
}

function changingBack(context: UndoContext, { chunk, target, at, after }: OneChunk): UndoingChange {
  const { table, key } = target;
  const names = changedColumns(table, chunk);
  const where = allOf([
    keyMatches(key, raw('e.k')),
    mineSql(chunkRows(context, target, [chunk])),
    ...names.map((name) => holdsImage(name, 'e.a')),
    ...after,
  ]);
  return {
    action: 'set',
    given: [[`entry${at}`, entriesSql(target, [chunk])]],
    moved: change`UPDATE ${rowsOf(table)} t SET ${setFromImage(table, names, 'e.b')} FROM ${raw(`entry${at}`)} e WHERE ${where}
      RETURNING ${keyExpression(key, 't')} AS k, e.k AS drover_k, e.rb, e.ra`,
    before: bind(textOf(chunk.after), 'text::jsonb'),
    after: bind(textOf(chunk.before), 'text::jsonb'),
    befores: raw('m.ra'),
    afters: raw('m.rb'),
  };
}

/** Rows that were left are tried once more by themselves: that says why they stay. */
async function explainLeft(
  context: UndoContext,
  chunks: readonly Chunk[],
  keys: readonly (string[] | null)[],
): Promise<Undone[]> {
  const undone: Undone[] = [];
  for (const [at, chunk] of chunks.entries()) {
    const one = undoneOf(chunk, keys[at] ?? null, '');
    undone.push(one.skipped.length === 0 ? one : await tryLeft(context, chunk, one));
  }
  return undone;
}

async function tryLeft(context: UndoContext, chunk: Chunk, { restored, skipped }: Undone): Promise<Undone> {
  const left = new Set(skipped.map(({ key }) => key));
  const [again] = await undoChunks(context, [part(chunk, (key) => left.has(key))]);
  return { restored: restored + (again?.restored ?? 0), skipped: again?.skipped ?? skipped };
}

/** One by one, and what was refused again, for as long as anything gets on: a row may wait for another one. */
async function undoAlone(context: UndoContext, chunks: readonly Chunk[]): Promise<Undone[]> {
  const undone: Undone[] = [];
  for (const chunk of chunks) undone.push(...(await undoChunks(context, [chunk])));
  for (let before = -1, now = 0; now > before;) {
    before = now;
    for (const [at, chunk] of chunks.entries()) {
      const one = undone[at];
      if (one === undefined || one.skipped.length === 0) continue;
      const again = await tryLeft(context, chunk, one);
      now += again.restored - one.restored;
      undone[at] = again;
    }
  }
  return undone;
}
