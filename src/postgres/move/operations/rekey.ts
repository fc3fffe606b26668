/**
 * rekey: one statement changes the rows and everything that refers to them by a foreign key, with exactly one UPDATE for each table, and
 * writes the journal. Of one row the keys are constants, of many they are lists; there is no other difference.
 *
 * Why one: NO ACTION, RESTRICT, CASCADE and SET NULL are checked when the statement ends, and then all agree. So keys that are not
 * deferrable, cycles, self-references and keys within keys need no order, no second row and no parked names, and nothing cascades.
 * Of two UPDATEs of one row in one statement one would silently be lost, so a table that refers by several columns has one all the same.
 *
 * Locking: the row is held FOR UPDATE since before the facts were read (../locks.ts). A writer that inserts a reference meanwhile waits
 * for it, and then finds no row of the old key (23503). Index: the ones on the referring columns (NO_INDEX where there is none).
 */
import type { Table } from '../../../engine/catalogue/catalog.ts';
import type { KeyPair } from '../../../engine/key-pairs.ts';
import type { RekeyStep } from '../../../engine/plan/plan-types.ts';
import { tableOf } from '../../../engine/rules/references.ts';
import { columnOf } from '../../sql/cast.ts';
import { followingColumns, isRowSql } from '../../sql/following.ts';
import { becomesSql, becomesText } from '../../sql/key-map.ts';
import { findRowKey, keyExpression } from '../../sql/keys.ts';
import {
  anyOf,
  bind,
  change,
  column,
  ident,
  list,
  literal,
  raw,
  rowsOf,
  sql,
  tableName,
} from '../../sql/sql.ts';
import type { Sql } from '../../sql/sql.ts';
import { rowContext } from '../../facts/member.ts';
import type { ChangeStatement } from '../../records/journal.ts';
import { oneStatement, rowsAsPlanned } from './one-statement.ts';
import type { StepContext, StepExecution, StepsOfOneShape } from './step-context.ts';

export const rekey: StepExecution<RekeyStep> = {
  run: async (tx, context, { steps, onRows }) => {
    const [step] = steps;
    const counted = await tx.one<{ rows: number[] }>(statement(context, steps));
    const touched = rowsAsPlanned(step, step.follows, counted.rows);
    onRows(touched);
    return [touched];
  },
  statements: (context, steps) => [statement(context, steps)],
};

/** Between two tables of one step as many numbers of chunks as no table needs. */
const chunksPerTable = 100_000;

function statement(context: StepContext, [step]: StepsOfOneShape<RekeyStep>): Sql {
  return oneStatement(step.follows.map((_, at) => changeOf(context, step, at)));
}

/** A table of the step, with what of it changes. */
interface FollowingTable {
  readonly step: RekeyStep;
  readonly table: Table;
  readonly columns: ReturnType<typeof followingColumns>;
  /** Is it one of the rows themselves? Said of their own table. */
  readonly itself: Sql;
  /** What is given back of each changed row: its key, and where rows differ in what changed, what they hold now. */
  readonly back: Sql;
}

function changeOf({ rules, members, journal }: StepContext, step: RekeyStep, at: number): ChangeStatement {
  const { subject } = rules;
  const follower = subject?.followers.find(({ table }) => table === step.follows[at]?.table);
  if (subject === undefined || follower === undefined) throw new Error('a re-key of nothing');
  const table = tableOf(rules, follower.table);
  const key = findRowKey(rules, table);
  if (key === undefined) throw new Error(`${table.id} has no key; the plan should have refused`);
  const context = rowContext(rules, table, members);
  const keys = step.pairs.map(({ from }) => from);
  const about = { rules, subject, keys, tenants: context.tenants };
  const columns = followingColumns(about, context, follower);
  const shared = columns.length === 1 && step.pairs.length === 1;
  const texts = columns.map(({ name }, n) => sql`${column('t', name)}::text AS ${raw(`v${n}`)}`);
  const back = list([sql`${keyExpression(key, 't')} AS k`, ...(shared ? [] : texts)]);
  const following = { step, table, columns, itself: isRowSql(about, context, follower), back };
  return {
    journal,
    steps: [step.id],
    action: 'set',
    table,
    key,
    firstChunks: [at * chunksPerTable],
    ...(step.anew === true && at === 0 ? writtenAnew(following) : { moved: updated(following) }),
    ...imagesOf(step, columns),
  };
}

