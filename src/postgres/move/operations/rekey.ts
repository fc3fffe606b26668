/**
 * rekey: one statement changes the row and everything that refers to it by a foreign key, with exactly one UPDATE for each table, and
 * writes the journal.
 *
 * Why one: NO ACTION, RESTRICT, CASCADE and SET NULL are checked when the statement ends, and then all agree. So keys that are not
 * deferrable, cycles, self-references and keys within keys need no order, no second row and no parked names, and nothing cascades.
 * Of two UPDATEs of one row in one statement one would silently be lost, so a table that refers by several columns has one all the same.
 *
 * Locking: the row is held FOR UPDATE since before the facts were read (../locks.ts). A writer that inserts a reference meanwhile waits
 * for it, and then finds no row of the old key (23503). Index: the ones on the referring columns (NO_INDEX where there is none).
 */
import type { RekeyStep } from '../../../engine/plan/plan-types.ts';
import { tableOf } from '../../../engine/rules/references.ts';
import { DroverError } from '../../../errors.ts';
import { castFor, columnOf } from '../../sql/cast.ts';
import { followingColumns } from '../../sql/following.ts';
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
  withMembers,
} from '../../sql/sql.ts';
import type { Sql } from '../../sql/sql.ts';
import { rowContext } from '../../facts/member.ts';
import { journalled } from '../../records/journal.ts';
import type { ChangeStatement } from '../../records/journal.ts';
import type { StepContext, StepExecution, StepsOfOneShape } from './step-context.ts';

export const rekey: StepExecution<RekeyStep> = {
  run: async (tx, context, { steps, onRows }) => {
    const [step] = steps;
    const counted = await tx.one<{ rows: number[] }>(statement(context, steps));
    for (const [at, { table, expected }] of step.follows.entries()) {
      const actual = counted.rows[at] ?? 0;
      if (actual !== expected) throw mismatch(step, { table, expected, actual });
    }
    const touched = counted.rows.reduce((sum, rows) => sum + rows, 0);
    onRows(touched);
    return [touched];
  },
  statements: (context, steps) => [statement(context, steps)],
};

function mismatch(step: RekeyStep, found: { table: string; expected: number; actual: number }): DroverError {
  return new DroverError(
    'COUNT_MISMATCH',
    `Step ${step.id} (rekey ${step.table}) changed ${found.actual} row(s) of ${found.table}, the plan expects ${found.expected}. ` +
      'The migration was rolled back.',
    { step: step.id, ...found },
  );
}

/** Between two tables of one step as many numbers of chunks as no table needs. */
const chunksPerTable = 100_000;

function statement(context: StepContext, [step]: StepsOfOneShape<RekeyStep>): Sql {
  const tables = step.follows.map((_, at) => String(at));
  const changes = tables.flatMap((number, at) => journalled(changeOf(context, step, at), number));
  const counts = tables.map((number) => raw(`(SELECT coalesce(sum(row_count), 0) FROM chunks${number})`));
  return withMembers(1, changes, sql`SELECT ARRAY[${list(counts)}]::bigint[] AS rows`);
}

function changeOf({ rules, members, journal }: StepContext, step: RekeyStep, at: number): ChangeStatement {
  const { subject } = rules;
  const follower = subject?.followers.find(({ table }) => table === step.follows[at]?.table);
  if (subject === undefined || follower === undefined) throw new Error('a re-key of nothing');
  const table = tableOf(rules, follower.table);
  const key = findRowKey(rules, table);
  if (key === undefined) throw new Error(`${table.id} has no key; the plan should have refused`);
  const context = rowContext(rules, table, members);
  const about = { rules, subject, key: step.from, tenants: context.tenants };
  const columns = followingColumns(about, context, follower);
  const [only, ...others] = columns;
  const alone = others.length === 0;
  const set = columns.map(({ name, follows }) => {
    const to = bind(step.to, castFor(columnOf(table, name)));
    const value = alone ? to : sql`CASE WHEN ${follows} THEN ${to} ELSE ${column('t', name)} END`;
    return sql`${ident(name)} = ${value}`;
  });
  const image = (text: string): Sql => bind(JSON.stringify({ [only?.name ?? '']: text }), 'text::jsonb');
  const moved = alone
    ? []
    : columns.map(({ name }, n) => sql`${column('t', name)}::text = ${literal(step.to)} AS ${raw(`p${n}`)}`);
  const images = (text: string): Sql => {
    const pairs = columns.map(
      ({ name }, n) => sql`${literal(name)}, CASE WHEN ${raw(`m.p${n}`)} THEN ${bind(text, 'text')} END`,
    );
    return sql`jsonb_strip_nulls(jsonb_build_object(${list(pairs)}))`;
  };
  return {
    journal,
    steps: [step.id],
    action: 'set',
    table,
    key,
    firstChunks: [at * chunksPerTable],
    moved: change`UPDATE ${rowsOf(table)} t SET ${list(set)} WHERE ${anyOf(columns.map(({ follows }) => follows))}
      RETURNING ${list([sql`${keyExpression(key, 't')} AS k`, ...moved])}`,
    ...(alone
      ? { before: image(step.from), after: image(step.to) }
      : { befores: images(step.from), afters: images(step.to) }),
  };
}
