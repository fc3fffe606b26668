/**
 * The statements that the steps of a plan would run, for a person to read (`plan --sql`). They are the very values that would be
 * sent, rendered in the same way.
 */
import { rowCount } from '../../engine/plan/row-text.ts';
import type { Plan, Step } from '../../engine/plan/plan-types.ts';
import { DroverError } from '../../errors.ts';
import { stateTable } from '../scope/site.ts';
import { recordedTenant } from '../../engine/tenant.ts';
import type { Site } from '../scope/site.ts';
import { render } from '../sql/sql.ts';
import type { Sql } from '../sql/sql.ts';
import { statementsOf } from './operations/operations.ts';
import type { StepContext } from './operations/step-context.ts';
import { readMoves } from './plan.ts';

/** One text per step: a comment that says what it does, then its statements with their parameters. Reads, and writes nothing. */
export async function explainPlan(site: Site, plan: Plan): Promise<string[]> {
  const [move] = await readMoves(site, [plan.intent]);
  if (move === undefined) throw new Error('a move was not read');
  if (move instanceof DroverError) throw move;
  const context: StepContext = {
    rules: move.ground.rules,
    members: [move.member],
    journal: {
      table: stateTable(site, 'journal'),
      tenantType: site.state.tenantType,
      tenants: [recordedTenant(plan.intent.tenant)],
      migrations: ['00000000-0000-0000-0000-000000000000'],
    },
    translations: [{}],
    joins: { hashJoin: 'on', mergeJoin: 'on' },
  };
  return plan.steps.map((step) => explainStep(context, step));
}

function explainStep(context: StepContext, step: Step): string {
  const edits = step.operation.startsWith('rewrite-')
    ? ['-- each document is edited by Drover and written back in batches, where its old text is still there']
    : [];
  return [
    `-- step ${step.id}: ${step.operation} ${step.table}, ${rowCount(step.expected)}`,
    ...statementsOf(context, step).map(statementText),
    ...edits,
  ].join('\n');
}

function statementText(statement: Sql): string {
  const { text, values } = render(statement);
  const lines = `${statement.changes ? '' : '-- reads\n'}${text};`;
  const shown = values.map((value, at) => `$${at + 1} = ${JSON.stringify(value)}`).join(', ');
  return values.length === 0 ? lines : `${lines}\n-- ${shown}`;
}
