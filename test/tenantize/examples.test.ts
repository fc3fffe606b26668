/**
 * The plan of a conversion, on the databases of examples/v1 and examples/tenantize: planning writes nothing; unanswered, exactly the
 * expected is asked; answered, each table becomes what was worked out by hand. And the statements of the plan are tried: up to bind and
 * back, the old application's statements answer the same after each phase, and in the end the database is what it was.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import type { ConvertedTable } from '../../src/engine/tenantize/conversion.ts';
import type { ConversionStep } from '../../src/engine/tenantize/steps.ts';
import { exportFiles } from '../../src/isolation/conversion/export-files.ts';
import { statementsOf } from '../../src/isolation/conversion/statements.ts';
import { judge } from '../../src/isolation/judge.ts';
import type { DatabaseTarget } from '../../src/postgres/driver/connect.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { sha256 } from '../../src/postgres/catalogue/digest.ts';
import { stepsIn } from '../../src/site/convert.ts';
import { readOwnedFacts } from '../../src/postgres/isolation/owned-facts.ts';
import { oneEngine } from '../support/databases.ts';
import type { Engine } from '../support/databases.ts';
import { readConversion } from './cases.ts';
import type { AskedText, Conversion, ExpectedTable } from './cases.ts';
import type { PlannedConversion } from '../../src/site/tenantize.ts';
import { converting } from './converting.ts';
import { cloneOf, openRaw, planOf, wholeState, withOpened } from './ground.ts';
import type { RawSession } from './ground.ts';

/** What V1 and V2 write in two ways, and who follows whom once V1 is gone: each statement, as whom, and what it answers. */
const written: readonly (readonly [as: 'app' | 'legacy', sql: string, rows: readonly unknown[]])[] = [
  [
    'app',
    `SELECT id, criticality, strategy FROM migration.assets WHERE id = 4`,
    [{ id: 4, criticality: 'medium', strategy: null }],
  ],
  ['app', `UPDATE migration.assets SET criticality = 'low', strategy = 'retire' WHERE id = 4`, []],
  [
    'legacy',
    `SELECT criticality, strategy FROM public.assets WHERE id = 4`,
    [{ criticality: 'LOW', strategy: 'retire' }],
  ],
  ['app', `UPDATE migration.assets SET strategy = NULL WHERE id = 4`, []],
  ['legacy', `SELECT strategy FROM public.assets WHERE id = 4`, [{ strategy: null }]],
  ['legacy', `UPDATE public.assets SET criticality = 'CRITICAL' WHERE id = 4`, []],
  ['app', `SELECT criticality FROM migration.assets WHERE id = 4`, [{ criticality: 'critical' }]],
  [
    'app',
    `INSERT INTO migration.proposals (asset_id, strategy) VALUES (4, 'retain') RETURNING strategy_v1`,
    [{ strategy_v1: 'retain' }],
  ],
  ['app', `UPDATE migration.proposals SET strategy = 'rehost', note = 'both' WHERE note = 'first try'`, []],
  ['legacy', `SELECT strategy FROM public.proposals WHERE note = 'both'`, [{ strategy: 'Re-host' }]],
  ['app', `UPDATE migration.proposals SET strategy = 'refactor' WHERE note = 'both'`, []],
  ['legacy', `SELECT strategy FROM public.proposals WHERE note = 'both'`, [{ strategy: 'REFACTOR' }]],
  ['legacy', `INSERT INTO public.dependencies (asset_id, dependent_id) VALUES (3, 4)`, []],
  [
    'app',
    `SELECT dependent_asset_id FROM migration.asset_dependencies WHERE asset_id = 3`,
    [{ dependent_asset_id: 4 }],
  ],
];

