/** `drover inventory` on a database that it has never seen: for people, as JSON and CSV, sampled, stopped, and where it cannot. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { waitUntil } from '../support/guarantee.ts';
import { freshServerDatabase } from '../support/databases.ts';
import { droverHere } from './drover-here.ts';
import { demoPlace, drover, examplePlace } from './drover-process.ts';

let url: string;
let drop: () => Promise<void>;
let admin: pg.Client;

before(async () => {
  ({ url, drop } = await freshServerDatabase('inventory'));
  admin = new pg.Client({ connectionString: url });
  await admin.connect();
  await admin.query(`
    CREATE TABLE agents (id int PRIMARY KEY, model text DEFAULT 'gpt-4o', settings jsonb);
    INSERT INTO agents VALUES (1, 'gpt-4o', '{"fallback": "openai/gpt-4o-mini"}'), (2, 'openai/gpt-4o', NULL), (3, 'gpt-4o-2024-11-20', '{"limits": {"gpt-4o": 3}}'), (4, 'mine', NULL);
    CREATE TABLE notes (id int PRIMARY KEY, text text);
    INSERT INTO notes VALUES (1, 'we moved, at last, from "claude-opus-4-1" to another one'), (2, '=cmd');`);
});
after(async () => {
  await admin.end();
  await drop();
});

const builtIn = { env: { DROVER_REGISTRY: '' } };
const run = (...words: string[]) => droverHere(['inventory', '--database', url, ...words], builtIn);

interface Shown {
  readonly complete: boolean;
  readonly stopped: boolean;
  readonly samplePercent: number | null;
  readonly models: readonly {
    readonly model: string;
    readonly count: number;
    readonly successor: string | null;
    readonly lifecycle: { readonly ends: string | null };
    readonly occurrences: readonly {
      readonly column: string;
      readonly path: string | null;
      readonly form: string;
      readonly rows: number;
    }[];
    readonly schema: readonly { readonly mend: string }[];
    readonly related: readonly { readonly model: string; readonly spelling: string }[];
  }[];
}

describe('without a configuration', () => {
  it('says per model where, how many, how written, until when and what follows', async () => {
    const { status, stdout, stderr } = await run();
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^gpt-4o \(openai, completion\): (ends|ended) 2027-01-14.*; \S+ follows$/m);
    assert.match(stdout, /agents\.model\t1\tgpt-4o$/m);
    assert.match(stdout, /agents\.model\t1\topenai\/gpt-4o$/m);
    assert.match(stdout, /agents\.settings \/limits\/~key\t1\tgpt-4o as the name of a member$/m);
    assert.match(
      stdout,
      /default agents\.model says gpt-4o: new rows will name it\.\n +ALTER TABLE public\.agents ALTER COLUMN model SET DEFAULT/,
    );
    assert.match(
      stdout,
      /Related: 1 row of agents\.model names gpt-4o-2024-11-20, which is a model of its own/,
    );
    assert.match(stdout, /notes\.text\t1\tclaude-opus-4-1 inside a longer text$/m);
    assert.ok(
      stdout.indexOf('claude-opus-4-1 (') < stdout.indexOf('gpt-4o ('),
      'what ends first comes first',
    );
    assert.match(
      stdout,
      /6\s+occurrences\s+of\s+4\s+models\s+in\s+rows,\s+1\s+in\s+the\s+schema;\s+2\s+tables/,
    );
    const { rows } = await admin.query(`SELECT nspname FROM pg_namespace WHERE nspname = 'drover'`);
    assert.deepEqual(rows, [], 'nothing is written');
  });

  it('prints one JSON document', async () => {
    const { status, stdout } = await run('--json', '--model', 'OpenAI/GPT-4o');
    assert.equal(status, 0);
    const shown = JSON.parse(stdout) as Shown;
    assert.deepEqual([shown.complete, shown.stopped, shown.samplePercent], [true, false, null]);
    const [model] = shown.models;
    assert.deepEqual([shown.models.length, model?.model, model?.count], [1, 'gpt-4o', 3]);
    assert.deepEqual(
      model?.occurrences.map(({ column, path, form, rows }) => [column, path, form, rows]),
      [
        ['model', null, 'exact', 1],
        ['model', null, 'exact', 1],
        ['settings', '/limits/~key', 'member', 1],
      ],
    );
    assert.match(model?.schema[0]?.mend ?? '', new RegExp(`SET DEFAULT '${model?.successor}'::text;$`));
    assert.deepEqual(
      model?.related.map(({ spelling }) => spelling),
      ['gpt-4o-2024-11-20'],
    );
  });

  it('prints CSV, a line for each place', async () => {
    const { status, stdout } = await run('--csv');
    assert.equal(status, 0);
    const lines = stdout.trimEnd().split('\r\n');
    assert.match(
      lines[0] ?? '',
      /^model,status,ends,successor,relation,in,place,path,form,written,rows,samples$/,
    );
    assert.ok(
      lines.some((line) => line.endsWith('public.agents.settings,/limits/~key,member,gpt-4o,1,3')),
      stdout,
    );
  });

  it('answers by its status whether a model that is named ends within some days', async () => {
    const soon = await run('--within', '99999');
    assert.equal(soon.status, 2);
    assert.match(soon.stderr, /^Within 99999 days or before: .*gpt-4o/m);
    const none = await run('--within', '0', '--model', 'gpt-5.6-sol');
    assert.deepEqual(
      [none.status, none.stderr.includes('No model that was found ends within 0 days')],
      [0, true],
    );
    const part = await run('--within', '0', '--model', 'gpt-5.6-sol', '--sample', '50');
    assert.match(part.stderr, /^Not everything was read, so this is no all-clear\.$/m);
    assert.equal(part.status, 1);
  });

  it('refuses a model that nobody knows, with the nearest names', async () => {
    const { status, stdout, stderr } = await run('--model', 'gpt-4l');
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, /MODEL_UNKNOWN: The registry has no model "gpt-4l"\. Did you mean .*gpt-4/);
  });

  it('refuses what it cannot understand', async () => {
    for (const words of [
      ['--sample', '0'],
      ['--sample', '101'],
      ['--sample', 'x'],
      ['--json', '--csv'],
    ]) {
      const { status, stderr } = await run(...words);
      assert.equal(status, 1);
      assert.match(stderr, /USAGE_INVALID/);
    }
    assert.match((await droverHere(['inventory', '--database', 'nonsense'])).stderr, /USAGE_INVALID/);
  });
});

it('names keys that read like models, and what is missed where one is a model', async () => {
  await admin.query(`CREATE TABLE customers (id text PRIMARY KEY);
    CREATE TABLE orders (customer text REFERENCES customers);
    INSERT INTO customers VALUES ('o1'); INSERT INTO orders VALUES ('o1'), ('o1')`);
  const missed = 'Where one of them is a model all the same, it is missing above, with its end.';
  const inOneLine = (text: string): string => text.replaceAll(/\s+/g, ' ');
  const { stdout } = await run();
  assert.match(stdout, /Keys that read like models/);
  assert.ok(inOneLine(stdout).includes(missed), stdout);
  assert.match(stdout, /^customers\.id\t1\to1$/m);
  assert.match(stdout, /^orders\.customer\t2\to1$/m);
  // A check of pull requests reads the last lines alone.
  const none = await run('--within', '0', '--model', 'o1');
  assert.match(none.stderr, /^No model that was found ends within 0 days/m);
  assert.match(
    none.stderr,
    /^Keys that read like models were not counted: o1 in customers\.id, o1 in orders\.customer\.$/m,
  );
  assert.equal(none.status, 0);
  const other = await run('--within', '0', '--model', 'gpt-5.6-sol');
  assert.doesNotMatch(other.stderr, /not counted/);
  await admin.query('DROP TABLE orders, customers');
});

it('says of nothing that it did not read that it names no model', async () => {
  const empty = await freshServerDatabase('nothing');
  const bare = (...words: string[]) => drover(['inventory', '--database', empty.url, ...words], builtIn);
  const none = await bare('--within', '60');
  assert.match(none.stdout, /^No model of the registry is named in what was read\.$/m);
  assert.match(none.stdout, /^There is no table to read: is it the database that you mean\?$/m);
  assert.match(none.stderr, /^No table was read, so this is no all-clear\.$/m);
  assert.equal(none.status, 1);
  const outsider = `outsider_${process.pid}`;
  const other = new pg.Client({ connectionString: empty.url });
  await other.connect();
  await other.query(`CREATE TABLE bots (model text); CREATE ROLE ${outsider} LOGIN`);
  const blind = new URL(empty.url);
  blind.username = outsider;
  for (const words of [[], ['--model', 'gpt-4o']]) {
    const { stdout } = await drover(['inventory', '--database', blind.href, ...words], builtIn);
    assert.match(stdout, /^(No model of the registry is named| {2}Nothing names it) in what was read\.$/m);
    assert.match(stdout, /GRANT SELECT ON public\.bots/);
    assert.doesNotMatch(stdout, /no table to read/);
  }
  await other.query(`DROP ROLE ${outsider}`);
  assert.match((await bare()).stdout, /^No model of the registry is named\.$/m);
  await other.end();
  await empty.drop();
});

it('says that it sampled, and how much', async () => {
  await admin.query(
    `CREATE TABLE large AS SELECT n AS id, 'gpt-5-mini' AS model, repeat('x', 200) AS filler FROM generate_series(1, 20000) n; ANALYZE large`,
  );
  const { stdout } = await run('--sample', '20');
  assert.match(
    stdout,
    /Sampled: of 1 large tables only 20 % of the pages were read, and counts are of these/,
  );
  const shown = JSON.parse((await run('--sample', '20', '--json')).stdout) as Shown;
  assert.deepEqual([shown.complete, shown.samplePercent], [false, 20]);
  const rows = shown.models.find(({ model }) => model === 'gpt-5-mini')?.count ?? 0;
  assert.ok(rows > 1000 && rows < 9000, String(rows));
  await admin.query('DROP TABLE large');
});

it('shows what it knows when Ctrl-C stops it, and says that it is partial', async () => {
  await admin.query('CREATE TABLE waiting (model text)');
  await admin.query('BEGIN; LOCK TABLE waiting IN ACCESS EXCLUSIVE MODE');
  let press = (): void => undefined;
  const stopped = drover(['inventory', '--database', url], {
    ...builtIn,
    onStart: (interrupt) => (press = interrupt),
  });
  const other = new pg.Client({ connectionString: url });
  await other.connect();
  await waitUntil(async () => {
    const { rows } = await other.query(
      `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'COPY%waiting%'`,
    );
    return rows.length > 0;
  }, 'the reading waits for the table');
  press();
  const { status, stdout, stderr } = await stopped;
  await other.end();
  await admin.query('ROLLBACK; DROP TABLE waiting');
  assert.equal(status, 130, stderr);
  assert.match(stderr, /Stopping: what was found so far is shown/);
  assert.match(stdout, /stopped: waiting\. 0 rows were read/);
  assert.match(stdout, /Partial: it was stopped, and what was not read is not counted/);
});

it('reads the embedded database, and leaves Drover’s own records out', async () => {
  const demo = await demoPlace('embedded');
  const { status, stdout, stderr } = await droverHere(['inventory', ...demo.where, '--json'], builtIn);
  assert.equal(status, 0, stderr);
  const shown = JSON.parse(stdout) as Shown & { readonly unread: readonly { readonly gap: string }[] };
  assert.ok(shown.models.some(({ model, count }) => model === 'claude-3-7-sonnet-20250219' && count > 10));
  assert.deepEqual(
    shown.unread.map(({ gap }) => gap),
    ['records of Drover'],
  );
  await demo.drop();
});

describe('with a configuration', () => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-inventory-'));
  const file = join(folder, 'drover.config.yaml');
  const places = `
model: { identity: [name] }
places:
  - { at: agents.model, role: reference }
  - { at: agents.settings, json: /old, role: history }
  - { at: runs.model, role: history }
  - { at: agents.title, role: ignore }
`;
  let given: Awaited<ReturnType<typeof freshServerDatabase>>;
  before(async () => {
    given = await freshServerDatabase('configured');
    const client = new pg.Client({ connectionString: given.url });
    await client.connect();
    await client.query(`
      CREATE TABLE orgs (id text PRIMARY KEY, name text);
      CREATE TABLE agents (id int PRIMARY KEY, org text REFERENCES orgs, model text, title text, settings jsonb);
      CREATE TABLE runs (id int PRIMARY KEY, agent int REFERENCES agents, model text);
      CREATE TABLE notes (id int PRIMARY KEY, org text REFERENCES orgs, body text);
      CREATE SCHEMA aside; CREATE TABLE aside.bots (model text);
      INSERT INTO orgs VALUES ('a', 'Alder'), ('b', 'Birch'), ('c', 'Cedar');
      INSERT INTO agents VALUES (1, 'a', 'gpt-4o', 'gpt-4o', '{"old": "gpt-4o", "new": "gpt-4o"}'), (2, 'a', 'openai/gpt-4o', NULL, NULL),
        (3, 'b', 'gpt-4o', NULL, NULL), (4, NULL, 'gpt-4o', NULL, NULL), (5, 'c', 'o3', NULL, NULL);
      INSERT INTO runs VALUES (1, 1, 'gpt-4o'), (2, 1, 'gpt-4o'), (3, 3, 'gpt-4o');
      INSERT INTO notes VALUES (1, 'c', 'gpt-4o'); INSERT INTO aside.bots VALUES ('gpt-4o');`);
    await client.end();
  });
  after(async () => {
    await given.drop();
    rmSync(folder, { recursive: true });
  });
  const configured = (tenant: string, ...words: string[]) => {
    writeFileSync(file, `version: 1\n${tenant}\n${places}`);
    return droverHere(['inventory', '--database', given.url, '--config', file, ...words], builtIn);
  };
  const rows =
    'tenant: { root: orgs, key: id, display: name, column: org, links: { runs: agent -> agents.id } }';

  it('says of each place what it makes of it, and of each model who uses it', async () => {
    const { status, stdout, stderr } = await configured(rows, '--json', '--model', 'gpt-4o');
    assert.equal(status, 0, stderr);
    const { tenants, tenantsNotRead, models } = JSON.parse(stdout) as ShownConfigured;
    assert.deepEqual([tenants, tenantsNotRead], [3, []]);
    assert.deepEqual(
      models[0]?.occurrences.map(({ table, column, path, rows, roles }) =>
        [`${table}.${column}${path ?? ''}`, rows, ...roles].join(' '),
      ),
      [
        'aside.bots.model 1',
        'public.agents.model 3 reference',
        'public.agents.model 1 reference',
        'public.agents.settings/new 1',
        'public.agents.settings/old 1 history',
        'public.agents.title 1 ignore',
        'public.notes.body 1',
        'public.runs.model 3 history',
      ],
    );
    assert.deepEqual(
      models[0]?.usedBy.map(({ name, rows, history }) => [name, rows, history]),
      [
        ['Alder', 2, 2],
        ['Birch', 1, 1],
        ['shared rows', 1, 0],
      ],
    );
  });

  it('says the same to people and in CSV, and of a database with one tenant', async () => {
    const { stdout } = await configured(rows);
    assert.match(stdout, /^notes\.body\t1\tgpt-4o\tnothing$/m);
    assert.match(stdout, /^runs\.model\t3\tgpt-4o\thistory$/m);
    const said = stdout.replaceAll(/\s+/g, ' ');
    assert.ok(
      said.includes(
        '2 of 3 tenants: Alder 2 rows and 2 rows of history, Birch 1 row and 1 row of history, shared rows 1 row.',
      ),
      said,
    );
    assert.ok(said.includes('1 of 3 tenants: Cedar 1 row.'), said);
    const csv = (await configured(rows, '--csv')).stdout.trimEnd().split('\r\n');
    assert.match(csv[0] ?? '', /,samples,roles$/);
    assert.ok(
      csv.some((line) => line.includes('runs.model') && line.endsWith(',history')),
      csv.join('\n'),
    );
    const alone = await configured('tenant: { root: none }', '--model', 'gpt-4o');
    assert.match(alone.stdout.replaceAll(/\s+/g, ' '), / In its places: 4 rows and 3 rows of history\. /);
  });

  it('counts as looked at no tenant whose schema does not fit, and names it', async () => {
    const place = await examplePlace('server', 'd-schema-per-tenant');
    await place.look((tx) => tx.script('ALTER TABLE tenant_cedar.agents DROP COLUMN graph'));
    const words = ['inventory', ...place.where, '--model', 'gpt-4o'];
    const { tenants, tenantsNotRead } = JSON.parse(
      (await droverHere([...words, '--json'], builtIn)).stdout,
    ) as ShownConfigured;
    assert.deepEqual([tenants, tenantsNotRead.length], [2, 1]);
    const said = (await droverHere(words, builtIn)).stdout.replaceAll(/\s+/g, ' ');
    assert.match(said, /tenant_cedar\.models\.name 1 gpt-4o not read /);
    assert.match(said, / 2 of 2 tenants: .*Not read for its tenant: tenant_cedar: /);
    await place.drop();
  });

  it('takes no configuration that merely lies there, and refuses a wrong one before it reads', async () => {
    const { stdout } = await droverHere(['inventory', '--database', given.url, '--json'], {
      env: { ...builtIn.env, DROVER_CONFIG: file },
    });
    assert.doesNotMatch(stdout, /"roles"/);
    const wrong = await configured('tenant: { root: nowhere }');
    assert.deepEqual([wrong.status, wrong.stdout], [1, '']);
    assert.match(wrong.stderr, /CONFIG_MISMATCH/);
  });
});

interface ShownConfigured {
  readonly tenants: number | null;
  readonly tenantsNotRead: readonly string[];
  readonly models: readonly {
    readonly occurrences: readonly {
      readonly table: string;
      readonly column: string;
      readonly path: string | null;
      readonly rows: number;
      readonly roles: readonly string[];
    }[];
    readonly usedBy: readonly { readonly name: string; readonly rows: number; readonly history: number }[];
  }[];
}
