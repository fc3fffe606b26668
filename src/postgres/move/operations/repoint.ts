/**
 * repoint: all scalar references of one table move in one statement (two where some rows also change settings beside the
 * reference), and the same statement writes the journal.
 *
 * Locking: rows are locked by the UPDATE itself. Under READ COMMITTED a row that another transaction changed meanwhile is
 * checked again: the plain statement by its own WHERE, the other by comparing every old value that it journals. A row that
 * no longer qualifies is not touched, the count differs from the plan, and the migration rolls back and is tried again.
 * The journal holds the key that a row has afterwards, since the reference may be part of it.
 * Index: the one on the reference (led by the tenant column, where there is one).
 */
import { changedColumns } from '../../../engine/plan/plan-types.ts';
import type { MovedColumns, RepointStep } from '../../../engine/plan/plan-types.ts';
import { castFor } from '../../sql/binder.ts';
import { quoteIdent, quoteRows } from '../../sql/identifiers.ts';
import { journalTail } from '../journal.ts';
import { keyExpression, keyMatches } from '../../sql/keys.ts';
import { columnOf, matchSql } from '../../sql/match.ts';
import { waveOnly } from '../wave-sql.ts';
import { mineSql } from '../../sql/row.ts';
import type { RowContext } from '../../sql/match.ts';
import { movableSql } from './movable.ts';
import { sideChanges } from './side-changes.ts';
import type { SideChange } from './side-changes.ts';
import { openStep } from './step-context.ts';
import type { StepContext } from './step-context.ts';

/** Carries the step out and returns how many rows it touched. */
export async function repoint(context: StepContext, step: RepointStep): Promise<number> {
  const { key, row } = openStep(context, step);
  const [only, ...others] = step.moves;
  const changed = only === undefined ? [] : changedColumns(only);
  const inKey = key.columns.some((column) => changed.includes(column.name));
  if (only === undefined || others.length > 0 || only.mappings.length !== 1 || inKey)
    return runGeneral(context, step, 'all');
  const settings = sideChanges(context, step.moves, row).length;
  const settled = settings === 0 ? 0 : await runGeneral(context, step, 'with settings');
  return settled + (await runPlain(context, step, only));
}

/**
 * One place in one spelling, rows without settings to change: nothing differs between them but the key. A row that is given
 * settings meanwhile no longer fits the WHERE and is passed over, so nothing is overwritten that was not journalled.
 */
async function runPlain(context: StepContext, step: RepointStep, move: MovedColumns): Promise<number> {
  const { table, key, row } = openStep(context, step);
  const mapping = move.mappings[0] ?? { from: [], to: [] };
  const changed = move.columns
    .map((name, at) => ({ name, from: mapping.from[at] ?? '', to: mapping.to[at] ?? '' }))
    .filter(({ from, to }) => from !== to);
  const set = changed.map(
    ({ name, to }) => `${quoteIdent(name)} = ${row.binder.bind(to, castFor(columnOf(table, name)))}`,
  );
  const plain = sideChanges(context, step.moves, row).map((change) => `NOT (${change.changes})`);
  const where = [mineSql(row), movableSql(row, context, { step, move }), ...plain].join(' AND ');
  const image = (which: 'from' | 'to'): string =>
    row.binder.bind(
      JSON.stringify(Object.fromEntries(changed.map((one) => [one.name, one[which]]))),
      'text::jsonb',
    );
  const sql = `WITH moved AS (UPDATE ${quoteRows(table)} t SET ${set.join(', ')}${waveOnly(' FROM drover_wave w')} WHERE ${where} RETURNING ${keyExpression(key, 't')} AS k${waveOnly(', w.n AS drover_n')})
    ${journalTail(row.binder, { journal: context.journal, step: step.id, action: 'set', table, key, firstChunk: 1_000_000, before: image('from'), after: image('to'), wave: true })}`;
  return (await context.tx.one<{ rows: number }>(sql, row.binder.values)).rows;
}

/** The general form: each row remembers which places moved by which mapping, and what changed beside them. */
async function runGeneral(
  context: StepContext,
  step: RepointStep,
  rows: 'all' | 'with settings',
): Promise<number> {
  const { table, key, row } = openStep(context, step);
  const side = sideChanges(context, step.moves, row);
  const columns = touchedColumns(step, side);
  const patterns = step.moves.map(
    (move, at) => `${patternSql(row, context, { step, move })} AS drover_p${at}`,
  );
  const old = columns.map((name, at) => `t.${quoteIdent(name)}::text AS drover_o${at}`);
  const movable = step.moves.map((move) => movableSql(row, context, { step, move })).join(' OR ');
  const unchanged = columns.map(
    (name, at) => `t.${quoteIdent(name)}::text IS NOT DISTINCT FROM w.drover_o${at}`,
  );
  const only = rows === 'all' ? '' : ` AND (${side.map((change) => change.changes).join(' OR ')})`;
  // A row that was changed meanwhile has another place on disk; it is passed over, and the count tells.
  const same = table.partitioned
    ? `${keyMatches(key, 't', 'w.k')} AND ${mineSql(row)}`
    : 't.ctid = w.drover_at';
  const sql = `WITH hit AS MATERIALIZED (${waveOnly('SELECT w.*, q.* FROM drover_wave w CROSS JOIN LATERAL (')} SELECT ${keyExpression(key, 't')} AS k, t.ctid AS drover_at, ${[...patterns, ...old, ...imagesSql(side)].join(', ')}
      FROM ${quoteRows(table)} t WHERE ${mineSql(row)} AND (${movable})${only} ${waveOnly('OFFSET 0) q')})
    , moved AS (UPDATE ${quoteRows(table)} t SET ${setClauses(row, step, side).join(', ')} FROM hit w
      WHERE ${[same, ...unchanged].join(' AND ')} RETURNING ${waveOnly('w.n AS drover_n,')} ${keyExpression(key, 't')} AS k, ${[...step.moves.keys()].map((at) => `w.drover_p${at}`).join(', ')}, w.drover_b, w.drover_a)
    ${journalTail(row.binder, { journal: context.journal, step: step.id, action: 'set', table, key, firstChunk: 0, ...patternImages(row, step), befores: 'm.drover_b', afters: 'm.drover_a', wave: true })}`;
  const run = async (): Promise<number> =>
    (await context.tx.one<{ rows: number }>(sql, row.binder.values)).rows;
  return table.partitioned ? run() : withLoops(context, run);
}