const followed: typeof written = [
  [
    'app',
    `INSERT INTO migration.user_roles (user_id, role_id, assigned_by) SELECT a.id, 3, c.id FROM migration.users a, migration.users c
    WHERE a.email = 'ada@example.com' AND c.email = 'bo@example.com'`,
    [],
  ],
  ['app', `DELETE FROM migration.users WHERE email = 'bo@example.com'`, []],
  [
    'app',
    `SELECT role_id, assigned_by FROM migration.user_roles WHERE role_id = 3`,
    [{ role_id: 3, assigned_by: null }],
  ],
  ['app', `UPDATE migration.tags SET name = 'middle' WHERE name = 'core'`, []],
  [
    'app',
    `SELECT asset_id FROM migration.asset_tags WHERE tag = 'middle' ORDER BY 1`,
    [{ asset_id: 1 }, { asset_id: 2 }],
  ],
  ['app', `DELETE FROM migration.assets WHERE id = 1`, []],
  ['app', `SELECT count(*)::integer AS n FROM migration.proposals WHERE asset_id = 1`, [{ n: 0 }]],
  [
    'app',
    `INSERT INTO migration.assets (hostname) VALUES ('late') RETURNING criticality, tenant_id`,
    [{ criticality: 'medium', tenant_id: 'def00000-0000-4000-8000-000000000000' }],
  ],
];

const examples = ['v1', 'tenantize/3-joins-that-disagree', 'tenantize/6-unique-keys'].map(readConversion);

oneEngine((engine) => {
  test('V1 and V2 see what the other writes, and after contract rows follow by the keys of V2', () => {
    const example = readConversion('v1');
    return within(engine, example, (target) => tryWriting(target, example));
  });
  for (const example of examples)
    describe(example.name, () => {
      test('unanswered, every table is asked about, and nothing is written', () =>
        within(engine, example, (target) => tryUnanswered(target, example)));
      test('half answered, exactly the rest is asked', () =>
        within(engine, example, (target) => tryHalf(target, example)));
      test('answered, each table becomes what was worked out by hand, and nothing is written', () =>
        within(engine, example, (target) => tryAnswered(target, example)));
      test('its statements go up and down: V1 answers the same after each phase, and is the same at the end', () =>
        within(engine, example, (target) => tryPhases(target, example)));
      test('its files, run one by one without Drover, give what apply gives, and what was there', () =>
        within(engine, example, (target) => tryExport(target, example)));
      test('its statements end in a database of many tenants', () =>
        within(engine, example, (target) => tryContract(target, example)));
      if (engine === 'server')
        test('its steps hold the locks that it says, and no others that a writer would meet', () =>
          within(engine, example, (target) => tryLocks(target, example)));
    });
});

async function within(
  engine: Engine,
  example: Conversion,
  work: (target: DatabaseTarget) => Promise<void>,
): Promise<void> {
  const { target, drop } = await cloneOf(engine, example.name, example.script);
  try {
    await work(target);
  } finally {
    if (engine === 'server') await dropRoles(target, example);
    await drop();
  }
}

/** Roles belong to the whole server, and outlive the database. */
async function dropRoles(target: DatabaseTarget, { config }: Conversion): Promise<void> {
  const { name } = (parse(readFileSync(config, 'utf8')) as { tenantize: { name: string } }).tenantize;
  const session = await openRaw(target);
  for (const role of ['owner', 'app', 'fleet', 'operator', 'v1'])
    await session.run(
      `DO $$ BEGIN IF to_regrole('${name}_${role}') IS NOT NULL THEN DROP OWNED BY ${name}_${role} CASCADE; DROP ROLE ${name}_${role};
       END IF; END $$`,
    );
  await session.close();
}

type Said = Record<string, unknown>;

function saidOf({ config }: Conversion): Said {
  return parse(readFileSync(config, 'utf8')) as Said;
}

async function expectUnchanged<T>(target: DatabaseTarget, work: () => Promise<T>): Promise<T> {
  const before = await wholeState(target);
  const answer = await work();
  assert.deepEqual(await wholeState(target), before, 'a plan writes nothing');
  return answer;
}

