/** One case as single migrations and as a batch, step by step: each step must leave the same rows, records and outcomes. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Database } from '../../src/postgres/driver/database.ts';
import { openSite } from '../../src/postgres/scope/site.ts';
import type { Site } from '../../src/postgres/scope/site.ts';
import { doneOf, many, one } from '../support/batches.ts';
import type { Outcome, Way } from '../support/batches.ts';
import { clearRecords, outcomesText, readRecords } from '../support/records-text.ts';
import { buildWorld } from './build-world.ts';
import { choices } from './choices.ts';
import type { Choices } from './choices.ts';
import { faults, intentsOf, plantFaults } from './faults.ts';
import type { Fault, Phase } from './faults.ts';
import { expectedOf } from './oracle.ts';
import type { Dump } from './oracle.ts';
import { createWorld, dumpWorld, inOrder, worldSql } from './world-sql.ts';
import type { World } from './world.ts';

export interface BatchChoices {
  readonly choices: Choices;
  readonly confirm: boolean;
  readonly faults: readonly Fault[];
}

/** A case that shows itself where it is a counterexample: the world of two tenants. */
export class BatchCase {
  readonly chosen: BatchChoices;

  constructor(chosen: BatchChoices) {
    this.chosen = chosen;
  }

  [fc.toStringMethod](): string {
    const { choices: given, ...rest } = this.chosen;
    const { config, members, ...world } = buildWorld(given, 2);
    const intents = members.map(({ intent }) => JSON.stringify(intent)).join('\n');
    return `\n${worldSql({ ...world, config, members })}\n\nconfig: ${JSON.stringify(config, null, 1)}\nintents: ${intents}\n${JSON.stringify(rest)}\n`;
  }
}

export const batchCases: fc.Arbitrary<BatchCase> = fc
  .record({ choices, confirm: fc.constantFrom(true, true, true, true, false), faults })
  .map((chosen) => new BatchCase(chosen));

const sizes = [2, 7] as const;
const schema = 'batch_case';
const actor = 'property';

export async function runBatchCase(database: Database, { chosen }: BatchCase): Promise<void> {
  for (const size of sizes) {
    const occasion = { database, world: buildWorld(chosen.choices, size), chosen };
    const apart = await inNewWorld(occasion, one);
    const together = await inNewWorld(occasion, many);
    for (const [at, step] of apart.steps.entries())
      assert.deepEqual(together.steps[at], step, `a batch of ${size}: ${step.what}`);
    expectOracle(occasion, apart);
    expectOneCommit(occasion, together);
  }
}

interface Occasion {
  readonly database: Database;
  readonly world: World;
  readonly chosen: BatchChoices;
}

/** What is to be seen after a step. */
interface Step {
  readonly what: string;
  readonly outcomes: readonly string[];
  readonly rows: Dump;
  readonly records: unknown;
}

interface Steps {
  readonly steps: readonly Step[];
  /** How many tenants each transaction committed when the moves were applied. */
  readonly commits: readonly number[];
}

async function inNewWorld(occasion: Occasion, way: Way): Promise<Steps> {
  const { database, world } = occasion;
  await database.transaction({}, (tx) => tx.script(`DROP SCHEMA IF EXISTS ${schema} CASCADE`));
  await clearRecords(database);
  await createWorld(database, schema, world);
  const config = { ...world.config, database: { ...world.config.database, schemas: [schema], retries: 1 } };
  return takeSteps(occasion, way, await openSite({ database, config }));
}

async function takeSteps({ database, world, chosen }: Occasion, way: Way, site: Site): Promise<Steps> {
  const steps: Step[] = [];
  const commits: number[] = [];
  const look = async <R>(what: string, outcomes: readonly Outcome<R>[]): Promise<void> => {
    const { text, labels } = await readRecords(database);
    const rows = await dumpWorld(database, schema, world);
    steps.push({ what, outcomes: outcomesText(outcomes, labels), rows, records: text });
  };
  const plant = (phase: Phase): Promise<void> =>
    plantFaults(database, { schema, world, faults: chosen.faults }, phase);
  const moves = intentsOf(world, chosen.faults);
  await look('start', await way.plan(site, moves));
  await plant('apply');
  const applied = await way.apply(site, {
    moves,
    confirm: chosen.confirm,
    actor,
    beforeCommit: (_tx, done) => Promise.resolve(void commits.push(done.length)),
  });
  await look('applied', applied);
  await plant('rollback');
  const undone = await way.rollback(site, { rollbacks: doneOf(applied), actor });
  await look('rolled back', undone);
  await plant('redo');
  await look('rolled back again', await way.rollback(site, { rollbacks: doneOf(undone), actor }));
  return { steps, commits };
}

/** Where nothing was refused, the rows are those that the oracle expects of one tenant after the other. */
function expectOracle({ world, chosen }: Occasion, { steps }: Steps): void {
  const [start, applied] = steps;
  if (chosen.faults.length > 0 || !chosen.confirm || start === undefined) return;
  const expected = world.members.reduce(
    (rows, member) => expectedOf({ ...world, ...member }, rows).dump,
    start.rows,
  );
  assert.deepEqual(applied?.rows, inOrder(expected), 'what the oracle says');
}

/** Where nothing was refused and no two tenants can be in each other's way, the batch was not split. */
function expectOneCommit({ world, chosen }: Occasion, { commits }: Steps): void {
  const apart = chosen.choices.tables.every(
    ({ unique, rowKey }) => unique === 'none' && rowKey !== 'natural',
  );
  if (chosen.faults.length > 0 || !chosen.confirm || !apart) return;
  assert.deepEqual(commits, [world.members.length], 'one transaction for the batch');
}
