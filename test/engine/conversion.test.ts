/** Names that fit, classes that are never guessed, and a checker that finds what a planner must not say. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TenantizeConfig } from '../../src/engine/rules/config.ts';
import { checkConversion } from '../../src/engine/tenantize/check-conversion.ts';
import type { ConvertedTable } from '../../src/engine/tenantize/conversion.ts';
import type { ConversionGround } from '../../src/engine/tenantize/ground.ts';
import { planConversion } from '../../src/engine/tenantize/plan-conversion.ts';
import type { ConversionPlan } from '../../src/engine/tenantize/plan-conversion.ts';
import { fitted, Names } from '../../src/engine/tenantize/shorten.ts';
import type { ConversionStep } from '../../src/engine/tenantize/steps.ts';
import { buildCatalog } from './build-catalog.ts';
import { buildGround } from './build-ground.ts';

describe('names', () => {
  it('fit into 63 bytes, whatever they are written in, and stay apart', () => {
    const names = new Names(['taken']);
    const long = 'a'.repeat(70);
    const given = ['taken', 'taken', long, long, `${long}b`, 'ø'.repeat(40), '🚢'.repeat(20), 'short'].map(
      (name) => names.next(name),
    );
    assert.equal(new Set(given).size, given.length);
    assert.ok(!given.includes('taken'));
    for (const name of given) assert.ok(Buffer.byteLength(name) <= 63, name);
    assert.equal(given.at(-1), 'short');
    assert.equal(names.shortened.length, 5);
  });

  it('stay apart without a list, too, however long they are alike', () => {
    const like = 'hidden_migration_organizations_organizationmembership_permissions_';
    const given = ['a', 'b', 'øøø'].map((end) => fitted(`${like}${end}`));
    assert.equal(new Set(given).size, 3);
    for (const name of given) assert.ok(Buffer.byteLength(name) <= 63, name);
    assert.equal(fitted('short'), 'short');
  });

  it('are the same for the same names in the same order', () => {
    const once = (): string[] => {
      const names = new Names([]);
      return ['x'.repeat(64), 'y'.repeat(99), 'x'.repeat(64)].map((name) => names.next(name));
    };
    assert.deepEqual(once(), once());
  });
});

/** Accounts, orders of them, lines of those, and a list of the world. */
function ground(
  said: Partial<TenantizeConfig> = {},
  global: readonly string[] = ['units'],
): ConversionGround {
  const catalog = buildCatalog(
    {
      accounts: { id: 'uuid!', email: 'text!' },
      lines: { id: 'uuid!', order_id: 'uuid! -> orders.id', unit: 'text! -> units.code' },
      orders: { id: 'uuid!', account_id: 'uuid! -> accounts.id' },
      units: { code: 'text!' },
    },
    { accounts: { unique: [{ name: 'accounts_email_key', columns: ['email'] }] } },
  );
  const tenantize = { tables: { accounts: { owner: 'zero' } }, ...said } as const;
  return buildGround(catalog, { tenant: { global }, tenantize });
}

describe('a plan', () => {
  it('gives each table one class, and children the owner of what they name', () => {
    const { classes, questions } = planConversion(ground());
    assert.deepEqual(questions, []);
    assert.deepEqual(
      classes.map(({ table, class: kind, owner }) => [table, kind, owner?.kind]),
      [
        ['public.accounts', 'tenant', 'zero'],
        ['public.units', 'global', undefined],
        ['public.orders', 'tenant', 'zero'],
        ['public.lines', 'tenant', 'zero'],
      ],
    );
  });

  it('asks about every table of which nobody says anything, and has no steps then', () => {
    const { questions, steps, tables } = planConversion(ground({ tables: {} }, []));
    assert.deepEqual(
      questions.map(({ code, table }) => `${code} ${table}`),
      ['accounts', 'lines', 'orders', 'units'].map((name) => `TABLE_UNCLASSIFIED public.${name}`),
    );
    assert.deepEqual([steps, tables], [[], []]);
  });

  it('asks about a table whose key to rows of tenant zero may be empty', () => {
    const catalog = buildCatalog({
      accounts: { id: 'uuid!', email: 'text!' },
      notices: { id: 'uuid!', written_by: 'uuid -> accounts.id' },
    });
    const tables = { accounts: { owner: 'zero' } } as const;
    const { questions } = planConversion(buildGround(catalog, { tenantize: { tables } }));
    assert.deepEqual(
      questions.map(({ code, table }) => `${code} ${table}`),
      ['TABLE_UNCLASSIFIED public.notices'],
    );
    assert.match(questions[0]?.message ?? '', /may be empty/);
  });

  it('refuses a list of the world that names rows of a tenant', () => {
    const { questions } = planConversion(ground({}, ['units', 'orders']));
    assert.deepEqual(
      questions.map(({ code, table }) => `${code} ${table}`),
      ['TABLE_UNCLASSIFIED public.lines', 'PHASE_BLOCKED public.orders'],
    );
  });

  it('holds before its checker', () => {
    const facts = ground();
    assert.deepEqual(checkConversion(facts, planConversion(facts)), []);
  });
});

type Spoil = (plan: ConversionPlan) => ConversionPlan;

