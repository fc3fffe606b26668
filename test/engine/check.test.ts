/** The checker finds every planted contradiction between a plan and its facts, and finds none in a plan as it is made. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkPlan } from '../../src/engine/planner/check.ts';
import type { MovedColumns, Plan, Step } from '../../src/engine/plan/plan-types.ts';
import type { RowGroup, Snapshot } from '../../src/engine/plan/snapshot.ts';
import { buildPlan, buildSnapshot, model, plainGroups, rows, source } from './build-snapshot.ts';

const groups: readonly RowGroup[] = [
  ...plainGroups,
  rows({ 'agents.graph/nodes/*/model': 'L' }, 4),
  rows({ 'links.model_id': 'C' }, 5),
  rows({ 'links.model_id': 'L' }, 6),
];
const snapshot = buildSnapshot({ groups });
const plan = buildPlan(snapshot);

function changeStep(operation: Step['operation'], change: (step: Step) => Step): Plan {
  return { ...plan, steps: plan.steps.map((step) => (step.operation === operation ? change(step) : step)) };
}

function without(operation: Step['operation']): Plan {
  const steps = plan.steps.filter((step) => step.operation !== operation);
  return { ...plan, steps: steps.map((step, at) => ({ ...step, id: at + 1 })) };
}

/** The repoint of agents, changed. */
function changeRepoint(more: Partial<Extract<Step, { operation: 'repoint' }>>): Plan {
  const steps = plan.steps.map((step) =>
    step.operation === 'repoint' && step.table === 'public.agents' ? { ...step, ...more } : step,
  );
  return { ...plan, steps };
}

function place(id: string, column = 'model_id'): MovedColumns {
  const mappings = [{ from: [source.key ?? ''], to: ['33333333-3333-4333-8333-333333333333'] }];
  return { place: id, columns: [column], mappings, states: ['L'], companions: [] };
}

const liveLeft = {
  place: 'agents.model_id',
  entity: 'agents',
  reason: 'ask',
  live: true,
  count: 1,
  rows: [],
  message: '',
} as const;

const planted: [code: string, plan: Plan, snapshot?: Snapshot][] = [
  ['KINDS_DIFFER', { ...plan, target: { ...plan.target, kind: 'embedding' } }],
  ['SAME_MODEL', { ...plan, target: plan.source }],
  ['FOREIGN_MODEL', plan, { ...snapshot, target: model('9', 'new-1', { tenant: 'globex' }) }],
  ['FORGOTTEN', without('rewrite-json')],
  ['FORGOTTEN', { ...plan, leftBehind: [] }],
  [
    'UNKNOWN_PLACE',
    plan,
    { ...snapshot, rules: { ...snapshot.rules, places: snapshot.rules.places.slice(1) } },
  ],
  ['MUST_NOT_MOVE', changeRepoint({ moves: [place('messages.model_id')] })],
  ['MUST_NOT_MOVE', changeRepoint({ moves: [place('links.model_id')] })],
  ['UNOWNED_TABLE', changeRepoint({ table: 'public.templates', moves: [place('templates.model_id')] })],
  ['EMPTY_STEP', changeRepoint({ expected: 0 })],
  ['WRONG_VALUES', changeRepoint({ moves: [place('agents.model_id')] })],
  ['ROWS_MISSING', changeRepoint({ expected: 1 })],
  ['TOO_MANY_ROWS', changeRepoint({ expected: 3 })],
  ['RETIRES_A_LIVE_SOURCE', { ...plan, leftBehind: [...plan.leftBehind, liveLeft] }],
  ['WRONG_COMPLETENESS', { ...plan, completion: 'partial' }],
  ['WRONG_ORDER', { ...plan, steps: plan.steps.toReversed() }],
  ['WRONG_ORDER', changeStep('retire', (step) => ({ ...step, id: 1 }))],
];

describe('a plan as it is made', () => {
  it('contradicts nothing', () => assert.deepEqual(checkPlan(snapshot, plan), []));
});

describe('a contradiction that is planted', () => {
  for (const [at, [code, changed, facts]] of planted.entries())
    it(`${at + 1}: ${code}`, () => {
      const codes = checkPlan(facts ?? snapshot, changed).map((one) => one.code);
      assert.ok(codes.includes(code), `found ${codes.join(', ') || 'nothing'}`);
    });

  it('is found where rows move that have to stay', () => {
    const facts = buildSnapshot({
      groups: [rows({ 'agents.model_id': 'L' }, 2), rows({ 'agents.model_id': 'H' }, 2)],
    });
    const made = buildPlan(facts);
    const steps = made.steps.map((step) => (step.operation === 'repoint' ? { ...step, expected: 4 } : step));
    assert.deepEqual(checkPlan(facts, made), []);
    assert.deepEqual(
      checkPlan(facts, { ...made, steps }).map((one) => one.code),
      ['MUST_STAY'],
    );
  });
});
