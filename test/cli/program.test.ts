/** What every command has in common; and those that need nothing: demo and seed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { reportFailure } from '../../src/cli/failure.ts';
import { openTerminal } from '../../src/cli/terminal/terminal.ts';
import { eachEngine, freshDatabase } from '../support/databases.ts';
import { commandsBelow, droverHere } from './drover-here.ts';
import { drover, program, scratch } from './drover-process.ts';

test('every command has help, on standard output, no wider than 100 columns', async () => {
  const commands = await commandsBelow();
  assert.ok(commands.length > 20, commands.join(', '));
  for (const words of [[], ...commands]) {
    const { status, stdout, stderr } = await droverHere([...words, '--help']);
    assert.deepEqual([status, stderr], [0, ''], words.join(' '));
    assert.ok(stdout.startsWith(`Usage: ${['drover', ...words].join(' ')} `), stdout);
    for (const line of stdout.split('\n')) assert.ok(line.length <= 100, line);
  }
  const { stdout } = await drover(['--help']);
  assert.equal(stdout, (await droverHere(['--help'])).stdout, 'as a process of its own');
});

test('a connection in the wrong place is refused without its password', async () => {
  for (const secret of [
    'postgres://me:s3cret@host/db',
    'postgres://me:it’s p@s#s3cret@host/db',
    'host=h password=s3cret dbname=d',
  ])
    for (const words of [
      [secret],
      ['help', secret],
      ['inventory', secret],
      ['history', 'one', 'two', secret],
      ['inventory', `--databse=${secret}`],
      ['inventory', '--within', secret],
      ['keys', secret],
      ['plan', '--parameters', secret],
      ['completion', secret],
    ])
      for (const more of [[], ['--json'], ['--debug']]) {
        const { status, stdout, stderr } = await droverHere([...words, ...more]);
        assert.equal(status, 1, words.join(' '));
        assert.match(stderr, /USAGE_INVALID/);
        assert.doesNotMatch(stdout + stderr, /s3cret/, words.join(' '));
      }
});

test('a URL of a database where a folder, a file or a name is meant is refused before anything is made of it', async () => {
  const url = 'postgres://me:s3cret@localhost:1/db';
  for (const [words, place] of [
    [['seed', '--data', url], '--data'],
    [['serve', '--data', url], '--data'],
    [['inventory', '--data', url], '--data'],
    [['inventory', '--registry', url], '--registry'],
    [['inventory', '--model', url], '--model'],
    [['plan', '--config', url], '--config'],
    [['plan', '--tenant', url], '--tenant'],
    [['init', '--out', url], '--out'],
    [['notify', '--plan', url], '--plan'],
    [['apply', url], 'drover apply'],
    [['registry', 'show', url], 'drover registry show'],
    [['check', 'hermes', url], 'drover check'],
  ] as const) {
    const { status, stderr } = await droverHere([...words]);
    assert.deepEqual(
      [status, stderr],
      [1, `USAGE_INVALID: ${place} takes no URL of a database; --database does.\n`],
      words.join(' '),
    );
  }
  for (const name of ['DROVER_DATA', 'DROVER_CONFIG', 'DROVER_REGISTRY']) {
    const { stderr } = await droverHere(['history'], { env: { [name]: url } });
    assert.equal(stderr, `CONFIG_INVALID: ${name}: it takes no URL of a database; DROVER_DATABASE does\n`);
  }
  assert.equal(existsSync('postgres:'), false);
});

test('a mistyped command is refused with what was meant, and no command at all shows the help', async () => {
  const mistyped = await drover(['paln']);
  assert.deepEqual([mistyped.status, mistyped.stdout], [1, '']);
  assert.match(mistyped.stderr, /^USAGE_INVALID: Unknown command 'paln'.*Did you mean plan/);
  const lacking = await drover(['registry', 'diff', 'old']);
  assert.match(lacking.stderr, /^USAGE_INVALID: Missing required argument.*`drover registry diff --help`/);
  const none = await drover([]);
  assert.deepEqual([none.status, none.stdout], [1, '']);
  assert.match(none.stderr, /^Usage: drover/);
});

test('help never runs a command, whatever follows it', async () => {
  for (const [words, shows] of [
    [['keys', 'revoke', '10a00000-0000-4000-8000-000000000000'], 'drover keys '],
    [['rollback', '10a00000-0000-4000-8000-000000000000', '--yes'], 'drover rollback '],
    [['runs', 'show', 'x'], 'drover runs '],
    [['registry', 'diff', 'x'], 'drover registry diff '],
    [['registry', 'nosuch'], 'drover registry '],
    [[], 'drover '],
  ] as const) {
    const { status, stdout, stderr } = await droverHere(['help', ...words]);
    assert.deepEqual([status, stderr], [0, ''], words.join(' '));
    assert.ok(stdout.startsWith(`Usage: ${shows}`), stdout);
  }
  const { status, stderr } = await droverHere(['help', 'paln', 'revoke']);
  assert.equal(status, 1);
  assert.match(stderr, /^USAGE_INVALID: Unknown command 'paln'.*Did you mean plan/);
});

test('errors are one JSON document on the error stream where JSON was asked for', async () => {
  const { status, stdout, stderr } = await drover([
    'plan',
    '--json',
    '--data',
    scratch('nowhere'),
    '--from',
    'a',
    '--to',
    'b',
  ]);
  assert.deepEqual([status, stdout], [1, '']);
  assert.equal((JSON.parse(stderr) as { error: { code: string } }).error.code, 'NO_DATABASE');
});

test('what is written wrong is said before any database is opened', async () => {
  const create = ['keys', 'create', '--sysadmin', 'me@example.org'];
  const mistakes: [words: string[], says: RegExp][] = [
    [['keys', 'create'], /Say whose key/],
    [['keys', 'create', '--user', 'me@example.org'], /Say which tenant/],
    [['keys', 'create', '--sysadmin', 'me'], /no e-mail address/],
    [[...create, '--name', ' '], /--name takes/],
    [[...create, '--scopes', 'all'], /--scopes: all is none/],
    [[...create, '--expires', '2027-02-30'], /--expires takes a time such as/],
    [[...create, '--expires', '2020-01-31'], /--expires takes a time to come/],
    [['keys', 'revoke'], /Say which key/],
    [['history', '--before', 'yesterday'], /--before takes a time such as/],
    [['history', '--before', '2026-11-21T10:00'], /--before takes a time such as/],
    [['runs', 'show'], /Which run\?/],
  ];
  for (const [words, says] of mistakes) {
    const { status, stdout, stderr } = await droverHere([...words, '--data', scratch('nowhere')]);
    assert.deepEqual([status, stdout], [1, ''], words.join(' '));
    assert.match(stderr, /^USAGE_INVALID: /, words.join(' '));
    assert.match(stderr, says);
  }
});

test('a wrong environment is told by name', async () => {
  const { status, stderr } = await drover(['inspect'], { env: { DROVER_DATABSE: 'postgres://x@y/z' } });
  assert.equal(status, 1);
  assert.match(stderr, /^CONFIG_INVALID: DROVER_DATABSE: unknown variable; did you mean DROVER_DATABASE\?/);
});

test('what nobody expected says so and where to report it; the stack only with --debug', () => {
  const said: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      said.push(chunk.toString());
      done();
    },
  });
  const terminal = openTerminal({ stdin: process.stdin, stdout: stream, stderr: stream }, 'never');
  const failure = { json: false, debug: false, version: '1.2.3' };
  assert.equal(reportFailure(terminal, new TypeError('x is not a function'), failure), 1);
  assert.match(said.join(''), /^INTERNAL: [^]*x is not a function[^]*Drover 1\.2\.3[^]*report/);
  assert.doesNotMatch(said.join(''), /\n\s+at /);
  reportFailure(terminal, new TypeError('x is not a function'), { ...failure, debug: true });
  assert.match(said.join(''), /\n\s+at /);
});

test('a reader that stops early is no error, and does not change the status', async () => {
  const words = [process.execPath, program, '--help'].map((word) => JSON.stringify(word)).join(' ');
  const { status, stderr } = spawnSync('bash', ['-c', `${words} | head -c 1 > /dev/null; exit $PIPESTATUS`]);
  assert.deepEqual([status, stderr.toString()], [0, '']);
});

test('a path that cannot be used is named with the reason, and is no mistake of Drover', async () => {
  const file = scratch('file');
  writeFileSync(file, '{}');
  for (const words of [
    ['seed', '--data', file],
    ['serve', '--port', '0', '--data', join(file, 'below')],
    ['registry', 'import', 'litellm', scratch('missing')],
  ]) {
    const { status, stderr } = await drover(words);
    assert.equal(status, 1);
    assert.match(stderr, /^FILE_UNREADABLE: \S+ cannot be (used|read): it[^\n]+\.\n$/, words.join(' '));
  }
});

const full = '/dev/full';
if (existsSync(full))
  test('output that cannot be written is told at the end, without a stack', () => {
    const file = openSync(full, 'w');
    const stdio: ['ignore', number, 'pipe'] = ['ignore', file, 'pipe'];
    const { status, stderr } = spawnSync(process.execPath, [program, '--help'], { stdio });
    closeSync(file);
    assert.equal(status, 1);
    assert.match(stderr.toString(), /^FILE_UNREADABLE: The output cannot be written: ENOSPC[^\n]+\n$/);
  });

eachEngine((engine) => {
  test('seeding twice adds nothing the second time', async () => {
    const { target, drop } = await freshDatabase(engine);
    const where = 'url' in target ? ['--database', target.url] : ['--data', target.dataDir];
    const first = await drover(['seed', ...where, '--install', '--json']);
    assert.equal(first.status, 0, first.stderr);
    assert.equal((JSON.parse(first.stdout) as { tenants: number }).tenants, 4);
    assert.deepEqual(JSON.parse((await drover(['seed', ...where, '--json'])).stdout), {
      tenants: 0,
      rows: 0,
    });
    assert.match((await drover(['seed', ...where])).stdout, /there already/);
    await drop();
  });
});

test('the demo runs to its end, and says what to try next', async () => {
  const data = scratch('demo');
  const { status, stdout, stderr } = await drover(['demo', '--data', data]);
  assert.equal(status, 0, stderr);
  assert.match(
    stdout,
    /Verified: every row of the tenant, table by table, is again what it was at the start\./,
  );
  assert.match(stdout, /Try next[\s\S]*drover init --database postgres:\/\/[^\n]*\n/);
  assert.match(stderr, /repoint assistants: 22 of 22/);
  const twice = await drover(['demo', '--data', data]);
  assert.match(twice.stderr, /^USAGE_INVALID: .*there already/);
  rmSync(data, { recursive: true });
});

test('the registry that an option names is the one that is read', async () => {
  const nowhere = scratch('no registry');
  const database = ['--database', `pglite:${scratch('no database')}`];
  for (const words of [['inventory'], ['init', '--stdout']]) {
    const { status, stderr } = await droverHere([...words, ...database, '--registry', nowhere]);
    assert.deepEqual([status, stderr.split(':', 1)[0]], [1, 'REGISTRY_INVALID'], words.join(' '));
    assert.ok(stderr.includes(nowhere), stderr);
  }
});
