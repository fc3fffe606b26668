/** Whoever plans, is asked, is told the result and looks it up later reads the same numbers under the same words. */
import assert from 'node:assert/strict';
import { Readable, Writable } from 'node:stream';
import { renderNotice } from '../../src/engine/planner/notice.ts';
import { renderPlan } from '../../src/engine/planner/render.ts';
import { changeCount } from '../../src/engine/plan/row-text.ts';
import type { Plan } from '../../src/engine/plan/plan-types.ts';
import { questionOf } from '../../src/cli/migrations/move.ts';
import { showMigrations } from '../../src/cli/migrations/show-history.ts';
import { showMoveResult, showRollbackResult } from '../../src/cli/migrations/show-result.ts';
import { openTerminal } from '../../src/cli/terminal/terminal.ts';
import type { Terminal } from '../../src/cli/terminal/terminal.ts';
import { getMigration } from '../../src/postgres/records/history.ts';
import type { MoveResult } from '../../src/postgres/records/move-result.ts';
import type { RollbackResult } from '../../src/postgres/undo/result.ts';
import type { Site } from '../../src/postgres/scope/site.ts';

export interface Told {
  readonly plan: Plan;
  readonly result: MoveResult;
  readonly back: RollbackResult;
  /** How many rows of each table really differ after the move. */
  readonly changed: Readonly<Record<string, { readonly gone: number; readonly new: number }>>;
}

/** One number of row changes in all texts, and a number of rows in the notice that is true of the database. */
export async function expectSameCounts(site: Site, told: Told): Promise<void> {
  const { plan, result, back } = told;
  const total = changeCount(Object.values(plan.counts).reduce((sum, count) => sum + count, 0));
  assert.deepEqual({ ...result.counts }, { ...plan.counts }, 'the result counts what the plan counts');
  const record = await getMigration(site, { tenant: plan.tenant?.key, id: result.migrationId });
  const tenantName = record.tenant;
  const shown = {
    plan: renderPlan(plan).join('\n'),
    question: questionOf(plan),
    result: said((terminal) => showMoveResult(terminal, result)),
    history: said((terminal) => showMigrations(terminal, [{ ...record, tenantName }])),
    rollback: said((terminal) => showRollbackResult(terminal, back)),
  };
  for (const [entity, count] of Object.entries(plan.counts))
    assert.ok(shown.plan.includes(`\n  ${entity}: ${changeCount(count)}`), `${entity}: ${shown.plan}`);
  for (const name of ['question', 'result', 'history', 'rollback'] as const)
    assert.match(
      shown[name],
      new RegExp(`(^|[^0-9])${total.replace(/^0 row changes$/, '(0|no) row changes?')}`),
      name,
    );
  expectTrueNotice(told);
}

/** Of the types whose rows are only changed, and neither removed nor added. */
function expectTrueNotice({ plan, changed }: Told): void {
  for (const { entity, count, upTo = count, rows } of renderNotice(plan).json.changes) {
    const steps = plan.steps.filter((step) => step.entity === entity);
    if (steps.some(({ operation }) => operation === 'merge' || operation === 'enable')) continue;
    const tables = [...new Set(steps.map(({ table }) => table.replaceAll('"', '')))];
    const really = tables.reduce(
      (sum, table) => sum + (changed[table] ?? changed[short(table)] ?? { gone: 0 }).gone,
      0,
    );
    assert.ok(
      count <= really && really <= upTo,
      `${entity}: ${really} rows, the notice says ${count} to ${upTo}`,
    );
    assert.ok(rows.length <= really, `${entity}: ${rows.length} rows are named, ${really} changed`);
  }
}

function short(table: string): string {
  return table.replace(/^public\./, '');
}

function said(show: (terminal: Terminal) => void): string {
  const chunks: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(chunk.toString());
      done();
    },
  });
  show(openTerminal({ stdin: Readable.from([]), stdout: stream, stderr: stream }, 'never'));
  return chunks.join('');
}
