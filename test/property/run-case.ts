/** One case from start to end: plan, apply, roll back, redo, each compared with what the oracle says of the whole database. */
import { checkPlan } from '../../src/engine/planner/check.ts';
import { readOnePlan } from '../support/facts.ts';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { LeftBehind, Plan } from '../../src/engine/plan/plan-types.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { openSite, withTenant } from '../../src/postgres/scope/site.ts';
import type { Site } from '../../src/postgres/scope/site.ts';
import { applyOne, planOne, rollbackOne } from '../support/batches.ts';
import { buildWorld } from './build-world.ts';
import { choices } from './choices.ts';
import type { Choices } from './choices.ts';
import { expectedOf, uncounted } from './oracle.ts';
import type { Dump, Expected } from './oracle.ts';
import { createWorld, dumpWorld, inOrder, worldSql } from './world-sql.ts';
import type { World } from './world.ts';

/** A world that shows itself as SQL, configuration and intent where it is a counterexample. */
export class Case {
  readonly world: World;

  constructor(chosen: Choices) {
    this.world = buildWorld(chosen);
  }

  [fc.toStringMethod](): string {
    const { config, intent } = this.world;
    return `\n${worldSql(this.world)}\n\nconfig: ${JSON.stringify(config, null, 1)}\nintent: ${JSON.stringify(intent)}\n`;
  }
}

export const cases: fc.Arbitrary<Case> = choices.map((chosen) => new Case(chosen));

let numbered = 0;

export async function runCase(database: Database, { world }: Case): Promise<void> {
  const schema = `case_${(numbered += 1)}`;
  try {
    await createWorld(database, schema, world);
    const config = { ...world.config, database: { ...world.config.database, schemas: [schema] } };
    const site = await openSite({ database, config });
    await tryMigration({ site, world, read: () => dumpWorld(database, schema, world) });
  } finally {
    await database.transaction({}, (tx) => tx.script(`DROP SCHEMA IF EXISTS ${schema} CASCADE`));
  }
}

interface Occasion {
  readonly site: Site;
  readonly world: World;
  readonly read: () => Promise<Dump>;
}

async function tryMigration(occasion: Occasion): Promise<void> {
  const { site, world, read } = occasion;
  const start = await read();
  const plan = await planOne(site, world.intent);
  const errors = plan.findings.filter((finding) => finding.severity === 'error');
  assert.deepEqual(errors, [], 'nothing forbids the migration');
  await expectCheckedPlan(occasion, plan);
  assert.deepEqual(await read(), start, 'a plan writes nothing');

  const expected = expectedOf(world, start);
  const result = await applyOne(site, { intent: world.intent, plan, confirm: true, actor: 'property' });
  expectSame(await read(), inOrder(expected.dump), 'after the migration');
  expectResult({ ...result, steps: plan.steps }, expected);

  const undone = await rollbackOne(site, { migrationId: result.migrationId, actor: 'property' });
  expectSame(await read(), start, 'after the rollback');
  const redone = await rollbackOne(site, { migrationId: undone.migrationId, actor: 'property' });
  expectSame(await read(), inOrder(expected.dump), 'after the rollback of the rollback');
  assert.deepEqual([...undone.skipped, ...redone.skipped], [], 'nobody changed anything in between');

  assert.deepEqual((await planOne(site, world.intent)).steps, [], 'nothing is left to move');
}

/** The checker agrees, and the same facts give the same plan. */
async function expectCheckedPlan({ site, world }: Occasion, plan: Plan): Promise<void> {
  const [snapshot, again] = await withTenant(site, { tenant: world.me, readOnly: true }, async (tx) => {
    const planned = await readOnePlan(tx, site, world.intent);
    return [planned.snapshot, planned.plan] as const;
  });
  assert.equal(again.hash, plan.hash, 'the same facts give the same plan');
  assert.deepEqual(checkPlan(snapshot, plan), []);
}

function expectSame(actual: Dump, expected: Dump, when: string): void {
  for (const [table, rows] of expected) assert.deepEqual(actual.get(table), rows, `${table} ${when}`);
}

function expectResult(
  result: Pick<Plan, 'counts' | 'completion' | 'leftBehind'> & Pick<Plan, 'steps'>,
  expected: Expected,
): void {
  assert.deepEqual(
    {
      counts: { ...result.counts },
      left: sumLeft(result.leftBehind, expected.left),
      completion: result.completion,
    },
    { counts: expected.counts, left: expected.left, completion: expected.completion },
  );
}

function sumLeft(entries: readonly LeftBehind[], expected: Expected['left']): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { place, reason, count } of entries) {
    const id = `${place} ${reason}`;
    sums[id] = expected[id] === uncounted ? uncounted : (sums[id] ?? 0) + count;
  }
  return sums;
}
