/** Many tenants on the command line: planned, moved with a canary, paused by Ctrl-C, taken back; on both engines. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import pg from 'pg';
import { smallDatabase } from '../cases/small-database.ts';
import { oneEngine } from '../support/databases.ts';
import { waitUntil } from '../support/guarantee.ts';
import { droverHere } from './drover-here.ts';
import { demoPlace, drover, examplePlace, type Outcome, type Place, scratch } from './drover-process.ts';
import { countWaiters } from './table-locks.ts';
import { digestTenants } from './tenant-rows.ts';

const move = ['--from', 'claude-3-7-sonnet', '--to', 'claude-sonnet-4-6'];
const all = ['--all-tenants', ...move];

const examples = {
  'a-two-owners': ['--from', 'gpt-4o', '--to', 'gpt-5.4'],
  'b-text-pairs': ['--from', 'openai/gpt-4o', '--to', 'openai/gpt-5.4', '--leave-asks'],
  'c-odd-names': ['--from', 'claude-3-7-sonnet', '--to', 'claude-sonnet-5-5'],
};

// oxlint-disable-next-line typescript/no-explicit-any -- a test says what it expects, and fails where it is not so
const jsonOf = ({ stdout, stderr }: Outcome): any => {
  assert.notEqual(stdout, '', stderr);
  return JSON.parse(stdout);
};

async function withDemo(engine: 'embedded' | 'server', work: (demo: Place) => Promise<void>): Promise<void> {
  const demo = await demoPlace(engine);
  try {
    await work(demo);
  } finally {
    await demo.drop();
  }
}

oneEngine((engine) => {
  test('plans all tenants, moves them after a canary, shows and takes back', async () => {
    await withDemo(engine, async (demo) => {
      const start = await demo.look(digestTenants);
      const planned = await droverHere(['plan', ...all, ...demo.where]);
      assert.equal(planned.status, 2, planned.stderr);
      assert.match(planned.stdout, /\tAlder Clinic\tready\t/);
      assert.match(planned.stdout, /\tDune Records\tskipped\t/);
      assert.match(planned.stderr, /3 of 4 tenants would move/);
      assert.deepEqual(await demo.look(digestTenants), start);

      const canary = await droverHere(['apply', ...all, '--yes', '--canary', '1', '--json', ...demo.where]);
      assert.equal(canary.status, 2, canary.stderr);
      assert.match(canary.stderr, /drover runs continue/);
      const { id, status, succeeded, tenants } = jsonOf(canary);
      assert.deepEqual(
        [status, succeeded, tenants.length],
        ['waiting', 1, 4 + 1],
        'four tenants, and the shared rows',
      );

      const rest = await droverHere(['runs', 'continue', id, ...demo.where]);
      assert.equal(rest.status, 0, rest.stderr);
      assert.match(rest.stdout, /succeeded/);
      const shown = jsonOf(await droverHere(['runs', 'show', id, '--json', ...demo.where]));
      assert.deepEqual([shown.status, shown.succeeded, shown.skipped], ['succeeded', 3, 1]);
      assert.equal(jsonOf(await droverHere(['plan', ...all, '--json', ...demo.where])).ready, 0);
      const idle = await droverHere(['apply', ...all, ...demo.where]);
      assert.equal(idle.status, 0, idle.stderr);
      assert.match(idle.stderr, /Nothing to do\./);

      const undone = await droverHere([
        'runs',
        'rollback',
        id,
        '--yes',
        '--reason',
        'a trial',
        '--json',
        ...demo.where,
      ]);
      assert.equal(undone.status, 0, undone.stderr);
      assert.deepEqual(
        [jsonOf(undone).kind, jsonOf(undone).parentId, jsonOf(undone).succeeded],
        ['rollback', id, 3],
      );
      assert.deepEqual(await demo.look(digestTenants), start);
      const list = jsonOf(await droverHere(['runs', '--json', ...demo.where]));
      assert.deepEqual(
        list.runs.map((run: { id: string }) => run.id),
        [jsonOf(undone).id, id],
      );
      assert.match(
        (await droverHere(['runs', ...demo.where])).stdout,
        /\tclaude-3-7-sonnet \(claude-sonnet\)\tclaude-sonnet-4-6/,
      );
      const listed = await droverHere(['runs', 'show', id, ...demo.where]);
      assert.match(listed.stdout, /^[-0-9a-f]+\tAlder Clinic\tsucceeded\t[^\n]+\n[-0-9a-f]+\t/);
      assert.match(listed.stderr, /^Run /);
      const csv = await droverHere(['runs', 'show', id, '--csv', ...demo.where]);
      assert.match(csv.stdout, /^tenant,name,status,completion,row changes,migration,code,message\r\n/);
    });
  });

  for (const [name, options] of Object.entries(examples))
    test(`moves all tenants of a database that Drover did not create, and takes it back: ${name}`, async () => {
      const studio = await examplePlace(engine, name);
      try {
        const words = ['--all-tenants', ...options, ...studio.where];
        const planned = await droverHere(['plan', ...words, '--json']);
        assert.ok(jsonOf(planned).total > 1, planned.stderr);
        const ran = await droverHere(['apply', ...words, '--yes', '--json']);
        const run = jsonOf(ran);
        assert.ok(run.succeeded >= 1, ran.stdout + ran.stderr);
        assert.equal(run.succeeded, jsonOf(planned).ready);
        const undone = await droverHere(['runs', 'rollback', run.id, '--yes', '--json', ...studio.where]);
        assert.deepEqual([undone.status, jsonOf(undone).succeeded], [0, run.succeeded], undone.stderr);
      } finally {
        await studio.drop();
      }
    });
});

test('a plan of all tenants that breaks off leaves no document, and nothing where it never began', async () => {
  const small = await smallDatabase('server', fleetScript, fleetYaml);
  const words = ['plan', '--all-tenants', '--from', 'gpt-4o', ...small.where];
  const plan = (form: string, heard?: () => void) =>
    droverHere([...words, '--to', 'gpt-5', form], heard === undefined ? {} : { heard });
  try {
    const whole = await plan('--csv');
    assert.equal(whole.status, 2, whole.stderr);
    const rows = whole.stdout.split('\r\n');
    assert.deepEqual([rows.length, rows.at(-1)?.endsWith('\n')], [1 + 120, true]);
    for (const form of ['--json', '--csv']) {
      const never = await droverHere([...words, '--to', 'nothing', form]);
      assert.deepEqual([never.status, never.stdout], [1, ''], never.stderr);
    }
    for (const form of ['--json', '--csv']) {
      let isClosed = false;
      const broken = await plan(form, () => {
        if (!isClosed) closeDatabase(small.address, false);
        isClosed = true;
      });
      closeDatabase(small.address, true);
      assert.equal(broken.status, 1, broken.stderr);
      const listed = broken.stdout.match(/Tenant \d+/g)?.length ?? 0;
      assert.ok(listed > 0 && listed < 120, String(listed));
      if (form === '--json') assert.throws(() => JSON.parse(broken.stdout), SyntaxError);
      else assert.ok(whole.stdout.startsWith(broken.stdout.trimEnd()), broken.stdout.slice(-300));
    }
  } finally {
    await small.drop();
  }
});

const fleetYaml = `
version: 1
model: { identity: [name] }
tenant: { root: tenants, key: id, display: name, column: tenant_id }
places:
  - { at: bots.model }
`;

const fleetScript = `CREATE TABLE tenants (id int PRIMARY KEY, name text);
  INSERT INTO tenants SELECT n, 'Tenant ' || n FROM generate_series(1, 120) n;
  CREATE TABLE bots (id int PRIMARY KEY, tenant_id int NOT NULL REFERENCES tenants, model text);
  INSERT INTO bots SELECT n, n, 'gpt-4o' FROM generate_series(1, 120) n;`;

/** Ends every connection to a database, and lets nobody in until it is opened. At once: the command that is tested must not go on meanwhile. */
function closeDatabase(address: string, isOpen: boolean): void {
  const url = new URL(address);
  const name = url.pathname.slice(1);
  url.pathname = '/postgres';
  const statements = [
    `ALTER DATABASE "${name}" ALLOW_CONNECTIONS ${isOpen}`,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`,
  ];
  const script = `import pg from 'pg';
    const client = new pg.Client({ connectionString: ${JSON.stringify(url.href)} });
    await client.connect();
    for (const sql of ${JSON.stringify(statements)}) await client.query(sql);
    await client.end();`;
  execFileSync(process.execPath, ['--input-type=module', '-e', script]);
}

test('what is asked for one tenant and for many is told apart', async () => {
  const refusals: [words: string[], says: RegExp][] = [
    [['plan', ...all, '--tenant', 'x'], /--tenant names one tenant/],
    [['plan', ...all, '--sql'], /--out and --sql/],
    [['apply', ...move, '--tenant', 'x', '--canary', '1'], /--canary, limits/],
    [['apply', ...move, '--include-suspended'], /add --all-tenants/],
  ];
  for (const [words, says] of refusals) {
    const { status, stdout, stderr } = await droverHere([...words, '--data', scratch('nowhere')]);
    assert.deepEqual([status, stdout], [1, ''], words.join(' '));
    assert.match(stderr, says);
  }
  await withDemo('server', async (demo) => {
    const wrong: [words: string[], says: RegExp][] = [
      [['--go-on'], /add --canary/],
      [['--canary', 'some'], /--canary takes a number/],
      [['--map-to', 'Alder Clinic='], /--map-to .* is no mapping/],
    ];
    for (const [words, says] of wrong) {
      const { status, stderr } = await droverHere(['apply', ...all, '--yes', ...words, ...demo.where]);
      assert.equal(status, 1, words.join(' '));
      assert.match(stderr, says);
    }
    const unasked = await droverHere(['apply', ...all, ...demo.where]);
    assert.match(unasked.stderr, /CONFIRMATION_REQUIRED/);
    assert.deepEqual(jsonOf(await droverHere(['runs', '--json', ...demo.where])).runs, []);
  });
});

test('Ctrl-C pauses after the waves under way, and the run goes on where it was', async () => {
  await withDemo('server', async (demo) => {
    if (!('url' in demo.target)) throw new Error('a server has a URL');
    const blocker = new pg.Client({ connectionString: demo.target.url });
    await blocker.connect();
    await blocker.query('BEGIN; LOCK TABLE migration.assistants IN SHARE MODE');
    let interrupt = (): void => undefined;
    const heard = Promise.withResolvers<void>();
    const stopped = drover(['apply', ...all, '--yes', '--wave', '1', '--json', ...demo.where], {
      onStart: (press) => (interrupt = press),
      onStderr: (text) => void (text.includes('Pausing') && heard.resolve()),
    });
    await waitUntil(async () => (await countWaiters(blocker)) > 1, 'both workers wait for the lock');
    interrupt();
    await Promise.race([heard.promise, stopped]);
    await blocker.query('ROLLBACK');
    await blocker.end();
    const paused = await stopped;
    assert.equal(paused.status, 130, paused.stderr);
    const run = jsonOf(paused);
    assert.deepEqual([run.status, run.succeeded], ['paused', 2], 'the waves under way were finished');
    const resumed = await droverHere(['runs', 'resume', run.id, '--json', ...demo.where]);
    assert.equal(resumed.status, 0, resumed.stderr);
    assert.equal(jsonOf(resumed).succeeded, 3);
    const left = jsonOf(
      await droverHere([
        'apply',
        ...all,
        '--yes',
        '--detach',
        '--include-suspended',
        '--json',
        ...demo.where,
      ]),
    );
    const why = ['--reason', 'not now'];
    const useless = await droverHere(['runs', 'show', left.id, ...why, ...demo.where]);
    assert.match(
      useless.stderr,
      /^USAGE_INVALID: drover runs show does nothing with --reason; it is for pause, /,
    );
    const cancelled = await droverHere(['runs', 'cancel', left.id, '--json', ...why, ...demo.where]);
    assert.deepEqual([cancelled.status, jsonOf(cancelled).status], [0, 'cancelled'], cancelled.stderr);
    const shown = jsonOf(await droverHere(['runs', 'show', left.id, '--json', ...demo.where]));
    assert.match(shown.statusReason, /^cancelled by .+: not now$/);
    assert.deepEqual(
      shown.orders.map(({ action, reason }: Record<string, unknown>) => [action, reason]),
      [
        ['run.created', null],
        ['run.cancelled', 'not now'],
      ],
    );
  });
});

test('a run that is left to others is carried out by workers, which end at a signal', async () => {
  await withDemo('server', async (demo) => {
    const left = await drover(['apply', ...all, '--yes', '--detach', '--json', ...demo.where]);
    assert.equal(left.status, 0, left.stderr);
    const { id } = jsonOf(left);
    let stop = (): void => undefined;
    const worker = drover(['worker', '--count', '2', ...demo.where], { onStart: (press) => (stop = press) });
    const watched = await droverHere(['runs', 'watch', id, '--json', ...demo.where]);
    assert.deepEqual([watched.status, jsonOf(watched).status], [0, 'succeeded'], watched.stderr);
    stop();
    assert.equal((await worker).status, 0);
  });
});
