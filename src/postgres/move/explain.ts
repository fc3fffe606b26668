/**
 * The statements that the steps of a plan would run, for a person to read (`plan --sql`). They are not a second description of the steps:
 * the operations themselves run against a transaction that only writes down what it is asked.
 */
import { namedModel } from '../../engine/models/model.ts';
import type { Plan, Step } from '../../engine/plan/plan-types.ts';
import type { Rules } from '../../engine/rules/references.ts';
import type { Tx } from '../driver/database.ts';
import { runOperation } from './execute.ts';
import type { StepContext } from './operations/step-context.ts';
import { readRules, stateTable, stateTenant, withTenant } from '../scope/site.ts';
import type { Site } from '../scope/site.ts';
import { forOneTenant } from './wave-sql.ts';

/** One text per step: a comment that says what it does, then its statements with their parameters. Reads the catalogue, writes nothing. */
export async function explainPlan(site: Site, plan: Plan): Promise<string[]> {
  const rules = await withTenant(site, { tenant: plan.intent.tenant, readOnly: true }, (tx) =>
    readRules(tx, site),
  );
  const texts: string[] = [];
  for (const step of plan.steps) texts.push(await explainStep(site, { rules, plan, step }));
  return texts;
}

async function explainStep(
  site: Site,
  { rules, plan, step }: { rules: Rules; plan: Plan; step: Step },
): Promise<string> {
  const statements: string[] = [];
  const context: StepContext = {
    tx: recorder(statements),
    rules,
    tenant: plan.intent.tenant,
    pair: {
      source: { ...namedModel(plan.source), tenant: plan.intent.tenant ?? null },
      target: { ...namedModel(plan.target), tenant: plan.intent.tenant ?? null },
    },
    journal: {
      table: stateTable(site, 'journal'),
      tenantType: site.state.tenantType,
      tenant: stateTenant(plan.intent.tenant),
      migrationId: '00000000-0000-0000-0000-000000000000',
    },
    translations: {},
    onRows: () => undefined,
  };
  await runOperation(context, { plan, step });
  const edits = step.operation.startsWith('rewrite-')
    ? ['-- each document is edited by Drover and written back in batches, where its old text is still there']
    : [];
  return [
    `-- step ${step.id}: ${step.operation} ${step.table}, ${step.expected} row(s)`,
    ...statements,
    ...edits,
  ].join('\n');
}

/** A transaction that runs nothing. Answers are empty, except where an operation goes on only if a row was there. */
function recorder(statements: string[]): Tx {
  const note = (sql: unknown, values: readonly unknown[] = []): void => {
    statements.push(`${tidy(forOneTenant(String(sql)))};${parameters(values)}`);
  };
  const one = <R extends object>(sql: unknown, values?: readonly unknown[]): Promise<R> => (
    note(sql, values),
    Promise.resolve({ rows: 0, keys: null, image: [], before: ['on', 'on'] } as unknown as R)
  );
  const recording: Tx = {
    one,
    maybeOne: one,
    many: (sql, values) => (note(sql, values), Promise.resolve([])),
    run: (sql, values) => (note(sql, values), Promise.resolve(0)),
    script: (sql) => (note(sql), Promise.resolve()),
    last: (sql, values) => (note(sql, values), Promise.resolve()),
    batches: ({ sql, params }) => (note(sql, params), Promise.resolve()),
    once: (_name, work) => work(recording),
  };
  return recording;
}

function tidy(sql: string): string {
  return sql.replaceAll(/\n\s+/g, '\n  ').trim();
}

function parameters(values: readonly unknown[]): string {
  return values.length === 0
    ? ''
    : `\n-- ${values.map((value, at) => `$${at + 1} = ${JSON.stringify(value)}`).join(', ')}`;
}
