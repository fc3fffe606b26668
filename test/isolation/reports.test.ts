/**
 * The report of the doctor as programs have it: its schema says of each member what the types say; a part of it says that it is one; and
 * two of them are compared so that what nobody looked for is never taken for mended.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it, test } from 'node:test';
import { Ajv } from 'ajv';
import type { DamageFact, DamageReport } from '../../src/engine/isolation/damage.ts';
import type { ProbeLeak } from '../../src/engine/isolation/proof.ts';
import type {
  IsolationFinding,
  IsolationObject,
  IsolationReport,
  RuleState,
  UseVerdict,
} from '../../src/engine/isolation/report.ts';
import { diffReports } from '../../src/isolation/diff.ts';
import { filtered } from '../../src/isolation/filter.ts';
import { droverHere } from '../cli/drover-here.ts';

/** Each member of a type, and whether it is always there: a member more or less does not compile. */
type Members<T> = { readonly [K in keyof T]-?: undefined extends T[K] ? 'may' : 'must' };

const must = 'must' as const;
const may = 'may' as const;
const members: {
  readonly report: Members<IsolationReport>;
  readonly object: Members<IsolationObject>;
  readonly finding: Members<IsolationFinding>;
  readonly ruleState: Members<RuleState>;
  readonly leak: Members<ProbeLeak>;
  readonly verdict: Members<UseVerdict>;
  readonly damageFact: Members<DamageFact>;
  readonly damage: Members<DamageReport>;
  readonly filter: Members<NonNullable<IsolationReport['filter']>>;
} = {
  report: {
    version: must,
    server: must,
    engine: must,
    database: must,
    login: must,
    ownership: must,
    applicationRoles: must,
    rolesFrom: must,
    trusted: must,
    nothingToJudge: may,
    tables: must,
    rules: must,
    notRead: must,
    findings: must,
    ignored: must,
    baselined: may,
    verdicts: must,
    probe: may,
    damage: may,
    filter: may,
  },
  object: { kind: must, schema: must, name: must, part: may },
  finding: {
    rule: must,
    severity: must,
    at: must,
    message: must,
    ownership: must,
    reachedBy: must,
    also: must,
    fingerprint: must,
    ignored: may,
  },
  ruleState: { rule: must, state: must, reason: may },
  leak: { way: must, statement: must, key: may, made: may },
  verdict: { table: must, command: must, role: must, verdict: must, reason: must, leaks: may },
  damageFact: { rule: must, table: must, by: must, rows: must, sampled: may, tenants: must, keys: must },
  damage: { tables: must, found: must, unseen: must },
  filter: { rules: may, tables: may, findings: must, verdicts: must },
};

interface ObjectSchema {
  readonly required: readonly string[];
  readonly properties: Readonly<Record<string, object>>;
}

const schema = JSON.parse(
  readFileSync(new URL('../../schema/doctor.schema.json', import.meta.url), 'utf8'),
) as ObjectSchema & { readonly $defs: Readonly<Record<string, ObjectSchema>> };

test('the schema of the report has the members of its types', () => {
  const described = { report: schema, ...schema.$defs };
  assert.deepEqual(Object.keys(described).toSorted(), Object.keys(members).toSorted());
  for (const [name, wanted] of Object.entries(members)) {
    const { properties, required } = described[name as keyof typeof described] as ObjectSchema;
    const said = Object.keys(properties).map((key) => [key, required.includes(key) ? 'must' : 'may']);
    assert.deepEqual(Object.fromEntries(said), wanted, name);
  }
});

const table = { kind: 'table', schema: 'public', name: 'rooms' } as const;

function finding(over: Partial<IsolationFinding> = {}): IsolationFinding {
  const { rule = 'rls-off', at = table } = over;
  return {
    rule,
    severity: 'error',
    at,
    message: 'lies open',
    ownership: 'declared',
    reachedBy: [],
    also: [],
    fingerprint: JSON.stringify([rule, at]),
    ...over,
  };
}

function verdict(over: Partial<UseVerdict> = {}): UseVerdict {
  return {
    table: 'public.rooms',
    command: 'select',
    role: 'app',
    verdict: 'proven',
    reason: 'tried',
    ...over,
  };
}

