/**
 * merge: a row whose move would break a unique key is redundant, because the row it would become is there already. That row
 * survives, as it is or with what `carry` passes to it; the redundant one is removed and journalled whole. Runs before repoint, so
 * that nothing collides there.
 * Locking: the DELETE locks the removed rows. Nothing refers to them (the plan refuses otherwise), so nothing cascades.
 */
import type { MergeStep } from '../../../engine/plan/plan-types.ts';
import { keyExpression, keyMatches } from '../../sql/keys.ts';
import type { PlaceRow } from '../../sql/match.ts';
import { rowImage } from '../../sql/row-image.ts';
import { mineSql } from '../../sql/row.ts';
import {
  allOf,
  change,
  foundByEach,
  fromMembers,
  raw,
  rowsOf,
  column,
  each,
  ident,
  join,
  list,
  literal,
  sql,
} from '../../sql/sql.ts';
import type { Sql } from '../../sql/sql.ts';
import { changeSql, numbered, rowsEach, runChange } from '../../records/journal.ts';
import type { ChangeStatement } from '../../records/journal.ts';
import { movableSql } from '../../sql/movable.ts';
import { movedPlace, openStep } from './step-context.ts';
import type { StepExecution, StepContext, StepsOfOneShape } from './step-context.ts';
import type { Tx } from '../../driver/database.ts';
import { readEach } from '../../driver/members.ts';
import { mergedRowsSql } from '../../sql/collision.ts';
import { columnOf } from '../../sql/cast.ts';

export const merge: StepExecution<MergeStep> = {
  run: async (tx, context, { steps }) => {
    const merging = mergingOf(context, steps);
    if (steps[0].carry.length === 0) return rowsEach(await runChange(tx, removal(merging)));
    const carried = await readCarried(tx, merging);
    const removed = rowsEach(await runChange(tx, removal(merging)));
    const missed = await writeCarried(tx, merging, carried);
    // A row that could not be given what it is owed makes the count wrong, and the migration rolls back.
    return removed.map((rows, at) => rows - (missed[at] ?? 0));
  },
  statements: (context, steps) => {
    const merging = mergingOf(context, steps);
    const deletion = changeSql(removal(merging));
    if (steps[0].carry.length === 0) return [deletion];
    const nobody = steps.map(() => []);
    return [carriedSql(merging), deletion, changeSql(givingSql(merging, nobody))];
  },
};

interface MergeInput {
  readonly context: StepContext;
  readonly steps: StepsOfOneShape<MergeStep>;
  readonly place: PlaceRow;
  /** SQL over a row `t`: is it removed? */
  readonly removed: Sql;
}

function mergingOf(context: StepContext, steps: StepsOfOneShape<MergeStep>): MergeInput {
  const { includeDead, move } = steps[0];
  const { row } = openStep(context, steps);
  const place = movedPlace(context, move);
  const movable = movableSql(row, place, { includeDead, states: move.states });
  return { context, steps, place, removed: allOf([mineSql(row), movable]) };
}

function removal({ context, steps, removed }: MergeInput): ChangeStatement {
  const { table, key } = openStep(context, steps);
  const size = steps.length;
  return {
    journal: context.journal,
    steps: steps.map(({ id }) => id),
    action: 'delete',
    table,
    key,
    firstChunks: steps.map(() => 0),
    moved: change`DELETE FROM ${rowsOf(table)} t${fromMembers(size, ' USING ')}
      WHERE ${removed}
      RETURNING ${keyExpression(key, 't')} AS k, ${rowImage(table)} AS image${numbered(size)}`,
    befores: raw('m.image'),
  };
}

/*
 * What a removed row had in the columns of `carry` passes to the row that survives it. A flag stays on where either row had it;
 * another value is that of the removed row, where it has one.
 *
 * The values are read before the rows are removed and written afterwards, so that a unique index (one default for each tenant) holds
 * at every moment. The journal has them behind the removed rows, so that a rollback takes them back first.
 */

/** A surviving row with its new values, in the order of `carry`. */
interface Carried {
  readonly key: string;
  readonly values: readonly (string | null)[];
}