const steps =
  (change: (steps: readonly ConversionStep[]) => readonly ConversionStep[]): Spoil =>
  (plan) => ({ ...plan, steps: change(plan.steps) });

const table =
  (id: string, change: (table: ConvertedTable) => ConvertedTable): Spoil =>
  (plan) => ({ ...plan, tables: plan.tables.map((each) => (each.table === id ? change(each) : each)) });

/** What a planner must not say, and what the checker says of it. */
const spoiled: readonly (readonly [what: string, spoil: Spoil, says: RegExp])[] = [
  ['a table without a class', (plan) => ({ ...plan, classes: plan.classes.slice(1) }), /has no class/],
  ['a table with two', (plan) => ({ ...plan, classes: [...plan.classes, ...plan.classes] }), /has 2 classes/],
  [
    'a table that is not converted',
    (plan) => ({ ...plan, tables: plan.tables.slice(1) }),
    /is converted 0 times/,
  ],
  [
    'steps beside a question',
    (plan) => ({
      ...plan,
      questions: [
        { severity: 'error', code: 'PHASE_BLOCKED', message: '', table: 'public.units', answers: [] },
      ],
    }),
    /a question is open/,
  ],
  [
    'a V1 name that is gone early',
    steps((all) => all.map(early('drop-shim'))),
    /does not answer to its name/,
  ],
  ['no shim', steps((all) => all.filter(not('shim'))), /has no V2 name/],
  [
    'a shim without a column',
    steps((all) =>
      all.map((step) =>
        step.change.kind === 'shim'
          ? { ...step, change: { ...step.change, shim: { ...step.change.shim, columns: [] } } }
          : step,
      ),
    ),
    /has other columns than V1/,
  ],
  [
    'rows that are read under ACCESS EXCLUSIVE',
    steps((all) =>
      all.map((step) => ({ ...step, locks: step.locks.map((lock) => ({ ...lock, rows: true })) })),
    ),
    /reads rows under ACCESS EXCLUSIVE/,
  ],
  [
    'two tables locked at once',
    steps((all) => all.map((step) => ({ ...step, locks: [...step.locks, ...step.locks] }))),
    /locks 2 tables exclusively/,
  ],
  [
    'an index that is made in a transaction',
    steps((all) => all.map((step) => ({ ...step, transaction: true }))),
    /must not be in a transaction/,
  ],
  [
    'a contract that can be taken back',
    steps((all) => all.map((step) => ({ ...step, reversible: true }))),
    /going back/,
  ],
  ['phases in another order', steps((all) => all.toReversed()), /comes after/],
  [
    'a key to what is not unique',
    steps((all) => all.filter(not('wide-index'))),
    /leads to columns that are not unique/,
  ],
  ['a key that is never validated', steps((all) => all.filter(not('valid-key'))), /is never validated/],
  ['no tenant column', steps((all) => all.filter(not('owner-column'))), /gets no tenant column/],
  ['no policy at the end', steps((all) => all.filter(not('bind'))), /is never bound/],
  ['no row-level security', steps((all) => all.filter(not('shadow'))), /is bound before it is secured/],
  [
    'a fill behind policies',
    steps((all) => [
      ...all.filter(not('valid-key')),
      ...all.filter((step) => step.change.kind === 'valid-key'),
    ]),
    /comes after policies/,
  ],
  [
    'a foreign key across tenants',
    table('public.orders', (each) => ({ ...each, foreignKeys: [] })),
    /may name another tenant’s row/,
  ],
  [
    'a unique key that is lost',
    table('public.accounts', (each) => ({ ...each, keys: [] })),
    /loses the unique/,
  ],
  [
    'a unique key of which nothing is said',
    table('public.accounts', (each) => ({ ...each, narrow: [] })),
    /says nothing/,
  ],
  [
    'no policy for a role',
    table('public.orders', (each) => ({ ...each, policies: [] })),
    /has not one policy/,
  ],
  [
    'an application that sees all',
    table('public.orders', (each) => ({
      ...each,
      policies: each.policies.map((policy) => ({ ...policy, who: 'all' })),
    })),
    /shows the application more than one tenant/,
  ],
  [
    'one name for two tables',
    (plan) => ({
      ...plan,
      tables: plan.tables.map((each) => ({ ...each, v2: { schema: 'v2', name: 'one' } })),
    }),
    /is there twice/,
  ],
  [
    'a name that PostgreSQL would cut',
    table('public.orders', (each) => ({ ...each, v2: { schema: 'v2', name: 'ø'.repeat(32) } })),
    /longer than 63 bytes/,
  ],
];

function not(kind: string): (step: ConversionStep) => boolean {
  return ({ change }) => change.kind !== kind;
}

/** The steps of a kind at the end of expand. */
function early(kind: string): (step: ConversionStep) => ConversionStep {
  return (step) => (step.change.kind === kind ? { ...step, phase: 'bind', reversible: true } : step);
}

describe('the checker of a plan finds', () => {
  for (const [what, spoil, says] of spoiled)
    it(what, () => {
      const facts = ground();
      const found = checkConversion(facts, spoil(planConversion(facts)));
      assert.ok(
        found.some((sentence) => says.test(sentence)),
        `${what}: ${found.slice(0, 3).join('; ')}`,
      );
    });
});