/**
 * Each row is fetched by its place on disk, which costs the same whatever the statistics say. A planner that expects another number
 * of rows would hash the whole table for it.
 */
async function withLoops<T>({ tx }: StepContext, work: () => Promise<T>): Promise<T> {
  const settings = ['enable_hashjoin', 'enable_mergejoin'];
  const names = settings.map((name) => `current_setting('${name}')`).join(', ');
  const { before } = await tx.one<{ before: string[] }>(`SELECT ARRAY[${names}] AS before`);
  const set = (values: readonly string[]): Promise<unknown> =>
    tx.many(
      `SELECT ${settings.map((name, at) => `set_config('${name}', $${at + 1}, true)`).join(', ')}`,
      values,
    );
  await set(['off', 'off']);
  const result = await work();
  await set(before);
  return result;
}

function touchedColumns(step: RepointStep, side: readonly SideChange[]): string[] {
  return [
    ...new Set([...step.moves.flatMap((move) => move.columns), ...side.map((change) => change.column)]),
  ];
}

/** The number of the mapping by which the place moves; NULL where it does not. */
function patternSql(
  row: RowContext,
  context: StepContext,
  about: { step: RepointStep; move: MovedColumns },
): string {
  const cases = about.move.mappings.map(
    (mapping, at) => `WHEN ${matchSql(row, { columns: about.move.columns, mappings: [mapping] })} THEN ${at}`,
  );
  return `CASE WHEN ${movableSql(row, context, about)} THEN CASE ${cases.join(' ')} END END`;
}

/** Per row, what changes beside the references: column → text. NULL where nothing does. */
function imagesSql(side: readonly SideChange[]): string[] {
  const image = (value: (change: SideChange) => string): string => {
    const parts = side.map(
      (change) =>
        `CASE WHEN ${change.changes} THEN jsonb_build_object('${change.column.replaceAll("'", "''")}', ${value(change)}) ELSE '{}' END`,
    );
    return parts.length === 0 ? 'NULL::jsonb' : `nullif(${parts.join(' || ')}, '{}')`;
  };
  return [
    `${image((change) => `t.${quoteIdent(change.column)}::text`)} AS drover_b`,
    `${image((change) => `(${change.value})::text`)} AS drover_a`,
  ];
}

function setClauses(row: RowContext, step: RepointStep, side: readonly SideChange[]): string[] {
  const cases = new Map<string, string[]>();
  for (const [at, move] of step.moves.entries()) {
    for (const [number, mapping] of move.mappings.entries()) {
      for (const [part, name] of move.columns.entries()) {
        if (mapping.from[part] === mapping.to[part]) continue;
        const value = row.binder.bind(mapping.to[part], castFor(columnOf(row.table, name)));
        cases.set(name, [...(cases.get(name) ?? []), `WHEN w.drover_p${at} = ${number} THEN ${value}`]);
      }
    }
  }
  const moved = [...cases].map(
    ([name, whens]) => `${quoteIdent(name)} = CASE ${whens.join(' ')} ELSE t.${quoteIdent(name)} END`,
  );
  const beside = side.map(
    (change) =>
      `${quoteIdent(change.column)} = CASE WHEN w.drover_a ? '${change.column.replaceAll("'", "''")}' THEN ${change.value} ELSE t.${quoteIdent(change.column)} END`,
  );
  return [...moved, ...beside];
}

/** Rows that moved in the same way share one chunk, and so the image of their references. */
function patternImages(
  row: RowContext,
  step: RepointStep,
): { pattern: string; before: string; after: string } {
  const pattern = step.moves.map((_, at) => `m.drover_p${at}`).join(', ');
  const image = (side: 'from' | 'to'): string =>
    step.moves
      .map((move, at) => {
        const cases = move.mappings.map((mapping, number) => {
          const changed = move.columns.flatMap((name, part) =>
            mapping.from[part] === mapping.to[part] ? [] : [[name, mapping[side][part]]],
          );
          return `WHEN ${number} THEN ${row.binder.bind(JSON.stringify(Object.fromEntries(changed)), 'text::jsonb')}`;
        });
        return `coalesce(CASE m.drover_p${at} ${cases.join(' ')} END, '{}')`;
      })
      .join(' || ');
  return { pattern, before: image('from'), after: image('to') };
}
