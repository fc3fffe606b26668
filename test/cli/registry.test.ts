/** `drover check` explains itself, `drover registry` says everything at once and writes only what it was told to. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { builtInFolder } from '../../src/registry/load/folder.ts';
import { texts } from '../registry/small-registry.ts';
import { oneEngine } from '../support/databases.ts';
import { droverHere } from './drover-here.ts';
import { demoPlace, drover, scratch } from './drover-process.ts';

/** A folder with the small registry, one of its texts changed. */
function folderOf(name: string, changed: Readonly<Record<string, string>> = {}): string {
  const folder = scratch(name);
  rmSync(folder, { recursive: true, force: true });
  for (const { file, text } of texts(changed)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return folder;
}

function textOf(file: string): string {
  return texts().find((each) => each.file === file)?.text ?? '';
}

function fileOf(name: string, value: unknown): string {
  const path = scratch(name);
  writeFileSync(path, JSON.stringify(value));
  return path;
}

const small = folderOf('small');
const env = { DROVER_REGISTRY: small };

test('check explains an allowed pair: why, by whom, who pays, what it needs, by which registry', async () => {
  const { status, stdout, stderr } = await drover(['check', 'hermes', 'claude-opus-4-7']);
  assert.deepEqual([status, stderr], [0, '']);
  assert.match(stdout, /^ALLOWED hermes may use claude-opus-4-7\.\n/);
  for (const line of [/why +anthropic, anthropic-oauth list it/, /served by +anthropic \(Anthropic, with an API key\)/, /paid by +the tenant/, /needs +ANTHROPIC_API_KEY/, /model +Claude Opus 4\.7, of the family claude-opus/, /registry +[\d-]+\+[0-9a-f]{12}/])
    assert.match(stdout, line); // prettier-ignore
});

test('check refuses with status 2, the code, the reason and what to take instead', async () => {
  const { status, stdout } = await drover(['check', 'hermes', 'claudette']);
  assert.equal(status, 2);
  assert.match(stdout, /^REFUSED hermes may not use claudette: UNREGISTERED_MODEL_FOR_RUNTIME\n/);
  assert.match(stdout, /why +hermes has no way to reach claudette\. It takes, for\s+example, claude-/);
  const retired = await droverHere(['check', 'clawdbot', 'anything']);
  assert.equal(retired.status, 2);
  assert.match(retired.stdout, /retired; openclaw took its place/);
});

test('secrets, the day and what exists already count, and JSON has all of it', async () => {
  const ask = async (...words: string[]): Promise<[number | null, Record<string, unknown>]> => {
    const { status, stdout } = await droverHere(['check', ...words, '--json'], { env });
    return [status, JSON.parse(stdout) as Record<string, unknown>];
  };
  const [free, platform] = await ask('desk', 'acme-2', '--on', '2026-06-01');
  assert.deepEqual(
    [free, platform['provider'], (platform['billing'] as { mode: string }).mode],
    [0, 'platform', 'platform_managed'],
  );
  const [paid, tenant] = await ask(
    'desk',
    'acme-2',
    '--secrets',
    'BRIO_KEY, ACME_TOKEN',
    '--on',
    '2026-06-01',
  );
  assert.deepEqual(
    [paid, tenant['provider'], (tenant['billing'] as { mode: string }).mode],
    [0, 'acme-login', 'byok'],
  );
  const [late, over] = await ask('desk', 'acme-2', '--on', '2027-01-01');
  assert.deepEqual([late, over['code']], [2, 'MODEL_WITHDRAWN']);
  assert.deepEqual((await ask('desk', 'acme-left'))[0], 2);
  assert.deepEqual((await ask('desk', 'acme-left', '--existing'))[0], 0);
});

test('a registry that cannot be used lets nothing through, and says why', async () => {
  const broken = folderOf('broken', { 'models.yaml': 'schema: 1\nmodels:\n  - id: x\n    colour: red\n' });
  const check = await droverHere(['check', 'desk', 'acme-1', '--registry', broken]);
  assert.equal(check.status, 1);
  assert.match(check.stdout, /REGISTRY_UNAVAILABLE/);
  const validate = await droverHere(['registry', 'validate', broken]);
  assert.equal(validate.status, 1);
  assert.match(validate.stderr, /^REGISTRY_INVALID: /);
  for (const line of [/models\.yaml:3:5 models\[0\]\.name: is missing/, /models\.yaml:4:5 models\[0\]: unknown key colour/, /runtimes\.yaml:7:\d+ there is no model acme-2/])
    assert.match(validate.stderr, line); // prettier-ignore
  const json = await droverHere(['registry', 'validate', broken, '--json']);
  const { error } = JSON.parse(json.stderr) as {
    error: { code: string; data: { problems: { line: number }[] } };
  };
  assert.deepEqual([error.code, error.data.problems.length > 5], ['REGISTRY_INVALID', true]);
  assert.equal(
    (await droverHere(['registry', 'show'], { env: { DROVER_REGISTRY: scratch('nowhere') } })).status,
    1,
  );
});

test('a model must be named, a day be a day, a runtime be there', async () => {
  const without = async (runtime: string, ...more: string[]): Promise<[number | null, string]> => {
    const { status, stdout, stderr } = await droverHere(['check', runtime, ' ', ...more], { env });
    return [status, stdout + stderr];
  };
  assert.deepEqual((await without('desk'))[0], 1);
  assert.match((await without('desk'))[1], /^MODEL_REQUIRED: /);
  const open = await without('field', '--json');
  assert.deepEqual([open[0], JSON.parse(open[1]).verdict], [0, 'not-asked']);
  assert.match((await without('field'))[1], /^ALLOWED field needs no model/);
  for (const runtime of ['barn', 'nowhere']) {
    const refused = await without(runtime);
    assert.equal(refused[0], 2);
    assert.match(refused[1], /^REFUSED \w+ may not be used: RUNTIME_UNSUPPORTED\n/);
  }
  for (const day of ['soon', '2026-02-30'])
    assert.match(
      (await droverHere(['check', 'desk', 'acme-1', '--on', day], { env })).stderr,
      /^USAGE_INVALID: --on takes a day/,
    );
  assert.match(
    (await droverHere(['registry', 'show', 'attic'], { env })).stderr,
    /^USAGE_INVALID: .*no runtime and no model attic/,
  );
});

test('validate and show: the whole, a runtime, a model by another name, what goes away', async () => {
  assert.match(
    (await droverHere(['registry', 'validate'])).stdout,
    /^OK .*\nversion .*, content [0-9a-f]{64}: \d+ providers/,
  );
  assert.deepEqual(
    JSON.parse((await droverHere(['registry', 'validate', small, '--json'])).stdout).models,
    6,
  );
  assert.match(
    (await droverHere(['registry', 'show'], { env })).stdout,
    /desk\tclosed\t4\tplatform, acme, acme-login, brio/,
  );
  assert.match(
    (await droverHere(['registry', 'show', 'desk'], { env })).stdout,
    /brio\ttenant\tBRIO_KEY\tbrio#, brio#-… \(any case\)/,
  );
  assert.match(
    (await droverHere(['registry', 'show', 'acme-gone-0'], { env })).stdout,
    /^acme-gone [^]*successor that stays: acme-3/,
  );
  const gone = await droverHere(['registry', 'show', '--retirements', '--from', '2026-01-01'], { env });
  assert.match(gone.stdout, /2027-01-01\tacme-2\tacme\tacme-3\n$/);
});

test('diff has status 2 where something no longer runs, is paid by another, or goes away; and 0 where nothing is', async () => {
  const same = await droverHere(['registry', 'diff', small, small]);
  assert.equal(same.status, 0, same.stderr);
  const changed = folderOf('changed', {
    'runtimes.yaml': textOf('runtimes.yaml')
      .replace('models: [acme-2, acme-3] }', 'models: [acme-3] }')
      .replace('models: [acme-1, ', 'models: ['),
  });
  const { status, stdout } = await droverHere(['registry', 'diff', small, changed]);
  assert.equal(status, 2);
  assert.match(
    stdout,
    /^no longer runs\t\*[^\t]*\tdesk\tacme-1\tSpecial, acme-3, acme-2\npaid by somebody else\t\*[^\t]*\tdesk\tacme-2\tplatform → tenant\n/,
  );
  const pairs = fileOf('pairs.json', [{ tenant: 'north', runtime: 'desk', model: 'acme-1', count: 7 }]);
  const stored = await droverHere(['registry', 'diff', small, changed, '--pairs', pairs, '--json']);
  const { orphaned, compared } = JSON.parse(stored.stdout) as { orphaned: unknown[]; compared: number };
  assert.deepEqual([stored.status, orphaned.length, compared], [2, 1, 1]);
  assert.match(
    (await droverHere(['registry', 'diff', small, changed, '--pairs', fileOf('no.json', [{}])])).stderr,
    /^FEED_INVALID/,
  );
});

test('import shows what a feed would change, and writes nothing unless that is asked for', async () => {
  const folder = folderOf('own');
  const before = readFileSync(join(folder, 'models.yaml'), 'utf8');
  const feed = fileOf('feed.json', {
    spec: 'model-eol/0.1', publisher: 'acme', generated: '2026-05-01',
    models: [{ id: 'acme-1', announced: '2026-04-01', shutdown: '2026-12-01', replacement: 'acme-3', source: 'https://example.org/eol' }],
  }); // prettier-ignore
  const words = ['registry', 'import', 'model-eol', feed, '--registry', folder];
  const shown = await droverHere(words);
  assert.deepEqual([shown.status, readFileSync(join(folder, 'models.yaml'), 'utf8')], [2, before]);
  assert.match(
    shown.stdout,
    /^~ acme-1 {2}\(https:\/\/example\.org\/eol\)\n {4}lifecycle\.status: active → deprecated\n/,
  );

  const out = scratch('proposed');
  assert.equal((await droverHere([...words, '--out', out])).status, 0);
  assert.equal(readFileSync(join(folder, 'models.yaml'), 'utf8'), before);
  assert.ok(
    existsSync(join(out, 'runtimes.yaml')) && readFileSync(join(out, 'models.yaml'), 'utf8') !== before,
  );
  assert.equal((await droverHere(['registry', 'diff', folder, out])).status, 2, 'a new retirement');
  assert.match((await droverHere([...words, '--out', out])).stderr, /^FILE_EXISTS/);

  assert.equal((await droverHere([...words, '--write'])).status, 0);
  assert.equal(
    readFileSync(join(folder, 'models.yaml'), 'utf8'),
    readFileSync(join(out, 'models.yaml'), 'utf8'),
  );
  const audit = ['registry', 'audit', 'model-eol', feed, '--registry'];
  assert.equal((await droverHere([...audit, folder])).status, 0, 'now both say the same');
  const other = await droverHere([...audit, folderOf('other')]);
  assert.deepEqual([other.status, /acme-1\tshutdown\t\(nothing\)\t2026-12-01/.test(other.stdout)], [2, true]);
  const again = await droverHere([...words, '--json']);
  assert.deepEqual([again.status, (JSON.parse(again.stdout) as { changes: unknown[] }).changes], [0, []]);

  assert.match(
    (await droverHere(['registry', 'import', 'models-dev', feed, '--registry', folder])).stderr,
    /^FEED_INVALID/,
  );
  assert.match((await droverHere(['registry', 'import', 'telex', feed])).stderr, /^USAGE_INVALID/);
});

test('a registry in a folder of its own replaces the built-in one, or extends it', async () => {
  const copy = scratch('copy');
  cpSync(builtInFolder, copy, { recursive: true });
  const version = async (folder: string): Promise<unknown> =>
    JSON.parse((await droverHere(['registry', 'validate', folder, '--json'])).stdout) as unknown;
  assert.deepEqual(
    { ...((await version(copy)) as object), folder: '' },
    { ...((await version(builtInFolder)) as object), folder: '' },
  );
  const own = scratch('extending');
  mkdirSync(own);
  writeFileSync(
    join(own, 'own.yaml'),
    'schema: 1\nextends: built-in\nruntimes:\n  - { id: yard, label: Yard, kind: open }\n',
  );
  assert.equal((await droverHere(['check', 'yard', 'x', '--registry', own])).status, 0);
  assert.equal((await droverHere(['check', 'hermes', 'claude-opus-4-7', '--registry', own])).status, 0);
});

oneEngine((engine) => {
  test('diff by a database says for each tenant what a new registry would do to its workspaces', async () => {
    const place = await demoPlace(engine);
    try {
      const fewer = scratch(`fewer-${engine}`);
      cpSync(builtInFolder, fewer, { recursive: true });
      const file = join(fewer, 'runtimes.yaml');
      const [head = '', hermes = '', ...tail] = readFileSync(file, 'utf8').split(
        /(?=^ {2}- id: (?:hermes|openclaw)$)/m,
      );
      writeFileSync(file, [head, hermes.replaceAll(/^ *- claude-haiku-4-5\n/gm, ''), ...tail].join(''));
      const words = ['registry', 'diff', builtInFolder, fewer, ...place.where];
      const { status, stdout, stderr } = await drover([...words, '--json']);
      assert.equal(status, 2, stderr);
      const diff = JSON.parse(stdout) as { orphaned: Record<string, unknown>[]; compared: number };
      assert.equal(diff.compared, 16);
      assert.deepEqual(
        diff.orphaned.map(({ tenant, runtime, model, count }) => [tenant, runtime, model, count]),
        ['Alder Clinic', 'Birch & Partners', 'Cedar School', 'Dune Records'].map((tenant) => [
          tenant,
          'hermes',
          'claude-haiku-4-5',
          1,
        ]),
      );
      assert.match((await drover([...words, '--pairs', 'x.json'])).stderr, /name the pairs twice/);
      assert.equal(
        (await drover(['registry', 'diff', builtInFolder, builtInFolder, ...place.where])).status,
        0,
      );
    } finally {
      await place.drop();
    }
  });

  test('secrets rotate seals what an older key sealed, and refuses what no key opens', async () => {
    const place = await demoPlace(engine);
    try {
      const words = ['secrets', 'rotate', ...place.where, '--json'];
      const env = { DROVER_SECRET_KEY: 'ab'.repeat(32) };
      const demo = await drover(words, { env });
      assert.equal(demo.status, 1);
      assert.match(demo.stderr, /8 secrets were left as they are/);
      await place.look(async (tx) => {
        await tx.run('DELETE FROM migration.workspace_secrets');
        await tx.run('DELETE FROM migration.tenant_secrets');
      });
      const { status, stdout, stderr } = await drover(words, { env });
      assert.equal(status, 0, stderr);
      assert.deepEqual((JSON.parse(stdout) as { sealed: number; tenants: number }).sealed, 0);
      const missing = await drover(words, { env: { NODE_ENV: 'production' } });
      assert.match(missing.stderr, /SECRET_KEY_MISSING/);
    } finally {
      await place.drop();
    }
  });
});
