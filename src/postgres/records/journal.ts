/**
 * Writing the journal: the before-image of every changed value, in chunks of keys, in the same statement as the change.
 * What all rows of a chunk have in common (`before`, `after`) is stored once; `befores` and `afters` hold what differs by row.
 * All values are the text of the column, so that the journal does not depend on how a driver reads a type.
 */
import { distribute } from '../driver/members.ts';
import type { Numbered } from '../driver/members.ts';
import type { Table } from '../../engine/catalogue/catalog.ts';
import type { Tx } from '../driver/database.ts';
import { many, readAs } from '../driver/question.ts';
import type { Question } from '../driver/question.ts';
import type { RowKey } from '../sql/keys.ts';
import type { Each } from '../sql/match.ts';
import {
  bind,
  change,
  each,
  fromMembers,
  join,
  list,
  literal,
  memberNumber,
  nothing,
  raw,
  sql,
  withMembers,
} from '../sql/sql.ts';
import type { CommonTable, Sql } from '../sql/sql.ts';

export type JournalAction = 'set' | 'delete' | 'insert' | 'edit';

/** Where the journal of each member's migration goes. */
export interface Journal {
  /** The quoted table, which may be a temporary one where the state lives in another database. */
  readonly table: string;
  readonly tenantType: 'uuid' | 'text';
  /** Of each member. */
  readonly tenants: Each;
  readonly migrations: Each;
}

/** The journal of some of the members. */
export function journalOfSome(journal: Journal, at: readonly number[]): Journal {
  const some = (values: Each): string[] => at.map((number) => values[number] ?? '');
  return { ...journal, tenants: some(journal.tenants), migrations: some(journal.migrations) };
}

const mostRows = 10_000;

/**
 * Where a step has several statements that are taken back one by one, the last first, the chunks of each are numbered from another
 * multiple of this: chunks of one statement are taken back together.
 */
export const chunksOfStatement = 10_000_000;

/** A statement that changes rows. Its rows are called `moved` and have their key `k`, and for several members their number `"drover:n"`. */
export interface ChangeStatement {
  readonly journal: Journal;
  /** Of each member the number of the step. */
  readonly steps: readonly number[];
  readonly action: JournalAction;
  readonly table: Table;
  readonly key: RowKey;
  /** Of each member the number after which the chunks of this statement are numbered. */
  readonly firstChunks: readonly number[];
  /** What comes before the change: `moved` may read it. */
  readonly given?: readonly CommonTable[];
  readonly moved: Sql;
  /** SQL over the rows `m`: before and after images, of a chunk and where they differ by row. */
  readonly before?: Sql;
  readonly after?: Sql;
  readonly befores?: Sql;
  readonly afters?: Sql;
  /** Rows are put into one chunk only where this is equal. */
  readonly pattern?: readonly Sql[];
  /** Fewer rows in a chunk than usual, where more than keys are read when it is taken back. */
  readonly rowsPerChunk?: number;
  /** Of each row of `m`, the value that is given back in `keys`. */
  readonly collect?: Sql;
}

/** What a change did for one member. */
interface ChangedRows {
  readonly rows: number;
  readonly keys: readonly string[] | null;
}

/** The number of the member, as a column of the rows that a change gives back. */
export function numbered(size: number, alias?: string): Sql {
  return size === 1 ? nothing : sql`, ${memberNumber(size, alias)} AS "drover:n"`;
}

/** Changes rows, writes the journal, and counts, for each member. */
export function changing(wanted: ChangeStatement): Question<ChangedRows[]> {
  return readAs(many<ChangedRows & Numbered>(changeSql(wanted)), (rows) =>
    distribute<ChangedRows>(wanted.steps.length, rows).map(([one]) => one ?? { rows: 0, keys: null }),
  );
}

export function runChange(tx: Tx, wanted: ChangeStatement): Promise<ChangedRows[]> {
  return tx.ask(changing(wanted));
}

/** How many rows were changed, for each member. */
export function rowsEach(changed: readonly ChangedRows[]): number[] {
  return changed.map(({ rows }) => rows);
}

/** The whole statement. */
export function changeSql(source: ChangeStatement): Sql {
  const size = source.steps.length;
  return withMembers(
    size,
    [...(source.given ?? []), ...journalled(source), ...collected(source)],
    countSql(source),
  );
}

/**
 * The change with its journal, as expressions of a statement that may hold several such changes. Then each has a number, behind which
 * their names are: `moved2`, `chunks2`.
 */
export function journalled(source: ChangeStatement, number = ''): CommonTable[] {
  const size = source.steps.length;
  const own = size === 1 ? [] : [raw('m."drover:n"')];
  const perChunk = raw(String(source.rowsPerChunk ?? mostRows));
  const kept = [...(source.pattern ?? []), ...own];
  const partition = kept.length === 0 ? nothing : sql`PARTITION BY ${list(kept)}`;
  const also = join(
    kept.map((one) => sql`, ${one}`),
    '',
  );
  const lists = sql`array_agg(m.k) AS keys, ${listed(source.befores)} AS befores, ${listed(source.afters)} AS afters,
    count(*)::integer AS row_count`;
  const named = (name: string): Sql => raw(`${name}${number}`);
  return [
    [`moved${number}`, source.moved],
    [
      `numbered${number}`,
      sql`SELECT m.*, (row_number() OVER (${partition}) - 1) / ${perChunk} AS drover_chunk FROM ${named('moved')} m`,
    ],
    [`chunks${number}`, sql`SELECT ${lists}${also} FROM ${named('numbered')} m GROUP BY drover_chunk${also}`],
    [`written${number}`, writtenSql(source, named('chunks'))],
  ];
}

