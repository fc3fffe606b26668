/**
 * enable: where the source is available and a moved row needs it, the target becomes available too: the grant of the source is
 * copied with the target in its place. A scope that lacked the source gains nothing. Journalled, so that a rollback removes it.
 */
import type { Mapping } from '../../../engine/edit/value-rule.ts';
import type { EnableStep } from '../../../engine/plan/plan-types.ts';
import type { Table } from '../../../engine/catalogue/catalog.ts';
import { castFor } from '../../sql/binder.ts';
import type { Binder } from '../../sql/binder.ts';
import { quoteIdent, quoteRows, quoteTable } from '../../sql/identifiers.ts';
import { journalTail } from '../journal.ts';
import { keyExpression } from '../../sql/keys.ts';
import { rowImage } from '../../sql/row-image.ts';
import { columnOf, matchSql } from '../../sql/match.ts';
import { mineSql } from '../../sql/row.ts';
import { openStep } from './step-context.ts';
import type { StepContext } from './step-context.ts';

/** Carries the step out and returns how many grants it added. */
export async function enable(context: StepContext, step: EnableStep): Promise<number> {
  const { table, key, row } = openStep(context, step);
  const columns = copiedColumns(table, step);
  const scope = `t.${quoteIdent(step.via)}::text = ANY (${row.binder.bind(step.scopes, 'text[]')})`;
  const values = columns.map((name) => valueOf(row.binder, table, { step, name }));
  const source = `SELECT DISTINCT ON (t.${quoteIdent(step.via)}) ${values.join(', ')} FROM ${quoteRows(table)} t
    WHERE ${mineSql(row)} AND ${scope} AND ${matchSql(row, step.grant)} ORDER BY t.${quoteIdent(step.via)}`;
  const sql = `WITH moved AS (INSERT INTO ${quoteTable(table)} AS t (${columns.map(quoteIdent).join(', ')}) ${source} RETURNING ${keyExpression(key, 't')} AS k, ${rowImage(table, 't')} AS image)
    ${journalTail(row.binder, { journal: context.journal, step: step.id, action: 'insert', table, key, firstChunk: 0, afters: 'm.image' })}`;
  return (await context.tx.one<{ rows: number }>(sql, row.binder.values)).rows;
}

/** All columns but computed ones and a key of the row's own that the database makes. */
function copiedColumns(table: Table, step: EnableStep): string[] {
  const natural = new Set([...step.grant.columns, step.via]);
  return table.columns
    .filter((column) => !column.generated)
    .filter(
      (column) =>
        natural.has(column.name) ||
        !(table.primaryKey.length === 1 && table.primaryKey[0] === column.name && column.hasDefault),
    )
    .map((column) => column.name);
}

function valueOf(binder: Binder, table: Table, { step, name }: { step: EnableStep; name: string }): string {
  const part = step.grant.columns.indexOf(name);
  const column = `t.${quoteIdent(name)}`;
  if (part < 0) return column;
  const cast = castFor(columnOf(table, name));
  const cases = step.grant.mappings.map(
    (mapping: Mapping) =>
      `WHEN ${column} = ${binder.bind(mapping.from[part], cast)} THEN ${binder.bind(mapping.to[part], cast)}`,
  );
  return `CASE ${cases.join(' ')} ELSE ${column} END`;
}