/** What a column holds afterwards; of the only one that follows it is said which rows change. */
function valueOf(
  { step, table, columns }: FollowingTable,
  { name, follows }: FollowingTable['columns'][number],
): Sql {
  const to = becomesSql(columnOf(table, name), column('t', name), step.pairs);
  return columns.length === 1 ? to : sql`CASE WHEN ${follows} THEN ${to} ELSE ${column('t', name)} END`;
}

function updated(following: FollowingTable): Sql {
  const { table, columns, back } = following;
  const set = columns.map((one) => sql`${ident(one.name)} = ${valueOf(following, one)}`);
  const where = anyOf(columns.map(({ follows }) => follows));
  return change`UPDATE ${rowsOf(table)} t SET ${list(set)} WHERE ${where} RETURNING ${back}`;
}

/**
 * A key that the database alone writes cannot be updated (428C9). The row is removed and inserted with the other key, and other rows of the
 * table that refer to it are updated beside that. ON DELETE CASCADE and RESTRICT look when the statement ends, and find nothing.
 */
function writtenAnew(following: FollowingTable): Required<Pick<ChangeStatement, 'given' | 'moved'>> {
  const { step, table, columns, itself, back } = following;
  const written = table.columns.filter(({ computed }) => !computed);
  const values = written.map(({ name }) => {
    const own = columns.find((one) => one.name === name);
    if (own === undefined) return column('t', name);
    return name === step.key
      ? becomesSql(columnOf(table, name), column('t', name), step.pairs)
      : valueOf(following, own);
  });
  const names = list(written.map(({ name }) => ident(name)));
  const others = columns.filter(({ name }) => name !== step.key);
  const set = others.map((one) => sql`${ident(one.name)} = ${valueOf(following, one)}`);
  const where = sql`${anyOf(others.map(({ follows }) => follows))} AND NOT (${itself})`;
  const gone = change`DELETE FROM ${rowsOf(table)} t WHERE ${itself} RETURNING t.*`;
  const again = change`INSERT INTO ${tableName(table)} AS t (${names}) OVERRIDING SYSTEM VALUE
      SELECT ${list(values)} FROM gone t RETURNING ${back}`;
  const beside = change`UPDATE ${rowsOf(table)} t SET ${list(set)} WHERE ${where} RETURNING ${back}`;
  return {
    given: [['gone', gone], ['again', again], ...(others.length === 0 ? [] : [['beside', beside] as const])],
    moved:
      others.length === 0
        ? raw('SELECT * FROM again')
        : raw('SELECT * FROM again UNION ALL SELECT * FROM beside'),
  };
}

/** What was there and what is: of one row and one column the same everywhere, else what changed in each row. */
function imagesOf(
  { pairs }: RekeyStep,
  columns: FollowingTable['columns'],
): Pick<ChangeStatement, 'before' | 'after' | 'befores' | 'afters'> {
  const [only, ...others] = columns;
  const [pair] = pairs;
  if (pair !== undefined && pairs.length === 1 && others.length === 0) {
    const image = (text: string): Sql => bind(JSON.stringify({ [only?.name ?? '']: text }), 'text::jsonb');
    return { before: image(pair.from), after: image(pair.to) };
  }
  // No row had one of the new keys before, so what holds one now has changed.
  const images = (texts: readonly KeyPair[]): Sql => {
    const members = columns.map(
      ({ name }, n) => sql`${literal(name)}, ${becomesText(raw(`m.v${n}`), texts)}`,
    );
    return sql`jsonb_strip_nulls(jsonb_build_object(${list(members)}))`;
  };
  return {
    befores: images(pairs.map(({ from, to }) => ({ from: to, to: from }))),
    afters: images(pairs.map(({ to }) => ({ from: to, to }))),
  };
}
