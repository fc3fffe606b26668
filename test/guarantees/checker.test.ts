/**
 * The checker is written apart from the planner, so that each tests the other: a plan that somebody tampered with, in
 * whatever way, must not pass. The plans are real ones, of the demo and of a foreign database.
 */
import { checkPlan } from '../../src/engine/planner/check.ts';
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { Intent } from '../../src/engine/plan/intent.ts';
import type { Plan, RepointStep, Step } from '../../src/engine/plan/plan-types.ts';
import type { Snapshot } from '../../src/engine/plan/snapshot.ts';
import { openDatabase } from '../../src/postgres/driver/connect.ts';
import { openSite, withTenant } from '../../src/postgres/scope/site.ts';
import type { Site } from '../../src/postgres/scope/site.ts';
import { readOnePlan } from '../support/facts.ts';
import { intentFor, platformSite } from '../support/guarantee.ts';
import { platformDatabase } from '../support/platform.ts';
import { north, studioConfig, studioDatabase } from '../support/studio.ts';

interface Planned {
  readonly snapshot: Snapshot;
  readonly plan: Plan;
}

function planOf(site: Site, asked: Intent): Promise<Planned> {
  return withTenant(site, { tenant: asked.tenant, readOnly: true }, async (tx) => {
    const { snapshot, plan } = await readOnePlan(tx, site, asked);
    return { snapshot, plan };
  });
}

const withSteps = (plan: Plan, change: (step: Step) => Step | undefined): Plan => ({
  ...plan,
  steps: plan.steps.flatMap((step) => change(step) ?? []).map((step, at) => ({ ...step, id: at + 1 })),
});

const isRepointOf =
  (table: string) =>
  (step: Step): step is RepointStep =>
    step.operation === 'repoint' && step.table.endsWith(`.${table}`);

/** The repointing of that table, told to do something else. */
const repointing = (plan: Plan, table: string, change: Partial<RepointStep>): Plan =>
  withSteps(plan, (step) => (isRepointOf(table)(step) ? { ...step, ...change } : step));

const movesOf = (plan: Plan, table: string): RepointStep['moves'] =>
  plan.steps.find(isRepointOf(table))?.moves ?? [];

const expectedOf = (plan: Plan, table: string): number => plan.steps.find(isRepointOf(table))?.expected ?? 0;

type Tamper = (given: Planned) => Planned;
const planOnly =
  (change: (plan: Plan) => Plan): Tamper =>
  ({ snapshot, plan }) => ({ snapshot, plan: change(plan) });