function report(over: Partial<IsolationReport> = {}): IsolationReport {
  return {
    version: 1,
    server: 180_004,
    engine: 'server',
    database: 'shop',
    login: 'postgres',
    ownership: 'declared',
    applicationRoles: ['app'],
    rolesFrom: 'configuration',
    trusted: [],
    tables: { owned: 1, global: 0, unknown: 0 },
    rules: [{ rule: 'rls-off', state: 'judged' }],
    notRead: [],
    findings: [],
    ignored: [],
    verdicts: [verdict()],
    ...over,
  };
}

function damage(over: Partial<DamageReport> = {}, rows = 3): DamageReport {
  const fact: DamageFact = {
    rule: 'rows-cross-tenants',
    table: 'public.rooms',
    by: 'k',
    rows,
    tenants: [],
    keys: [],
  };
  return { tables: [{ table: 'public.rooms' }], found: rows === 0 ? [] : [fact], unseen: [], ...over };
}

const crossing = finding({ rule: 'rows-cross-tenants', at: { ...table, part: 'k' } });
const leaked = finding({ rule: 'probe-leak', at: { ...table, part: 'app' } });
const skipped: RuleState = { rule: 'rls-off', state: 'skipped', reason: 'not permitted' };
const found = { findings: [finding()] };

/** What the one has and the other; how it weighs from left to right, and from right to left. */
const cases: readonly (readonly [
  string,
  Partial<IsolationReport>,
  Partial<IsolationReport>,
  string,
  string,
])[] = [
  ['the same', found, found, '', ''],
  ['an error', {}, found, 'dangerous', 'safe'],
  ['a warning', {}, { findings: [finding({ severity: 'warning' })] }, 'review', 'safe'],
  ['a severity', { findings: [finding({ severity: 'warning' })] }, found, 'dangerous', 'safe'],
  ['a rule that is skipped', found, { rules: [skipped] }, 'review review', 'dangerous'],
  ['a rule that is not there', found, { rules: [] }, 'review', 'dangerous'],
  [
    'a policy that is not read',
    found,
    { notRead: [{ at: { ...table, part: 'own' }, reason: 'a function in C' }] },
    'review review',
    'dangerous',
  ],
  ['an ignore', found, { ignored: [finding({ ignored: 'agreed' })] }, 'review', 'dangerous'],
  ['a baseline', found, { findings: [], baselined: [finding()] }, '', ''],
  ['a leak', {}, { verdicts: [verdict({ verdict: 'leak' })] }, 'dangerous', 'safe'],
  ['a proof', {}, { verdicts: [verdict({ verdict: 'unverified' })] }, 'review', 'safe'],
  ['a new use', { verdicts: [] }, {}, 'safe', ''],
  ['a probe that was not made', { findings: [leaked], probe: 'write' }, {}, 'review', 'dangerous'],
  [
    'a probe that found none',
    { findings: [leaked], probe: 'write' },
    { probe: 'write' },
    'safe',
    'dangerous',
  ],
  ['rows that were not counted', { findings: [crossing], damage: damage() }, {}, 'review', 'dangerous'],
  [
    'rows that nobody saw',
    { findings: [crossing], damage: damage() },
    { damage: damage({ unseen: [{ table: 'public.rooms', by: 'k', reason: 'policies' }] }, 0) },
    'review',
    'dangerous',
  ],
  [
    'rows of a sample',
    { findings: [crossing], damage: damage() },
    { damage: damage({ tables: [{ table: 'public.rooms', sampled: 10 }] }, 0) },
    'review',
    'dangerous',
  ],
  [
    'rows that went',
    { findings: [crossing], damage: damage() },
    { damage: damage({}, 0) },
    'safe',
    'dangerous',
  ],
  [
    'more rows',
    { findings: [crossing], damage: damage() },
    { findings: [crossing], damage: damage({}, 4) },
    'dangerous',
    'safe',
  ],
  ['other roles', {}, { applicationRoles: ['app', 'job'] }, 'review', 'review'],
  ['a role that is trusted', {}, { trusted: ['job'] }, 'review', 'review'],
  ['a proposal', {}, { ownership: 'proposed' }, 'review', 'review'],
  ['nothing to judge', found, { nothingToJudge: 'the database has a single tenant' }, 'review', 'review'],
];