async function tryUnanswered(target: DatabaseTarget, example: Conversion): Promise<void> {
  const { tenant, tenantize } = saidOf(example) as { tenant: Said; tenantize: Said };
  const { global: _, links: _l, ...bare } = tenant;
  const { tables: _t, ...rest } = tenantize;
  const { plan } = await expectUnchanged(target, () =>
    planOf(target, { version: 1, tenant: bare, tenantize: rest }),
  );
  assert.deepEqual(asked(plan), example.expected.unanswered);
  assert.deepEqual(plan.steps, []);
}

function asked({ questions }: PlannedConversion['plan']): AskedText[] {
  return questions.map(({ code, table, count }) =>
    count === undefined ? [code, table] : [code, table, count],
  );
}

async function tryHalf(target: DatabaseTarget, example: Conversion): Promise<void> {
  const said = saidOf(example);
  const { without = [], asked: expected = [] } = example.expected.half_answered ?? {};
  for (const path of without) {
    let at = said['tenantize'] as Said;
    for (const step of path.slice(0, -1)) at = at[step] as Said;
    assert.ok(Object.hasOwn(at, path.at(-1) ?? ''), `the configuration says ${path.join('.')}`);
    delete at[path.at(-1) ?? ''];
  }
  const { plan } = await planOf(target, said);
  assert.deepEqual(asked(plan), expected);
  assert.deepEqual(plan.steps, []);
}

async function tryAnswered(target: DatabaseTarget, example: Conversion): Promise<void> {
  const { expected } = example;
  const { plan } = await expectUnchanged(target, () => planOf(target, saidOf(example)));
  assert.deepEqual(
    plan.questions.map(({ message }) => message),
    [],
  );
  assert.deepEqual(
    plan.classes.filter(({ class: kind }) => kind === 'system').map(({ table }) => table),
    expected.system ?? [],
  );
  assert.deepEqual(plan.tables.map(({ v1 }) => v1.name).toSorted(), Object.keys(expected.tables).toSorted());
  for (const table of plan.tables) {
    assert.deepEqual(
      asExpected(table),
      completed(expected.tables[table.v1.name], table.v1.name),
      table.table,
    );
    if (table.class !== 'tenant') continue;
    assert.deepEqual(
      Object.fromEntries(table.grants.map(({ role, privileges }) => [role, privileges])),
      expected.grants,
    );
    assert.deepEqual(
      Object.fromEntries(table.policies.map(({ role, who }) => [role, who])),
      expected.policies,
    );
  }
  assert.deepEqual(
    plan.shortened.map(({ from }) => from),
    expected.shortened ?? [],
  );
  assert.deepEqual(
    plan.duties.map(({ id, about }) => `${id} ${about}`).toSorted(),
    expected.duties.toSorted(),
  );
}

type Described = Required<Omit<ExpectedTable, 'zero'>>;

/** What is left out is empty. */
function completed(expected: ExpectedTable | undefined, name: string): Described {
  assert.ok(expected !== undefined);
  const empty = {
    owner: '',
    v2: name,
    keys: {},
    foreign: {},
    nulls: {},
    indexes: {},
    goes: [],
    twins: {},
    renamed: {},
    routines: [],
  };
  const { zero: _, ...described } = expected;
  return { ...empty, ...described };
}

function asExpected(table: ConvertedTable): Described {
  const nulls = table.foreignKeys.filter(({ setColumns }) => setColumns.length > 0);
  return {
    class: table.class,
    owner: table.owner?.kind ?? '',
    rows: table.rows,
    v2: table.v2.name,
    keys: Object.fromEntries(
      table.keys.map(({ name, parts }) => [
        isHashed(name) ? '~' : name,
        parts.map((part) => ('column' in part ? part.column : part.expression)),
      ]),
    ),
    foreign: Object.fromEntries(table.foreignKeys.map(({ name, references }) => [name, references.name])),
    nulls: Object.fromEntries(nulls.map(({ name, setColumns }) => [name, setColumns])),
    indexes: Object.fromEntries(table.indexes.map(({ name, columns }) => [name, columns])),
    goes: table.narrow.filter(({ becomes }) => becomes === 'wide').map(({ name }) => name),
    twins: Object.fromEntries(table.twins.map(({ v2, set }) => [v2, set])),
    renamed: Object.fromEntries(table.renamed.map(({ from, to }) => [from, to])),
    routines: (table.shim?.routines ?? []).map(({ signature }) => signature),
  };
}

