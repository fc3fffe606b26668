/** The rows that chunks of the journal are about, found again by their keys: each chunk's among those of its member's tenant. */
import type { RowContext } from '../sql/match.ts';
import { keyMatches } from '../sql/keys.ts';
import { mineSql } from '../sql/row.ts';
import { allOf, each, fromMembers, memberNumber, nothing, raw, rowsOf, sql } from '../sql/sql.ts';
import type { CommonTable, Sql } from '../sql/sql.ts';
import { chunkRows } from './chunk.ts';
import type { Chunk, UndoContext, UndoTarget } from './chunk.ts';

/** A list of keys for each chunk. */
export function keyLists({ key }: UndoTarget, lists: readonly (readonly string[])[]): Sql {
  return each(lists, `text[]::${key.type}[]`);
}

/** For FROM, with its WHERE: the rows `t` with the keys `e.k`; those of the chunks where no others are given. */
export function keyedRows(
  context: UndoContext,
  target: UndoTarget,
  chunks: readonly Chunk[],
  lists: readonly (readonly string[])[] = chunks.map(({ keys }) => keys),
): Sql {
  const row = chunkRows(context, target, chunks);
  return sql`${rowsOf(target.table)} t JOIN unnest(${keyLists(target, lists)}) e (k) ON ${keyMatches(target.key, raw('e.k'))}
    WHERE ${mineSql(row)}`;
}

/** What a statement that changes rows `t` needs to find the entry `e` of the journal of each. */
interface WithEntries {
  readonly given: CommonTable;
  readonly from: Sql;
  readonly where: Sql;
}

/** @param entries the entries of a chunk, with the key `k` */
export function withEntries(row: RowContext, { key }: UndoTarget, entries: Sql): WithEntries {
  const { size } = row;
  const alone = size === 1;
  const own = alone ? [] : [sql`${memberNumber(size)} = e."drover:n"`];
  const all = alone
    ? entries
    : sql`SELECT ${memberNumber(size)} AS "drover:n", q.* FROM ${fromMembers(size, '')} CROSS JOIN LATERAL (${entries}) q`;
  return {
    given: ['entry', all],
    from: sql`entry e${alone ? nothing : fromMembers(size, ', ')}`,
    where: allOf([...own, keyMatches(key, raw('e.k')), mineSql(row)]),
  };
}
