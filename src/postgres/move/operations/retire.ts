/**
 * retire: the source is marked as migrated, last of all. In Drover's own schema the mark is part of the key that live
 * references point at, so the database itself refuses it while one is left, and refuses every later one.
 */
import type { RetireStep } from '../../../engine/plan/plan-types.ts';
import type { ModelName } from '../../../engine/models/model.ts';
import { castFor } from '../../sql/binder.ts';
import { quoteIdent, quoteRows } from '../../sql/identifiers.ts';
import { writeChunk } from '../journal.ts';
import { keyExpression } from '../../sql/keys.ts';
import { columnOf } from '../../sql/match.ts';
import { mineSql } from '../../sql/row.ts';
import { waveOnly } from '../wave-sql.ts';
import { openStep } from './step-context.ts';
import type { StepContext } from './step-context.ts';

/** Carries the step out and returns how many model rows it marked. */
export async function retire(
  context: StepContext,
  step: RetireStep,
  models: { source: ModelName; target: ModelName; keyColumn: string },
): Promise<number> {
  const { table, key, row } = openStep(context, step);
  const columns = Object.keys(step.set);
  const image = columns.map((name) => `t.${quoteIdent(name)}::text`).join(', ');
  const where = `${mineSql(row)} AND t.${quoteIdent(models.keyColumn)} = ${row.binder.bind(models.source.key, castFor(columnOf(table, models.keyColumn)))}`;
  const read = `SELECT ${keyExpression(key, 't')}::text AS key, ARRAY[${image}]::text[] AS image FROM ${quoteRows(table)} t WHERE ${where}`;
  const before = await context.tx.maybeOne<{ key: string; image: (string | null)[] }>(
    `${read} FOR UPDATE`,
    row.binder.values,
  );
  if (before === undefined) return 0;
  const set = columns.map(
    (name) =>
      `${quoteIdent(name)} = ${assigned(step.set[name], models.target, (value) => row.binder.bind(value, castFor(columnOf(table, name))))}`,
  );
  const touched = await context.tx.run(
    `UPDATE ${quoteRows(table)} t SET ${set.join(', ')}${waveOnly(' FROM drover_wave w')} WHERE ${where}${waveOnly(' RETURNING w.n AS drover_n')}`,
    row.binder.values,
  );
  const after = await context.tx.one<{ image: (string | null)[] }>(
    read,
    row.binder.values.slice(0, valuesOf(read)),
  );
  const named = (values: readonly (string | null)[]): Record<string, string | null> =>
    Object.fromEntries(columns.map((name, at) => [name, values[at] ?? null]));
  await writeChunk(context.tx, context.journal, {
    step: step.id,
    chunk: 1,
    action: 'set',
    table,
    key,
    keys: [before.key],
    befores: [named(before.image)],
    afters: [named(after.image)],
  });
  return touched;
}

/** How many parameters a statement refers to: the ones bound after it are not its own. */
function valuesOf(sql: string): number {
  return Math.max(0, ...[...sql.matchAll(/\$(\d+)/g)].map((match) => Number(match[1])));
}

function assigned(
  value: RetireStep['set'][string] | undefined,
  target: ModelName,
  bind: (value: string) => string,
): string {
  if (value === null || value === undefined) return 'NULL';
  if (value === '$now') return 'now()';
  return bind(value === '$target' ? (target.key ?? '') : String(value));
}
