/** Every operation by its kind; the compiler says when one is missing. */
import type { Step } from '../../../engine/plan/plan-types.ts';
import type { Tx } from '../../driver/database.ts';
import type { Sql } from '../../sql/sql.ts';
import { enable } from './enable.ts';
import { merge } from './merge.ts';
import { mergeRows } from './merge-rows.ts';
import { rekey } from './rekey.ts';
import { repoint } from './repoint.ts';
import { retire } from './retire.ts';
import { rewrite } from './rewrite.ts';
import type { StepExecution, StepContext, StepWork } from './step-context.ts';

const operations: {
  readonly [Kind in Step['operation']]: StepExecution<Extract<Step, { operation: Kind }>>;
} = {
  enable,
  'rewrite-json': rewrite,
  'rewrite-text': rewrite,
  'rewrite-array': rewrite,
  merge,
  repoint,
  rekey,
  'merge-rows': mergeRows,
  retire,
};

/** All steps of one slot are of one kind, so the operation of the first is that of all. */
function operationOf([step]: StepWork<Step>['steps']): StepExecution<Step> {
  return operations[step.operation] as StepExecution<Step>;
}

/** Carries like steps out, and tells for each member how many rows it touched. */
export function runSteps(tx: Tx, context: StepContext, work: StepWork<Step>): Promise<number[]> {
  return operationOf(work.steps).run(tx, context, work);
}

/** The statements of a step, for a person to read. */
export function statementsOf(context: StepContext, step: Step): Sql[] {
  return operationOf([step]).statements(context, [step]);
}
