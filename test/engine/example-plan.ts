/** A plan with one of everything, for the tests that show plans to people. */
import type { MovedColumns, Plan } from '../../src/engine/plan/plan-types.ts';

const move: MovedColumns = {
  place: 'assistants.model_id',
  columns: ['model_id'],
  mappings: [{ from: ['1'], to: ['2'] }],
  states: ['L'],
  companions: [{ column: 'reasoning', rule: 'drop' }],
  parameters: { column: 'settings', policy: 'reset', members: 'known', empty: '{}' },
};

const step = { expected: 2, dead: 0, includeDead: true, digest: '', rows: [] };
const rows = [{ key: '11', name: 'Helpdesk' }, { key: '12', name: 'Sales_bot <b>*now*</b>' }, { key: '13' }];

/** Partial: a question is open. */
export const partialPlan: Plan = {
  version: 1,
  tenant: { key: 'acme', name: 'Acme\u001b[31m' },
  intent: { tenant: 'acme', from: 'old', to: 'new', parameters: 'reset', answers: {}, leaveAsks: true },
  source: {
    kind: 'completion',
    key: '1',
    components: { name: 'claude-3-7-sonnet', family: 'claude', provider: 'anthropic' },
  },
  target: {
    kind: 'completion',
    key: '2',
    components: { name: 'claude-haiku-4-5', family: 'claude', provider: 'anthropic' },
  },
  steps: [
    {
      ...step,
      id: 1,
      table: 'public.assistants',
      entity: 'assistants',
      operation: 'repoint',
      expected: 7,
      dead: 2,
      rows,
      moves: [move],
    },
    {
      ...step,
      id: 2,
      table: 'public.assistants',
      entity: 'assistants',
      operation: 'rewrite-json',
      column: 'graph',
      places: ['assistants.graph/nodes/*/model'],
      rules: {},
      occurrences: 1,
      rows: rows.slice(0, 1),
    },
    {
      ...step,
      id: 3,
      table: 'public.space_models',
      entity: 'space links',
      operation: 'merge',
      carry: [],
      expected: 1,
      move: { ...move, place: 'space_models.model_id' },
    },
    {
      ...step,
      id: 4,
      table: 'public.space_models',
      entity: 'space links',
      operation: 'enable',
      grant: move,
      via: 'space_id',
      scopes: ['1', '2'],
    },
  ],
  findings: [
    { severity: 'info', code: 'SOURCE_DISABLED', message: 'The source is disabled.' },
    {
      severity: 'error',
      code: 'SECURITY_LOWER',
      message: 'The source has security class 2; the target has 1.',
      forceable: true,
    },
    {
      severity: 'warning',
      code: 'CONTEXT_LOWER',
      message: 'The context window goes down from 200000 to 100000 tokens.',
    },
  ],
  leftBehind: [
    {
      place: 'questions.model_id',
      entity: 'questions',
      reason: 'history',
      live: false,
      count: 1,
      rows: [],
      message: 'a record of what happened',
    },
    {
      place: 'apps.model_id',
      entity: 'apps',
      reason: 'ask',
      live: true,
      count: 2,
      rows: [{ key: '21', name: 'Draft app' }],
      message: 'drafts need an answer',
    },
  ],
  completion: 'partial',
  accounts: { move: 10, history: 1, asked: 2 },
  counts: { assistants: 9, 'space links': 3 },
  facts: {},
  hash: '0123456789abcdef0123456789abcdef',
};

/** Complete, and the source is retired at the end. */
export const completePlan: Plan = {
  ...partialPlan,
  tenant: null,
  steps: [
    {
      ...step,
      id: 1,
      table: 'public.assistants',
      entity: 'assistants',
      operation: 'repoint',
      expected: 1,
      moves: [
        { ...move, parameters: { column: 'settings', policy: 'translate', members: 'known', empty: '{}' } },
      ],
    },
    {
      ...step,
      id: 2,
      table: 'public.models',
      entity: 'models',
      operation: 'retire',
      expected: 1,
      set: { is_live: false },
    },
  ],
  findings: [],
  leftBehind: [],
  completion: 'complete',
  accounts: { move: 1 },
  counts: { assistants: 1 },
};

/** Nothing to do. */
export const emptyPlan: Plan = { ...completePlan, steps: [], counts: {} };
