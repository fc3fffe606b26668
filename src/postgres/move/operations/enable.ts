/**
 * enable: where the source is available and a moved row needs it, the target becomes available too: the grant of the source is
 * copied with the target in its place. A scope that lacked the source gains nothing. Journalled, so that a rollback removes it.
 *
 * An INSERT cannot say for which member it added a row, so each member has a statement of its own.
 */
import type { Table } from '../../../engine/catalogue/catalog.ts';
import { newKey } from '../../../engine/plan/new-row.ts';
import type { CopyKey } from '../../../engine/plan/new-row.ts';
import type { EnableStep } from '../../../engine/plan/plan-types.ts';
import { castFor, columnOf, equalsEach } from '../../sql/cast.ts';
import { keyExpression } from '../../sql/keys.ts';
import { placeMatches } from '../../sql/match.ts';
import type { PlaceRow } from '../../sql/match.ts';
import { rowImage } from '../../sql/row-image.ts';
import { mineSql } from '../../sql/row.ts';
import { bind, change, column, each, ident, join, list, raw, rowsOf, sql, tableName } from '../../sql/sql.ts';
import type { Sql } from '../../sql/sql.ts';
import { changeSql, journalOfSome, runChange } from '../../records/journal.ts';
import type { ChangeStatement } from '../../records/journal.ts';
import { movedPlace, openStep } from './step-context.ts';
import type { StepExecution, StepContext, StepsOfOneShape } from './step-context.ts';

export const enable: StepExecution<EnableStep> = {
  run: async (tx, context, { steps }) => {
    const rows: number[] = [];
    for (const one of additions(context, steps)) rows.push((await runChange(tx, one))[0]?.rows ?? 0);
    return rows;
  },
  statements: (context, steps) => additions(context, steps).map(changeSql),
};

function additions(
  { rules, members, journal, only }: StepContext,
  steps: StepsOfOneShape<EnableStep>,
): ChangeStatement[] {
  return steps.map((step, at) =>
    addition(
      { rules, members: members.slice(at, at + 1), journal: journalOfSome(journal, [at]), only },
      step,
    ),
  );
}

/** Which grants are copied, and in which scopes. */
type Granting = Pick<EnableStep, 'id' | 'table' | 'via' | 'scopes'> & {
  readonly grant: Pick<EnableStep['grant'], 'place' | 'columns'>;
};

/** Copies grants of the source for the one member of the context. */
export function addition(
  context: Pick<StepContext, 'rules' | 'members' | 'journal' | 'only'>,
  step: Granting,
): ChangeStatement {
  const { table, key, row } = openStep(context, [step]);
  const grant = movedPlace(context, step.grant);
  const fresh = newKey(table, step.grant.columns, step.via);
  const columns = copiedColumns(table, fresh);
  const via = column('t', step.via);
  const values = list(
    columns.map((name) =>
      fresh.by === 'uuid' && fresh.column === name ? raw('gen_random_uuid()') : valueOf(table, grant, name),
    ),
  );
  const source = sql`SELECT DISTINCT ON (${via}) ${values} FROM ${rowsOf(table)} t
    WHERE ${mineSql(row)} AND ${via}::text = ANY (${bind(step.scopes, 'text[]')}) AND ${placeMatches(row, grant)} ORDER BY ${via}`;
  return {
    journal: context.journal,
    steps: [step.id],
    action: 'insert',
    table,
    key,
    firstChunks: [0],
    moved: change`INSERT INTO ${tableName(table)} AS t (${list(columns.map(ident))})
      ${source} RETURNING ${keyExpression(key, 't')} AS k, ${rowImage(table)} AS image`,
    afters: raw('m.image'),
  };
}

/** All columns but computed ones and a key that the database makes. */
function copiedColumns(table: Table, fresh: CopyKey): string[] {
  return table.columns
    .filter(({ name, generated }) => !generated && !(fresh.by === 'default' && fresh.column === name))
    .map(({ name }) => name);
}

function valueOf(table: Table, { place, mappings }: PlaceRow, name: string): Sql {
  const part = place.columns.findIndex((own) => own.column === name);
  const old = column('t', name);
  if (part < 0) return old;
  const own = columnOf(table, name);
  const cases = mappings.map(
    ({ from, to }) =>
      sql`WHEN ${equalsEach(own, old, from[part] ?? [])} THEN ${each(to[part] ?? [], castFor(own))}`,
  );
  return sql`CASE ${join(cases, ' ')} ELSE ${old} END`;
}