/** For each member the rows that are given something. Read before the others are removed. */
function readCarried(tx: Tx, merging: MergeInput): Promise<Carried[][]> {
  return readEach<Carried>(tx, merging.steps.length, carriedSql(merging));
}

function carriedSql({ context, steps, place, removed }: MergeInput): Sql {
  const [{ carry }] = steps;
  const { table, key, row } = openStep(context, steps);
  const old = carry.map((name) => sql`(array_agg(${column('s', name)}::text))[1]`);
  const values = carry.map((name, at) => {
    const others = column('t', name);
    const own = old[at] ?? raw('NULL');
    if (columnOf(table, name).type === 'boolean')
      return sql`coalesce(nullif(${own}, 'false'), bool_or(${others})::text, ${own})`;
    const all = sql`array_agg(${others}::text ORDER BY ${keyExpression(key, 't')})`;
    return sql`coalesce((${all} FILTER (WHERE ${others} IS NOT NULL))[1], ${own})`;
  });
  return sql`SELECT ${keyExpression(key, 's')}::text AS key, ARRAY[${list(values)}]::text[] AS values
    FROM ${mergedRowsSql(row, place, removed)} GROUP BY ${keyExpression(key, 's')}
    HAVING ARRAY[${list(values)}]::text[] IS DISTINCT FROM ARRAY[${list(old)}]::text[]`;
}

/** Gives the rows what was read, and tells for each member how many could not be given it. */
async function writeCarried(
  tx: Tx,
  { context, steps }: Pick<MergeInput, 'context' | 'steps'>,
  carried: readonly (readonly Carried[])[],
): Promise<number[]> {
  if (carried.every((own) => own.length === 0)) return carried.map(() => 0);
  const given = rowsEach(await runChange(tx, givingSql({ context, steps }, carried)));
  return carried.map((own, at) => own.length - (given[at] ?? 0));
}

function givingSql(
  { context, steps }: Pick<MergeInput, 'context' | 'steps'>,
  carried: readonly (readonly Carried[])[],
): ChangeStatement {
  const [{ carry }] = steps;
  const { table, key, row } = openStep(context, steps);
  const { size } = row;
  const lists = [
    each(
      carried.map((own) => own.map((one) => one.key)),
      `text[]::${key.type}[]`,
    ),
    ...carry.map((_, at) =>
      each(
        carried.map((own) => own.map(({ values }) => values[at] ?? null)),
        'text[]',
      ),
    ),
  ];
  const names = carry.map((_, at) => raw(`drover_v${at}`));
  const image = (value: (name: string, at: number) => Sql): Sql =>
    sql`jsonb_build_object(${list(carry.map((name, at) => sql`${literal(name)}, ${value(name, at)}`))})`;
  const found = sql`SELECT t.ctid AS drover_at, t.tableoid AS drover_in, ${list(names.map((name) => sql`d.${name}`))},
      ${image((name) => sql`${column('t', name)}::text`)} AS drover_b, ${image((_, at) => raw(`d.drover_v${at}`))} AS drover_a
    FROM ${rowsOf(table)} t JOIN unnest(${list(lists)}) d (${list([raw('k'), ...names])}) ON ${keyMatches(key, raw('d.k'))}
    WHERE ${mineSql(row)}`;
  const set = carry.map(
    (name, at) => sql`${ident(name)} = ${raw(`h.drover_v${at}`)}::${raw(columnOf(table, name).type)}`,
  );
  const same = allOf([raw('t.ctid = h.drover_at'), raw('t.tableoid = h.drover_in')]);
  return {
    journal: context.journal,
    steps: steps.map(({ id }) => id),
    action: 'set',
    table,
    key,
    // Behind the removed rows, whose chunks are numbered from 1.
    firstChunks: steps.map(() => 1_000_000),
    given: [['hit', foundByEach(size, found), 'materialized']],
    moved: change`UPDATE ${rowsOf(table)} t SET ${join(set, ', ')} FROM hit h WHERE ${same}
      RETURNING ${keyExpression(key, 't')} AS k, h.drover_b, h.drover_a${numbered(size, 'h')}`,
    befores: raw('m.drover_b'),
    afters: raw('m.drover_a'),
  };
}