const tamperings: Readonly<Record<string, readonly [code: string, tamper: Tamper]>> = {
  'another kind of target': [
    'KINDS_DIFFER',
    planOnly((plan) => ({ ...plan, target: { ...plan.target, kind: 'embedding' } })),
  ],
  'the source as target': ['SAME_MODEL', planOnly((plan) => ({ ...plan, target: plan.source }))],
  "another tenant's target": [
    'FOREIGN_MODEL',
    ({ snapshot, plan }) => ({
      snapshot: { ...snapshot, target: { ...snapshot.target, tenant: 'another' } },
      plan,
    }),
  ],
  'a table forgotten': [
    'FORGOTTEN',
    planOnly((plan) => withSteps(plan, (step) => (isRepointOf('services')(step) ? undefined : step))),
  ],
  'a document forgotten': [
    'FORGOTTEN',
    planOnly((plan) => withSteps(plan, (step) => (step.operation === 'rewrite-json' ? undefined : step))),
  ],
  'history not listed': [
    'FORGOTTEN',
    planOnly((plan) => ({
      ...plan,
      leftBehind: plan.leftBehind.filter(({ reason }) => reason !== 'history'),
    })),
  ],
  'one row too few': [
    'ROWS_MISSING',
    planOnly((plan) => repointing(plan, 'services', { expected: expectedOf(plan, 'services') - 1 })),
  ],
  'one row too many': [
    'TOO_MANY_ROWS',
    planOnly((plan) => repointing(plan, 'services', { expected: expectedOf(plan, 'services') + 1 })),
  ],
  'no rows at all': ['EMPTY_STEP', planOnly((plan) => repointing(plan, 'services', { expected: 0 }))],
  'another target written': [
    'WRONG_VALUES',
    planOnly((plan) =>
      repointing(plan, 'assistants', {
        moves: movesOf(plan, 'assistants').map((move) => ({
          ...move,
          mappings: move.mappings.map((mapping) => ({ ...mapping, to: mapping.from })),
        })),
      }),
    ),
  ],
  'another target written into documents': [
    'WRONG_VALUES',
    planOnly((plan) =>
      withSteps(plan, (step) => (step.operation === 'rewrite-json' ? { ...step, rules: {} } : step)),
    ),
  ],
  'history moved': [
    'MUST_NOT_MOVE',
    planOnly((plan) => {
      const [move] = movesOf(plan, 'assistants');
      const wrong = plan.steps.find(isRepointOf('assistants'));
      if (move === undefined || wrong === undefined) return plan;
      const past: Step = {
        ...wrong,
        table: 'migration.questions',
        expected: 1,
        moves: [{ ...move, place: 'questions.completion_model_id' }],
      };
      return { ...plan, steps: [past, ...plan.steps].map((step, at) => ({ ...step, id: at + 1 })) };
    }),
  ],
  'a place through another table': [
    'MUST_NOT_MOVE',
    planOnly((plan) => repointing(plan, 'services', { table: 'migration.apps' })),
  ],
  'rows that belong to nobody': [
    'UNOWNED_TABLE',
    planOnly((plan) => repointing(plan, 'services', { table: 'migration.global_app_templates' })),
  ],
  'a source retired over something live': [
    'RETIRES_A_LIVE_SOURCE',
    planOnly((plan) => ({ ...plan, leftBehind: plan.leftBehind.map((entry) => ({ ...entry, live: true })) })),
  ],
  'complete, although something live stays': [
    'WRONG_COMPLETENESS',
    planOnly((plan) => ({ ...plan, leftBehind: plan.leftBehind.map((entry) => ({ ...entry, live: true })) })),
  ],
  'partial, although nothing live stays': [
    'WRONG_COMPLETENESS',
    planOnly((plan) => ({ ...plan, completion: 'partial' })),
  ],
  'retired first': [
    'WRONG_ORDER',
    planOnly((plan) => ({
      ...plan,
      steps: plan.steps.toReversed().map((step, at) => ({ ...step, id: at + 1 })),
    })),
  ],
  'numbered wrongly': [
    'WRONG_ORDER',
    planOnly((plan) => ({ ...plan, steps: plan.steps.map((step) => ({ ...step, id: 1 })) })),
  ],
  'a place that the rules do not know': [
    'UNKNOWN_PLACE',
    ({ snapshot, plan }) => ({
      plan,
      snapshot: {
        ...snapshot,
        rules: {
          ...snapshot.rules,
          places: snapshot.rules.places.filter(({ id }) => id !== 'services.completion_model_id'),
        },
      },
    }),
  ],
};

describe('the checker of plans', () => {
  let demo: Planned;
  let foreign: Planned[];

  before(async () => {
    const platform = await platformDatabase('server', 'demo');
    demo = await planOf(await platformSite(platform.db), intentFor());
    await platform.drop();
    foreign = await planStudio();
  });

  async function planStudio(): Promise<Planned[]> {
    const { target, drop } = await studioDatabase('server');
    const database = await openDatabase(target);
    const site = await openSite({ database, config: studioConfig });
    const intent = intentFor({ tenant: north, from: 'old', to: 'new' });
    const plans = [await planOf(site, intent), await planOf(site, { ...intent, entityTypes: ['bots'] })];
    await database.close();
    await drop();
    return plans;
  }

  it('passes what the planner makes, whole and narrowed', () => {
    for (const { snapshot, plan } of [demo, ...foreign]) {
      assert.deepEqual(checkPlan(snapshot, plan), []);
      assert.ok(plan.steps.length > 0);
    }
  });

  for (const [what, [code, tamper]] of Object.entries(tamperings)) {
    it(`refuses ${what}: ${code}`, () => {
      const { snapshot, plan } = tamper(demo);
      const codes = checkPlan(snapshot, plan).map((problem) => problem.code);
      assert.ok(codes.includes(code), `found ${codes.join(', ') || 'nothing'}`);
    });
  }

  it('refuses any step left out, of any plan', () => {
    for (const { snapshot, plan } of [demo, ...foreign]) {
      for (const left of plan.steps.filter(({ operation }) => !['retire', 'enable'].includes(operation))) {
        const tampered = withSteps(plan, (step) => (step === left ? undefined : step));
        assert.notDeepEqual(checkPlan(snapshot, tampered), [], `${left.operation} ${left.table}`);
      }
    }
  });

  it('refuses any step that expects one row less or more, of any plan', () => {
    for (const { snapshot, plan } of [demo, ...foreign]) {
      for (const wrong of plan.steps.filter(({ operation }) => !['retire', 'enable'].includes(operation))) {
        for (const by of [-1, 1]) {
          const tampered = withSteps(plan, (step) =>
            step === wrong ? { ...step, expected: step.expected + by } : step,
          );
          assert.notDeepEqual(checkPlan(snapshot, tampered), [], `${wrong.operation} ${wrong.table} ${by}`);
        }
      }
    }
  });
});
