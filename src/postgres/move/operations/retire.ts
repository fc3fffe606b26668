/**
 * retire: the source is marked as migrated, last of all. In Drover's own schema the mark is part of the key that live
 * references point at, so the database itself refuses it while one is left, and refuses every later one.
 * Locking: the rows of the models are locked since before the facts were read.
 */
import { modelTableOf } from '../../../engine/rules/references.ts';
import type { Column } from '../../../engine/catalogue/catalog.ts';
import type { RetireStep } from '../../../engine/plan/plan-types.ts';
import { castFor, columnOf, equalsEach } from '../../sql/cast.ts';
import { keyExpression, keyMatches } from '../../sql/keys.ts';
import { mineSql } from '../../sql/row.ts';
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
  raw,
  rowsOf,
  sql,
} from '../../sql/sql.ts';
import type { Sql } from '../../sql/sql.ts';
import { changeSql, numbered, rowsEach, runChange } from '../../records/journal.ts';
import type { ChangeStatement } from '../../records/journal.ts';
import { openStep } from './step-context.ts';
import type { StepExecution, StepContext, StepsOfOneShape } from './step-context.ts';

export const retire: StepExecution<RetireStep> = {
  run: async (tx, context, { steps }) => rowsEach(await runChange(tx, marking(context, steps))),
  statements: (context, steps) => [changeSql(marking(context, steps))],
};

function marking(context: StepContext, steps: StepsOfOneShape<RetireStep>): ChangeStatement {
  const { table, key, row } = openStep(context, steps);
  const { size } = row;
  const names = Object.keys(steps[0].set);
  const source = context.members[0]?.pair.source;
  const keyColumn = (source && modelTableOf(context.rules, source)?.key) ?? '';
  const keys = context.members.map(({ pair }) => pair.source.key ?? '');
  const set = names.map((name) => {
    const value = assigned(context, steps[0].set[name], columnOf(table, name));
    return sql`${value} AS ${raw(`drover_s${names.indexOf(name)}`)}`;
  });
  const where = allOf([mineSql(row), equalsEach(columnOf(table, keyColumn), column('t', keyColumn), keys)]);
  const found = [
    sql`${keyExpression(key, 't')} AS k`,
    raw('t.ctid AS drover_at'),
    sql`${image('t', names)} AS drover_b`,
  ];
  const members = size === 1 ? raw('') : sql`${fromMembers(size, ' CROSS JOIN ')}`;
  const same = table.partitioned ? keyMatches(key, raw('h.k')) : raw('t.ctid = h.drover_at');
  const assignments = names.map((name, at) => sql`${ident(name)} = ${raw(`h.drover_s${at}`)}`);
  return {
    journal: context.journal,
    steps: steps.map(({ id }) => id),
    action: 'set',
    table,
    key,
    firstChunks: steps.map(() => 0),
    given: [
      [
        'hit',
        sql`SELECT ${list([...found, ...set])}${numbered(size)} FROM ${rowsOf(table)} t${members} WHERE ${where}`,
      ],
    ],
    moved: change`UPDATE ${rowsOf(table)} t SET ${list(assignments)}
      FROM hit h WHERE ${same}
      RETURNING ${keyExpression(key, 't')} AS k, h.drover_b, ${image('t', names)} AS drover_a${numbered(size, 'h')}`,
    befores: raw('m.drover_b'),
    afters: raw('m.drover_a'),
  };
}

/** The columns of the mark as `{ column: text }`. */
function image(alias: string, names: readonly string[]): Sql {
  const parts = names.map((name) => sql`jsonb_build_object(${literal(name)}, ${column(alias, name)}::text)`);
  return sql`(${join(parts, ' || ')})`;
}

function assigned({ members }: StepContext, value: RetireStep['set'][string] | undefined, held: Column): Sql {
  if (value === null || value === undefined) return sql`NULL::${raw(held.type)}`;
  if (value === '$now') return raw('now()');
  if (value !== '$target') return bind(String(value), castFor(held));
  return each(
    members.map(({ pair }) => pair.target.key ?? ''),
    castFor(held),
  );
}
