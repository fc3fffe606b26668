/** What follows a row is read from the catalogue, and the checker, which walks it by itself, finds every planted contradiction. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isTelling, keySpellings, keyTexts } from '../../src/engine/models/key-forms.ts';
import { namedModel } from '../../src/engine/models/model.ts';
import { checkPlan } from '../../src/engine/planner/check.ts';
import { finding } from '../../src/engine/finding.ts';
import type { MergeRowsStep, Plan, RekeyStep } from '../../src/engine/plan/plan-types.ts';
import type { MergingFacts, Snapshot } from '../../src/engine/plan/snapshot.ts';
import type { RowsConfig } from '../../src/engine/rules/config.ts';
import { resolveRules } from '../../src/engine/rules/references.ts';
import { problemOfRows, seenFromRows } from '../../src/engine/rules/rows/view.ts';
import { buildCatalog } from './build-catalog.ts';
import { buildPlan, buildSnapshot } from './build-snapshot.ts';

const catalog = buildCatalog(
  {
    printers: { id: 'uuid!', spare: 'uuid -> printers.id', name: 'text', lead: 'bigint' },
    jobs: { printer_id: 'uuid! -> printers.id', n: 'bigint!', note: 'text' },
    pages: { printer_id: 'uuid!', job: 'bigint!', n: 'bigint!' },
    others: { id: 'uuid!', page: 'bigint', printer: 'uuid' },
    loose: { id: 'uuid!', printer: 'uuid', kind: 'text' },
  },
  {
    jobs: { primaryKey: ['printer_id', 'n'] },
    pages: { primaryKey: ['printer_id', 'job', 'n'], keys: ['printer_id, job -> jobs.printer_id, n'] },
    printers: { keys: ['id, lead -> jobs.printer_id, n'] },
    others: { keys: ['printer, page -> pages.printer_id, n'] },
  },
);

const old = '11111111-1111-4111-8111-11111111aaaa';
const next = '22222222-2222-4222-8222-22222222bbbb';

function viewOf(subject: Partial<RowsConfig> = {}) {
  return seenFromRows({ version: 1, tenant: { root: 'none' } }, { table: 'printers', ...subject });
}

const counts: Readonly<Record<string, number>> = { printers: 2, jobs: 3, pages: 4, others: 0 };

function snapshotOf(more: Partial<Snapshot> = {}): Snapshot {
  const plain = buildSnapshot({ catalog, config: viewOf(), groups: [] });
  const followers = (plain.rules.subject?.followers ?? []).map(({ table }) => ({
    table,
    rows: counts[table.replace('public.', '')] ?? 0,
    others: 0,
    digest: table,
  }));
  const row = (key: string) => ({ ...namedModel({ kind: 'printers', key, components: {} }), spellings: [] });
  return {
    ...plain,
    tenant: null,
    source: row(old),
    target: row(next),
    moving: [{ from: old, to: next }],
    keys: [{ from: old, to: next }],
    subject: {
      followers,
      rounds: [{ pairs: [{ from: old, to: next }], followers }],
      impossible: [],
      unjudged: [],
      triggers: [],
      derived: [],
      unindexed: [],
    },
    ...more,
  };
}

const asked = {
  rows: 'printers',
  from: old,
  to: next,
  parameters: 'keep',
  answers: {},
  leaveAsks: false,
} as const;

describe('what follows a row', () => {
  it('is every column that refers to it, at any depth, with the row itself first', () => {
    const { subject } = resolveRules(catalog, viewOf()).rules;
    const found = subject?.followers.map(({ table, columns }) => [
      table,
      columns.map(({ column }) => column),
    ]);
    assert.deepEqual(found, [
      ['public.printers', ['id', 'spare']],
      ['public.jobs', ['printer_id']],
      ['public.others', ['printer']],
      ['public.pages', ['printer_id']],
    ]);
  });

  it('is no place of names, and a problem says where in the file', () => {
    const subject = {
      table: 'printers',
      natural: ['nam'],
      names: [{ at: 'loose.printer', when: 'kind = 1' }, { at: 'jobs.printer_id' }, { at: 'loose.none' }],
    };
    const { problems } = resolveRules(catalog, viewOf(subject));
    const shown = problems.map((problem) => problemOfRows(problem, { subject, entry: 3 }));
    assert.deepEqual(shown.map(({ path }) => path.join('.')).toSorted(), [
      'rows.3.names',
      'rows.3.names.2.at',
      'rows.3.natural.0',
    ]);
  });
});

describe('a key', () => {
  it('of a uuid is looked for and written in its ways, and another key takes the place of each', () => {
    assert.deepEqual(keyTexts(old), [
      { text: old, by: 'key' },
      { text: old.replaceAll('-', ''), by: 'name' },
    ]);
    assert.equal(keySpellings(old.replaceAll('-', ''), 'source').length, 7);
    assert.deepEqual(new Set(keySpellings('short', 'target').map(({ text }) => text)), new Set(['short']));
    assert.deepEqual(keySpellings('short', 'source'), []);
  });

  it('that may stand for anything tells nothing', () => {
    assert.deepEqual(
      ['7', '123456789012', 'kitchen', 'kitchen-printer-without', 'kitchen-printer-1', old].map(isTelling),
      [false, false, false, false, true, true],
    );
  });
});

describe('the checker of a re-key', () => {
  const snapshot = snapshotOf();
  const plan = buildPlan(snapshot, asked);
  const [step] = plan.steps.filter((one) => one.operation === 'rekey');
  assert.ok(step !== undefined);
  const changed = (change: Partial<RekeyStep>): Plan => ({ ...plan, steps: [{ ...step, ...change }] });
  const [first, ...rest] = step.follows;
  assert.ok(first !== undefined);
  const facts = snapshot.subject;
  assert.ok(facts !== undefined);

  it('finds none in a plan as it is made', () => {
    assert.deepEqual(checkPlan(snapshot, plan), []);
    assert.deepEqual(
      [step.expected, step.follows.map(({ expected }) => expected), plan.accounts],
      [9, [2, 3, 4], { move: 8 }],
    );
  });

  const planted: Readonly<Record<string, readonly [code: string, plan: Plan, snapshot?: Snapshot]>> = {
    'no step': ['REKEYS', { ...plan, steps: [] }],
    'two steps': ['REKEYS', { ...plan, steps: [step, { ...step, id: 2 }] }],
    'a step where no row has the key': ['REKEYS', plan, snapshotOf({ moving: [] })],
    'another row': ['WRONG_KEY', changed({ pairs: [{ from: next, to: next }] })],
    'another key': ['WRONG_KEY', changed({ pairs: [{ from: old, to: old }] })],
    'another column': ['WRONG_KEY', changed({ key: 'name' })],
    'a table left out': ['LEFT_ON_THE_KEY', changed({ follows: [first, ...rest.slice(1)] })],
    'a column left out': ['LEFT_ON_THE_KEY', changed({ follows: [{ ...first, columns: ['id'] }, ...rest] })],
    'a column too many': [
      'NO_REFERENCE',
      changed({ follows: [{ ...first, columns: ['id', 'spare', 'name'] }, ...rest] }),
    ],
    'a table twice': ['TWICE', changed({ follows: [...step.follows, first] })],
    'other rows': ['WRONG_ROWS', changed({ follows: [{ ...first, expected: 3 }, ...rest], expected: 10 })],
    'another sum': ['WRONG_SUM', changed({ expected: 8 })],
    'other tenants unsaid': [
      'FOREIGN_ROWS',
      plan,
      snapshotOf({ subject: { ...facts, followers: facts.followers.map((one) => ({ ...one, others: 1 })) } }),
    ],
    'what cannot be, unsaid': [
      'IMPOSSIBLE',
      plan,
      snapshotOf({ subject: { ...facts, impossible: [{ word: 'rule', message: '' }] } }),
    ],
    'two rows made one, unsaid': [
      'BOTH_ROWS_EXIST',
      { ...plan, steps: [] },
      snapshotOf({ found: [finding('error', 'BOTH_ROWS_EXIST', '')] }),
    ],
    'an account too few': ['ACCOUNTS_DIFFER', { ...plan, accounts: { move: 7 } }],
  };
  for (const [name, [code, wrong, about = snapshot]] of Object.entries(planted))
    it(`finds ${name}`, () => {
      const found = checkPlan(about, wrong).map((problem) => problem.code);
      assert.ok(found.includes(code), `${code} among ${found.join(', ')}`);
    });

  it('and a step of one in the plan of a model', () => {
    const models = buildSnapshot();
    const wrong = { ...buildPlan(models), steps: [step] };
    assert.ok(checkPlan(models, wrong).some(({ code }) => code === 'REKEYS_A_MODEL'));
  });
});

describe('the checker of a merge of two rows', () => {
  const plain = snapshotOf();
  const facts = plain.subject;
  assert.ok(facts !== undefined);
  const changed = [
    { table: 'public.jobs', rows: 2, others: 0, digest: 'j' },
    { table: 'public.pages', rows: 4, others: 0, digest: 'p' },
    { table: 'public.printers', rows: 1, others: 0, digest: 'r' },
  ];
  const root = { table: 'public.printers', place: 'printers.id', keep: 'keep-target', pass: [] } as const;
  const met = {
    table: 'public.jobs',
    place: 'jobs.printer_id',
    constraint: 'jobs_pkey',
    keep: 'keep-target',
    pass: [],
  } as const;
  const merging = {
    mappings: [{ table: 'public.printers', column: 'id', pairs: [[old, next]] }],
    lost: [
      { ...root, pairs: [{ row: old, survivor: next }] },
      { ...met, pairs: [{ row: 'j1', survivor: 'j2' }] },
    ],
    changed,
  } as const;
  const snapshotWith = (more: Partial<MergingFacts> = {}): Snapshot => ({
    ...plain,
    subject: { ...facts, rounds: [], merging: { ...merging, ...more } },
  });
  const snapshot = snapshotWith();
  const plan = buildPlan(snapshot, { ...asked, merge: true });
  const [step] = plan.steps.filter((one) => one.operation === 'merge-rows');
  assert.ok(step !== undefined);
  const [own, job] = step.lost;
  assert.ok(own !== undefined && job !== undefined);
  const planned = (change: Partial<MergeRowsStep>): Plan => ({ ...plan, steps: [{ ...step, ...change }] });

  it('finds none in a plan as it is made', () => {
    assert.deepEqual(checkPlan(snapshot, plan), []);
    assert.deepEqual([step.expected, step.referring, plan.accounts], [9, 8, { move: 8 }]);
    assert.ok(plan.findings.some(({ code }) => code === 'COLLISION_SET_ASIDE'));
  });

  const open = snapshotWith({ lost: [own, { ...job, keep: 'ask' }] });
  const asking = buildPlan(open, { ...asked, merge: true });
  const planted: Readonly<Record<string, readonly [code: string, plan: Plan, snapshot?: Snapshot]>> = {
    'no step': ['MERGES', { ...plan, steps: [] }],
    'two steps': ['MERGES', { ...plan, steps: [step, { ...step, id: 2 }] }],
    'a step where two rows are not both there': ['MERGES', plan, plain],
    'a re-key beside it': ['REKEYS', { ...plan, steps: [step, ...buildPlan(plain, asked).steps] }],
    'other rows': ['WRONG_ROWS_MERGED', planned({ pairs: [{ from: next, to: old }] })],
    'one row': ['WRONG_ROWS_MERGED', planned({ pairs: [{ from: old, to: old }] })],
    'a question decided': ['DECIDES_A_QUESTION', { ...asking, findings: [] }, open],
    'a row lost that meets none': [
      'OTHER_ROWS_LOST',
      planned({ lost: [own, { ...job, pairs: [...job.pairs, { row: 'j3', survivor: 'j2' }] }] }),
    ],
    'a row lost to another one': [
      'OTHER_ROWS_LOST',
      planned({ lost: [own, { ...job, pairs: [{ row: 'j1', survivor: 'j9' }] }] }),
    ],
    'a row lost twice': ['LOST_TWICE', planned({ lost: [own, job, job] })],
    'a row lost to a lost one': [
      'LOST_TO_A_LOST_ROW',
      planned({
        lost: [
          own,
          {
            ...job,
            pairs: [
              { row: 'j1', survivor: 'j2' },
              { row: 'j2', survivor: 'j3' },
            ],
          },
        ],
      }),
    ],
    'a table left out': ['LEFT_ON_THE_KEY', planned({ follows: step.follows.slice(1) })],
    'a column left out': [
      'LEFT_ON_THE_KEY',
      planned({ follows: step.follows.map((one) => ({ ...one, columns: [] })) }),
    ],
    'other rows of a table': [
      'WRONG_ROWS',
      planned({ follows: step.follows.map((one) => ({ ...one, expected: 9 })) }),
    ],
    'another sum': ['WRONG_SUM', planned({ expected: 3 })],
    'a mapping of a table that loses none': [
      'MAPPED_WITHOUT_LOSS',
      plan,
      snapshotWith({
        mappings: [...merging.mappings, { table: 'public.pages', column: 'n', pairs: [['1', '2']] }],
      }),
    ],
    'other tenants unsaid': [
      'FOREIGN_ROWS',
      plan,
      snapshotWith({ changed: changed.map((one) => ({ ...one, others: 1 })) }),
    ],
    'an account too few': ['ACCOUNTS_DIFFER', { ...plan, accounts: { move: 7 } }],
  };
  for (const [name, [code, wrong, about = snapshot]] of Object.entries(planted))
    it(`finds ${name}`, () => {
      const found = checkPlan(about, wrong).map((problem) => problem.code);
      assert.ok(found.includes(code), `${code} among ${found.join(', ')}`);
    });
});