function isHashed(name: string): boolean {
  return Buffer.byteLength(name) === 63 && /_[0-9a-f]{8}$/.test(name);
}

/** Runs what the plan prints, as a person would. */
async function take(session: RawSession, step: ConversionStep, way: 'up' | 'down'): Promise<void> {
  const statements = statementsOf(step)[way];
  try {
    if (step.transaction) await session.run('BEGIN');
    for (const statement of statements) await session.run(statement);
    if (step.transaction) await session.run('COMMIT');
  } catch (error) {
    throw new Error(
      `${step.phase} ${step.table} ${step.what}, ${way}: ${String(error)}\n${statements.join(';\n')}`,
      {
        cause: error,
      },
    );
  }
}

/** What the old application is answered; nothing of it stays. */
async function answers(database: Database, { statements, config }: Conversion): Promise<string[]> {
  const { tenantize } = parse(readFileSync(config, 'utf8')) as {
    tenantize: { logins: string[]; schema: string };
  };
  const given: string[] = [];
  const settings = [
    `SET LOCAL search_path = public, ${tenantize.schema}`,
    `SET LOCAL ROLE ${tenantize.logins[0] ?? ''}`,
    'SET LOCAL row_security = on',
  ];
  const asked = database.transaction({ settings }, async (tx) => {
    for (const statement of statements) {
      const rows = await tx.many(statement).catch((error: unknown) => {
        throw new Error(`${statement}: ${String(error)}`, { cause: error });
      });
      given.push(`${statement}: ${JSON.stringify(rows)}`);
    }
    throw new TakenBack();
  });
  await asked.catch((error: unknown) => {
    if (!(error instanceof TakenBack)) throw error;
  });
  return given;
}

class TakenBack extends Error {}

const phases = ['expand', 'fill', 'validate', 'shadow', 'bind'] as const;

async function tryPhases(target: DatabaseTarget, example: Conversion): Promise<void> {
  const before = await wholeState(target);
  await withOpened(target, async (database) => {
    const { apply, revert, drifts } = converting(database, example.config);
    const wanted = await answers(database, example);
    for (const phase of phases) {
      await apply(phase);
      assert.deepEqual(await answers(database, example), wanted, `V1 after ${phase}`);
      assert.deepEqual(await drifts(), [], phase);
    }
    assert.equal((await apply('bind')).steps, 0, 'a second apply changes nothing');
    for (const phase of phases.toReversed()) {
      await revert(phase);
      assert.deepEqual(await answers(database, example), wanted, `V1 after ${phase} was taken back`);
      assert.deepEqual(await drifts(), [], phase);
    }
    assert.equal((await revert()).steps, 0, 'a second revert changes nothing');
    // The records stay.
    await database.transaction({}, (tx) => tx.run('DROP SCHEMA drover CASCADE'));
  });
  assert.deepEqual(await wholeState(target), before);
}

interface ManifestFile {
  readonly phase: string;
  readonly transaction: boolean;
  readonly up: { readonly file: string; readonly sha256: string };
  readonly down?: { readonly file: string; readonly sha256: string };
}