function weights(from: Partial<IsolationReport>, to: Partial<IsolationReport>): string {
  const said = diffReports(report(from), report(to));
  return (['dangerous', 'review', 'safe'] as const)
    .flatMap((weight) => said[weight].map(() => weight))
    .join(' ');
}

test('what differs weighs what it means, in both directions', () => {
  for (const [name, one, other, there, back] of cases)
    assert.deepEqual([weights(one, other), weights(other, one)], [there, back], name);
});

describe('a part of a report', () => {
  const other = { kind: 'table', schema: 'public', name: 'rooms"x' } as const;
  const whole = report({
    findings: [
      finding(),
      finding({ at: other }),
      crossing,
      finding({ at: { kind: 'role', schema: '', name: 'app' } }),
    ],
    verdicts: [verdict(), verdict({ table: 'public."rooms""x"' })],
    damage: damage(),
  });

  it('has what was asked for, and counts what it leaves out', () => {
    const byRule = filtered(whole, { rules: ['rls-off'] });
    assert.deepEqual(byRule.findings.length, 3);
    assert.deepEqual(byRule.filter, { rules: ['rls-off'], findings: 1, verdicts: 0 });
    assert.deepEqual(byRule.damage?.found, []);
    const byTable = filtered(whole, { tables: ['public."rooms""x"'] });
    assert.deepEqual(
      byTable.findings.map(({ at }) => at),
      [other],
    );
    assert.deepEqual(byTable.filter, { tables: ['public."rooms""x"'], findings: 3, verdicts: 1 });
    assert.equal(filtered(whole, {}), whole);
  });

  it('is compared with nothing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'drover-reports-'));
    after(() => rmSync(folder, { recursive: true, force: true }));
    const file = (name: string, content: unknown): string => {
      const path = join(folder, name);
      writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
      return path;
    };
    const [good, bad] = [file('good.json', report()), file('bad.json', report(found))];
    const run = async (...words: string[]): Promise<[number | null, string]> => {
      const { status, stdout, stderr } = await droverHere(['doctor', 'diff', ...words]);
      return [status, stdout + stderr];
    };
    assert.deepEqual((await run(good, good))[0], 0);
    assert.deepEqual((await run(bad, good))[0], 0);
    const [status, said] = await run(good, bad);
    assert.equal(status, 2);
    assert.match(said, /^dangerous: new error: rls-off public\.rooms: lies open$/m);
    const broken = [
      'no JSON',
      {},
      { ...report(), version: 2 },
      { ...report(), findings: [{}] },
      filtered(whole, { rules: ['rls-off'] }),
    ];
    for (const [at, content] of broken.entries())
      for (const words of [
        [file(`${at}.json`, content), good],
        [good, file(`${at}.json`, content)],
      ])
        assert.match((await run(...words))[1], /REPORT_INVALID/);
    assert.deepEqual(Object.keys(JSON.parse((await run(good, bad, '--json'))[1]) as object), [
      'dangerous',
      'review',
      'safe',
    ]);
    const rules = await droverHere(['doctor', 'rules', '--json']);
    assert.deepEqual(Object.keys(JSON.parse(rules.stdout) as object), ['rules']);
    assert.match((await run(good, good, '--database', 'postgres://x/y'))[1], /USAGE_INVALID/);
  });
});

test('a report of today has nothing that its schema does not know', () => {
  const closed = JSON.parse(JSON.stringify(schema), (_, value: unknown) =>
    typeof value === 'object' && value !== null && 'properties' in value && 'required' in value
      ? { ...value, additionalProperties: false }
      : value,
  ) as object;
  const validate = new Ajv().compile(closed);
  const leak: ProbeLeak = { way: 'no context', statement: 'SELECT', key: '1', made: true };
  const full = filtered(
    report({
      findings: [crossing, leaked],
      damage: damage(),
      probe: 'write',
      verdicts: [verdict({ verdict: 'leak', leaks: [leak] })],
      baselined: [finding()],
    }),
    { tables: ['public.rooms'] },
  );
  assert.equal(validate(full), true, JSON.stringify(validate.errors));
  assert.equal(validate({ ...full, more: 1 }), false);
});
