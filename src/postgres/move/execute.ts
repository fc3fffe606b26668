/**
 * Carries a plan out, inside the transaction that read its facts. Every step must touch exactly the planned number of rows;
 * deferred constraints are forced before the commit; afterwards the facts are read once more, and nothing that the plan moved
 * may be left. Any of these failing throws, and the caller's transaction rolls back whole.
 */
import { decideAll } from '../../engine/plan/decide.ts';
import type { Plan, RetireStep, Step } from '../../engine/plan/plan-types.ts';
import type { Snapshot } from '../../engine/plan/snapshot.ts';
import { modelTableOf } from '../../engine/rules/references.ts';
import { translateParameters } from '../../engine/models/parameters.ts';
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import type { Journal } from './journal.ts';
import { enable } from './operations/enable.ts';
import { merge } from './operations/merge.ts';
import { repoint } from './operations/repoint.ts';
import { retire } from './operations/retire.ts';
import { rewrite } from './operations/rewrite.ts';
import type { StepContext } from './operations/step-context.ts';
import { readPlaceGroups } from '../facts/snapshot.ts';

export interface Progress {
  readonly step: number;
  readonly steps: number;
  readonly operation: string;
  readonly table: string;
  readonly entity: string;
  /** Rows of this step done so far, and planned. */
  readonly rows: number;
  readonly expected: number;
}

export interface ExecuteInput {
  readonly snapshot: Snapshot;
  readonly plan: Plan;
  readonly journal: Journal;
  readonly onProgress: (progress: Progress) => void;
}

/** What the record says about a step, beside whatever else the step is. */
interface RecordedStep {
  readonly id: number;
  readonly operation: string;
  readonly table: string;
  readonly entity: string;
  readonly expected: number;
  readonly rows: readonly unknown[];
}

export interface StepResult {
  readonly step: RecordedStep;
  readonly actual: number;
}

/** @throws COUNT_MISMATCH, REFERENCES_LEFT, and what the database refuses */
export async function executePlan(tx: Tx, input: ExecuteInput): Promise<StepResult[]> {
  const results: StepResult[] = [];
  // The keys of a large step pass through a sort or a hash on their way into the journal; on disk that costs a tenth.
  await tx.run(`SET LOCAL work_mem = '64MB'`);
  for (const step of input.plan.steps) {
    const actual = await runStep(tx, input, step);
    if (actual !== step.expected) throw mismatch(step, actual);
    results.push({ step, actual });
  }
  await tx.run('SET CONSTRAINTS ALL IMMEDIATE');
  await verifyNothingLeft(tx, input);
  return results;
}

async function runStep(tx: Tx, input: ExecuteInput, step: Step): Promise<number> {
  let done = 0;
  const report = (rows: number): void => {
    done += rows;
    input.onProgress({
      step: step.id,
      steps: input.plan.steps.length,
      operation: step.operation,
      table: step.table,
      entity: step.entity,
      rows: done,
      expected: step.expected,
    });
  };
  report(0);
  const actual = await runOperation(stepContext(tx, input, report), { plan: input.plan, step });
  report(actual - done);
  return actual;
}

function stepContext(
  tx: Tx,
  { snapshot, plan, journal }: ExecuteInput,
  onRows: (rows: number) => void,
): StepContext {
  return {
    tx,
    rules: snapshot.rules,
    tenant: plan.intent.tenant,
    pair: { source: snapshot.source, target: snapshot.target },
    journal,
    onRows,
    translations: translationsOf(snapshot),
  };
}

/** Carries one step out and returns how many rows it touched. */
export function runOperation(
  context: StepContext,
  { plan, step }: { plan: Pick<Plan, 'source' | 'target'>; step: Step },
): Promise<number> {
  switch (step.operation) {
    case 'repoint':
      return repoint(context, step);
    case 'merge':
      return merge(context, step);
    case 'enable':
      return enable(context, step);
    case 'retire':
      return retireSource(context, plan, step);
    case 'rewrite-json':
    case 'rewrite-text':
    case 'rewrite-array':
      return rewrite(context, step);
  }
}

function retireSource(
  context: StepContext,
  plan: Pick<Plan, 'source' | 'target'>,
  step: RetireStep,
): Promise<number> {
  const keyColumn = modelTableOf(context.rules, plan.source.kind)?.key ?? '';
  return retire(context, step, { source: plan.source, target: plan.target, keyColumn });
}

function mismatch(step: Step, actual: number): DroverError {
  return new DroverError(
    'COUNT_MISMATCH',
    `Step ${step.id} (${step.operation} ${step.table}) touched ${actual} row(s), the plan expects ${step.expected}. The migration was rolled back.`,
    { step: step.id, table: step.table, expected: step.expected, actual },
  );
}

/** Parameter documents that translation changes, by `table.column`. */
function translationsOf(snapshot: Snapshot): Record<string, Record<string, string>> {
  const result: Record<string, Record<string, string>> = {};
  for (const { table, column, documents } of snapshot.parameters) {
    const map: Record<string, string> = {};
    for (const { text } of documents) {
      const translated = translateParameters(text, snapshot.source, snapshot.target);
      if ('changes' in translated && translated.changes.some((change) => change.change !== 'kept'))
        map[text] = translated.document;
    }
    result[`${table}.${column}`] = map;
  }
  return result;
}

/** What the plan moved must be gone: read the facts again and decide again; nothing may be left to move. */
async function verifyNothingLeft(tx: Tx, { snapshot, plan }: ExecuteInput): Promise<void> {
  if (plan.steps.length === 0) return;
  const pair = { source: snapshot.source, target: snapshot.target };
  const places = await readPlaceGroups(tx, {
    rules: snapshot.rules,
    intent: plan.intent,
    pair,
    unclassified: [],
    samples: 'none',
  });
  const after = decideAll({ ...snapshot, places }, plan.intent);
  for (const { group, outcomes } of after) {
    for (const [place, outcome] of outcomes) {
      if (outcome.kind !== 'move' && outcome.kind !== 'merge') continue;
      throw new DroverError(
        'REFERENCES_LEFT',
        `After the move ${group.rows} row(s) of ${place.id} still name the source. The migration was rolled back.`,
        { place: place.id, rows: group.rows },
      );
    }
  }
}
