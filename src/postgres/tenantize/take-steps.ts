/**
 * Takes the steps of a conversion, up or down. What a step did and that it was done are committed together, so that whoever comes after
 * a process that died goes on where it was. A step waits a short time for a lock, gives way to whoever stands behind it, and tries again.
 */
import { DroverError } from '../../errors.ts';
import type { Tx } from '../driver/database.ts';
import { holdersOf } from '../driver/lock-holders.ts';
import { quoteTable } from '../sql/identifiers.ts';
import { recordPolicies } from './conversion-records.ts';
import type { ConversionRecord, ConversionStepRecord } from './conversion-records.ts';
import { fillInBatches } from './fill.ts';
import { makeIndex } from './make-index.ts';
import { namesOf, patiently, reached, stepTransaction } from './step-work.ts';
import type { StepTaken, ConversionWork, ConversionWay } from './step-work.ts';

/**
 * Takes steps in the order in which they are given. One that is there already is left alone.
 * @throws PHASE_BLOCKED where rows refuse a step, CONVERSION_DRIFTED where a name is taken, LOCK_TIMEOUT with who holds the lock
 */
export async function takeSteps(
  work: ConversionWork,
  conversion: ConversionRecord,
  { steps, way }: { readonly steps: readonly ConversionStepRecord[]; readonly way: ConversionWay },
): Promise<void> {
  for (const step of steps) {
    if (step.state === reached(way)) continue;
    work.check();
    const taken = { work, conversion, step, way };
    work.say({ step, way });
    await take(taken).catch(async (error: unknown) => {
      throw await explained(taken, error);
    });
  }
}

function take(taken: StepTaken): Promise<void> {
  const { step, way } = taken;
  if (!step.transaction) return makeIndex(taken);
  if (step.batch !== undefined && way === 'up') return fillInBatches(taken, step.batch);
  return inTransaction(taken, (tx) => runAll(tx, step[way]));
}

/** How many rows the statements changed. */
async function runAll(tx: Tx, statements: readonly string[]): Promise<number> {
  let rows = 0;
  for (const statement of statements) rows += await tx.run(statement);
  return rows;
}

/** One transaction that does the step and says so, tried again while a lock is not free. */
function inTransaction(taken: StepTaken, run: (tx: Tx) => Promise<number>): Promise<void> {
  const { work, way } = taken;
  return patiently(taken, async () => {
    await stepTransaction(taken, async (tx, { state }) => {
      if (state === reached(way)) return undefined;
      const startedAt = performance.now();
      const rows = await run(tx);
      const { change, number } = taken.step;
      if (way === 'up' && (change.kind === 'shadow' || change.kind === 'bind')) {
        const table = quoteTable(change.at);
        await recordPolicies(tx, work.schema, { id: taken.conversion.id, number, table });
      }
      const heldMs = performance.now() - startedAt;
      return { state: reached(way), rows: way === 'up' ? rows : null, heldMs, actor: work.actor };
    });
  });
}

/** Which step it was, why, and what stands. */
export async function explained(taken: StepTaken, error: unknown): Promise<unknown> {
  if (!(error instanceof DroverError)) return error;
  const { step, work } = taken;
  const about = `${step.phase}${step.table === '' ? '' : ` of ${step.table}`} (${step.what})`;
  const data = { ...error.data, phase: step.phase, table: step.table, step: step.what };
  if (error.code === 'LOCK_TIMEOUT') {
    const holders = await holdersOf(work.database, namesOf(taken)).catch((): string[] => []);
    const held = holders.length === 0 ? '' : ` Now ${holders.join('; ')}.`;
    const message = `${about} waited for a lock and gave way.${held} What was done before stays: the same command goes on.`;
    return new DroverError(error.code, message, { ...data, holders }, { cause: error });
  }
  // A gate raises it by itself, and a key, a check or NOT NULL by the rows that it finds.
  const isRows = ['INVALID_VALUE', 'ALREADY_EXISTS', 'STILL_REFERENCED'].includes(error.code);
  if (!isRows) {
    if (error.code === 'INTERRUPTED' || error.code === 'CONVERSION_DRIFTED') return error;
    return new DroverError(error.code, `${about}: ${error.message}`, data, { cause: error });
  }
  const { databaseMessage } = error.data;
  const said = typeof databaseMessage === 'string' ? databaseMessage : error.message;
  const back = taken.way === 'up' ? ', or take back what was done: `drover tenantize revert`' : '';
  const message =
    `${about} was refused by rows: ${said}. Nothing of this step stays, what was done before does. ` +
    `Mend the rows and give the same command again${back}.`;
  return new DroverError('PHASE_BLOCKED', message, data, { cause: error });
}