/** True, and only once the change of that number in the same statement is done: what a statement returns is not there before. */
export function isDone(number: string): Sql {
  return raw(`(SELECT count(*) FROM moved${number}) >= 0`);
}

function listed(expression: Sql | undefined): Sql {
  return expression === undefined ? raw('NULL::jsonb[]') : sql`array_agg(${expression})`;
}

function writtenSql(
  { journal, key, table, action, firstChunks, steps, before, after }: ChangeStatement,
  chunks: Sql,
): Sql {
  const size = steps.length;
  const byMember = size === 1 ? nothing : raw('PARTITION BY m."drover:n"');
  const columns = [
    each(journal.tenants, journal.tenantType === 'uuid' ? 'text::uuid' : 'text'),
    each(journal.migrations, 'text::uuid'),
    each(steps, 'integer'),
    sql`${each(firstChunks, 'integer')} + (row_number() OVER (${byMember}))::integer`,
    literal(action),
    bind(table.id, 'text'),
    bind(
      key.columns.map(({ name }) => name),
      'text[]',
    ),
    raw('m.keys'),
    before ?? raw('NULL::jsonb'),
    after ?? raw('NULL::jsonb'),
    raw('m.befores, m.afters, m.row_count'),
  ];
  const members =
    size === 1
      ? nothing
      : sql`${fromMembers(size, ' CROSS JOIN ')} WHERE ${memberNumber(size)} = m."drover:n"`;
  return change`INSERT INTO ${raw(journal.table)} (tenant_id, migration_id, step, chunk, action, table_name, key_columns,
        ${raw(key.store)}, before, after, befores, afters, row_count)
      SELECT ${list(columns)} FROM ${chunks} m${members}`;
}

function collected({ collect, steps }: ChangeStatement): CommonTable[] {
  if (collect === undefined) return [];
  const keys = sql`array_agg((${collect})::text) AS keys`;
  return [
    [
      'collected',
      steps.length === 1
        ? sql`SELECT ${keys} FROM moved m`
        : sql`SELECT m."drover:n", ${keys} FROM moved m GROUP BY m."drover:n"`,
    ],
  ];
}

function countSql({ collect, steps }: ChangeStatement): Sql {
  const size = steps.length;
  const rows = raw('coalesce(sum(m.row_count), 0)::bigint AS rows');
  if (size === 1) {
    const keys = raw(collect === undefined ? 'NULL::text[]' : '(SELECT c.keys FROM collected c)');
    return sql`SELECT ${rows}, ${keys} AS keys FROM chunks m`;
  }
  const number = memberNumber(size);
  const join = collect === undefined ? nothing : sql` LEFT JOIN collected c ON c."drover:n" = ${number}`;
  const keys = raw(collect === undefined ? 'NULL::text[]' : 'c.keys');
  const group = collect === undefined ? number : sql`${number}, c.keys`;
  return sql`SELECT ${number} AS "drover:n", ${rows}, ${keys} AS keys
    FROM ${fromMembers(size, '')} LEFT JOIN chunks m ON m."drover:n" = ${number}${join}
    GROUP BY ${group}`;
}

/** One chunk of rows of one member, whose images were computed here. */
export interface ChunkRows {
  readonly member: number;
  readonly step: number;
  readonly chunk: number;
  /** Keys as text. */
  readonly keys: readonly string[];
  readonly befores?: readonly unknown[];
  readonly afters?: readonly unknown[];
}

/** Writes chunks, all of one table and action. */
export async function writeChunks(
  tx: Tx,
  { journal, action, table, key }: Pick<ChangeStatement, 'journal' | 'action' | 'table' | 'key'>,
  chunks: readonly ChunkRows[],
): Promise<void> {
  if (chunks.length === 0) return;
  const of = (what: (chunk: ChunkRows) => unknown, type: string): Sql => each(chunks.map(what), type);
  const columns = [
    of(({ member }) => journal.tenants[member], `text::${journal.tenantType}`),
    of(({ member }) => journal.migrations[member], 'text::uuid'),
    of(({ step }) => step, 'integer'),
    of(({ chunk }) => chunk, 'integer'),
    literal(action),
    bind(table.id, 'text'),
    bind(
      key.columns.map(({ name }) => name),
      'text[]',
    ),
    of(({ keys }) => keys, `text[]::${key.type}[]`),
    of(({ befores }) => images(befores), 'text[]::jsonb[]'),
    of(({ afters }) => images(afters), 'text[]::jsonb[]'),
    of(({ keys }) => keys.length, 'integer'),
  ];
  const size = chunks.length;
  const target = sql`${raw(journal.table)} (tenant_id, migration_id, step, chunk, action, table_name, key_columns,
    ${raw(key.store)}, befores, afters, row_count)`;
  await tx.run(
    withMembers(
      size,
      [],
      change`INSERT INTO ${target} SELECT ${list(columns)}${fromMembers(size, ' FROM ')}`,
    ),
  );
}

function images(values: readonly unknown[] | undefined): string[] | null {
  return values === undefined ? null : values.map((value) => JSON.stringify(value));
}