async function tryExport(target: DatabaseTarget, example: Conversion): Promise<void> {
  const before = await wholeState(target);
  const found = await withOpened(target, (database) => stepsIn(database, example.config));
  assert.ok('session' in found);
  const files = new Map(exportFiles(found, sha256).map(({ name, text }) => [name, text]));
  const { files: parts } = JSON.parse(files.get('manifest.json') ?? '') as { files: ManifestFile[] };
  const due = parts.filter(({ phase }) => phase !== 'contract');
  const session = await openRaw(target);
  const run = async ({ transaction }: ManifestFile, part: ManifestFile['down']): Promise<void> => {
    const text = files.get(part?.file ?? '') ?? '';
    assert.equal(sha256(text), part?.sha256);
    // Nobody else is there, but for the server's own work.
    await session.run(transaction ? `BEGIN;\n${text.replace("'50ms'", "'5s'")}\nCOMMIT;` : text);
  };
  for (const part of due) await run(part, part.up);
  const byHand = await wholeState(target);
  for (const part of due.toReversed()) await run(part, part.down);
  await session.close();
  assert.deepEqual(await wholeState(target), before);
  await withOpened(target, async (database) => {
    await converting(database, example.config).apply('bind');
    await database.transaction({}, (tx) => tx.run('DROP SCHEMA drover CASCADE'));
  });
  const applied = await wholeState(target);
  assert.deepEqual(applied.catalogue, byHand.catalogue);
  // A table of tenants that is made says when.
  if (parts.every(({ up }) => !files.get(up.file)?.includes('created_at')))
    assert.deepEqual(applied.rows, byHand.rows);
}

async function tryContract(target: DatabaseTarget, example: Conversion): Promise<void> {
  const { plan } = await planOf(target, saidOf(example));
  await withOpened(target, async (database) => {
    const { apply, revert } = converting(database, example.config);
    await apply('bind');
    const views = plan.duties.filter(({ id }) => id === 'view-of-values');
    if (views.length > 0)
      await assert.rejects(apply('contract'), {
        code: 'PHASE_BLOCKED',
        message: /would stop halfway[^]*view /,
      });
    await database.transaction({}, async (tx) => {
      for (const { about } of views) await tx.run(`DROP VIEW ${about}`);
    });
    assert.equal((await apply('contract')).record?.outcome, 'contracted');
    assert.equal((await apply('contract')).steps, 0);
    await assert.rejects(revert(), { code: 'ROLLBACK_IMPOSSIBLE' });
  });
  await trySeen(target, example, plan);
  assert.deepEqual(await doctorsErrors(target, example), []);
}

/** Tenant zero sees all rows, others and nobody none. */
async function trySeen(
  target: DatabaseTarget,
  example: Conversion,
  plan: PlannedConversion['plan'],
): Promise<void> {
  const { name, zero } = (saidOf(example) as { tenantize: { name: string; zero: string } }).tenantize;
  const session = await openRaw(target);
  const owned = plan.tables.filter(({ class: kind }) => kind === 'tenant');
  const counts = async (tenant: string): Promise<Record<string, number>> => {
    await session.run('BEGIN');
    await session.run(`SELECT set_config('app.tenant_id', '${tenant}', true)`);
    await session.run(`SET LOCAL ROLE ${name}_app`);
    await session.run('SET LOCAL row_security = on');
    const found: Record<string, number> = {};
    for (const { table, v2 } of owned) {
      const [row] = await session.run(`SELECT count(*)::integer AS n FROM ${v2.schema}.${v2.name}`);
      found[table] = (row as { n: number }).n;
    }
    await session.run('ROLLBACK');
    return found;
  };
  const all = Object.fromEntries(
    owned.map(({ table, rows, v1 }) => [table, example.expected.tables[v1.name]?.zero ?? rows]),
  );
  const none = Object.fromEntries(owned.map(({ table }) => [table, 0]));
  assert.deepEqual(await counts(zero), all, 'tenant zero sees all rows');
  assert.deepEqual(await counts(''), none, 'without a context nothing is seen');
  assert.deepEqual(await counts('00000000-0000-4000-8000-00000000ffff'), none, 'another tenant sees nothing');
  await session.close();
}

/** What the doctor says of V2, under the configuration that V2 has. */
async function doctorsErrors(target: DatabaseTarget, example: Conversion): Promise<string[]> {
  const { tenant, tenantize } = saidOf(example) as {
    tenant: { root: string; column?: string; global?: string[] };
    tenantize: { name: string; schema: string };
  };
  const { name, schema } = tenantize;
  const config = {
    version: 1,
    database: { schemas: [schema] },
    tenant: { ...tenant, global: tenant.global ?? [] },
  } as const;
  const roles = [`${name}_app`, `${name}_fleet`];
  const { facts, problems } = await withOpened(target, (database) =>
    readOwnedFacts(database, {
      config,
      records: 'drover',
      roles: [...roles, `${name}_operator`],
      settings: ['app.tenant_id'],
    }),
  );
  assert.deepEqual(problems, []);
  const report = await judge(facts, {
    ownership: 'declared',
    today: '2026-01-01',
    roles: { names: roles, from: 'configuration' },
    trusted: [`${name}_operator`],
    context: ['app.tenant_id', 'app.tenant_ids'],
    ignored: [],
  });
  assert.ok(report.tables.owned > 0);
  return report.findings
    .filter(({ severity }) => severity === 'error')
    .map(({ severity, rule, message }) => `${severity} ${rule}: ${message}`);
}

async function tryWriting(target: DatabaseTarget, example: Conversion): Promise<void> {
  const { plan } = await planOf(target, saidOf(example));
  const session = await openRaw(target);
  const run = async (statements: typeof written): Promise<void> => {
    await session.run('BEGIN');
    for (const [as, sql, rows] of statements) {
      await session.run(as === 'app' ? 'SET LOCAL ROLE estate_app' : 'SET LOCAL ROLE estate_legacy');
      const tenant = as === 'app' ? 'def00000-0000-4000-8000-000000000000' : '';
      await session.run(`SELECT set_config('app.tenant_id', '${tenant}', true)`);
      assert.deepEqual(await session.run(sql), rows, sql);
      await session.run('RESET ROLE');
    }
    await session.run('ROLLBACK');
  };
  for (const step of plan.steps.filter(({ phase }) => phase !== 'contract')) await take(session, step, 'up');
  await run(written);
  await session.run('DROP VIEW public.important_assets');
  for (const step of plan.steps.filter(({ phase }) => phase === 'contract')) await take(session, step, 'up');
  await run(followed);
  await session.close();
}

/** From the weakest to the strongest. */
const modes = [
  'RowShareLock',
  'RowExclusiveLock',
  'ShareUpdateExclusiveLock',
  'ShareLock',
  'ShareRowExclusiveLock',
  'AccessExclusiveLock',
];

/** What a transaction holds of the tables of V1, each by its strongest lock; readers' locks are left out. */
const heldSql = `SELECT v1.id, l.mode FROM pg_locks l JOIN v1 ON v1.oid = l.relation
  WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.mode <> 'AccessShareLock'`;

async function tryLocks(target: DatabaseTarget, example: Conversion): Promise<void> {
  const { plan } = await planOf(target, saidOf(example));
  const session = await openRaw(target);
  // The table keeps its number, whatever it is called.
  const ids = plan.tables.map(({ table }) => `('${table}', '${table}'::regclass::oid)`).join(', ');
  await session.run(`CREATE TEMPORARY TABLE v1 AS SELECT * FROM (VALUES ${ids}) t (id, oid)`);
  for (const step of plan.steps.filter(({ phase }) => phase !== 'contract')) {
    if (!step.transaction) {
      await take(session, step, 'up');
      continue;
    }
    await session.run('BEGIN');
    for (const statement of statementsOf(step).up) await session.run(statement);
    const held = (await session.run(heldSql)) as { id: string; mode: string }[];
    await session.run('COMMIT');
    const strongest = new Map<string, string>();
    for (const { id, mode } of held)
      if (modes.indexOf(mode) > modes.indexOf(strongest.get(id) ?? '')) strongest.set(id, mode);
    const said = step.locks
      .filter(({ table }) => plan.tables.some((each) => each.table === table))
      .map(({ table, mode }) => `${table} ${asHeld(mode)}`);
    const found = [...strongest].map(([id, mode]) => `${id} ${mode}`);
    assert.deepEqual(found.toSorted(), said.toSorted(), `${step.phase} ${step.table} ${step.what}`);
  }
  await session.close();
}

function asHeld(mode: string): string {
  const words = mode.split(' ').map((word) => `${word[0] ?? ''}${word.slice(1).toLowerCase()}`);
  return `${words.join('')}Lock`;
}
