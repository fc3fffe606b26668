/** `drover plan` reads and nothing else; its status says whether there is anything to do. */
import { sha256 } from '../../src/postgres/catalogue/digest.ts';
import { readPlan } from '../../src/engine/planner/plan-file.ts';
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { oneEngine } from '../support/databases.ts';
import { digestRows } from '../support/platform.ts';
import { droverHere } from './drover-here.ts';
import { demoPlace, drover, examplePlace, scratch } from './drover-process.ts';
import type { Outcome, Place } from './drover-process.ts';

const move = ['--from', 'claude-3-7-sonnet', '--to', 'claude-haiku-4-5', '--tenant', 'Alder Clinic'];

/** One message with its code and no stack. */
function assertRefused({ status, stdout, stderr }: Outcome, code: string, says: RegExp): void {
  assert.equal(status, 1, stderr);
  assert.equal(stdout, '');
  assert.ok(stderr.startsWith(`${code}: `), stderr);
  assert.match(stderr, says);
  assert.doesNotMatch(stderr, /\n\s+at /);
}

oneEngine((engine) => {
  let demo: Place;
  before(async () => {
    demo = await demoPlace(engine);
  });
  after(() => demo.drop());

  test('there are changes: status 2, the plan on standard output, and nothing written', async () => {
    const start = await demo.look((tx) => digestRows(tx));
    const text = await drover(['plan', ...demo.where, ...move]);
    assert.equal(text.status, 2, text.stderr);
    assert.equal(text.stderr, '');
    assert.match(text.stdout, /^Plan for Alder Clinic .*\n {2}claude-3-7-sonnet .* → claude-haiku-4-5/);
    assert.ok(!text.stdout.includes('\u001b'), 'no colours in a pipe');

    const file = scratch(`plan-${engine}.json`);
    const json = await drover(['plan', ...demo.where, ...move, '--json', '--out', file]);
    assert.equal(json.status, 2, json.stderr);
    assert.match(json.stderr, /^Written to .*plan-/);
    const made = readPlan(json.stdout, sha256);
    assert.ok('hash' in made && made.counts['assistants'] === 22);
    assert.equal(readFileSync(file, 'utf8'), json.stdout);
    assert.deepEqual(await demo.look((tx) => digestRows(tx)), start);
  });

  test('a tenant goes by key or name, and one that is unknown or missing is answered with the list', async () => {
    const key = await droverHere([
      'plan',
      ...demo.where,
      ...move.slice(0, 4),
      '--tenant',
      '00000003-def0-def0-def0-000000000000',
    ]);
    const name = await droverHere(['plan', ...demo.where, ...move.slice(0, 4), '--tenant', 'cedar school']);
    assert.equal(key.status, 2, key.stderr);
    assert.equal(name.stdout, key.stdout);
    assertRefused(
      await droverHere(['plan', ...demo.where, ...move.slice(0, 4)]),
      'TENANT_REQUIRED',
      /Birch & Partners/,
    );
    assertRefused(
      await droverHere(['plan', ...demo.where, ...move.slice(0, 4), '--tenant', 'Elm']),
      'TENANT_NOT_FOUND',
      /Alder Clinic/,
    );
  });

  test('what cannot be meant is refused with what there is', async () => {
    const plan = (...words: string[]): Promise<Outcome> => droverHere(['plan', ...demo.where, ...words]);
    assertRefused(
      await plan('--from', 'claude-3-7', ...move.slice(2)),
      'MODEL_NOT_FOUND',
      /claude-3-7-sonnet/,
    );
    assertRefused(await plan(...move, '--types', 'assistent'), 'ENTITY_TYPE_UNKNOWN', /assistants/);
    assertRefused(await plan(...move, '--types', ''), 'ENTITY_TYPE_UNKNOWN', /empty/);
    assertRefused(
      await plan(...move, '--types', 'questions'),
      'ENTITY_TYPE_UNKNOWN',
      /Nothing of .*questions/,
    );
    const links = await plan(...move, '--types', 'space_completion_models,apps');
    assertRefused(links, 'ENTITY_TYPES_INCOMPLETE', /add assistants, services, space_defaults/);
    assertRefused(await plan(...move, '--kind', 'image'), 'KIND_UNKNOWN', /completion, /);
    assertRefused(await plan(...move, '--answer', 'assistants.model'), 'USAGE_INVALID', /=move/);
    assertRefused(await plan('--from', 'claude-3-7-sonnet'), 'USAGE_INVALID', /--to MODEL/);
    assertRefused(
      await plan(...move, '--parametres', 'keep'),
      'USAGE_INVALID',
      /Did you mean --parameters\?/,
    );
  });

  test('two models of one name are listed, and a key tells them apart', async () => {
    const twice = await examplePlace(engine, 'a-two-owners');
    await twice.look((tx) =>
      tx.script(
        `INSERT INTO models SELECT (jsonb_populate_record(m, '{"id": "30a00000-0000-4000-8000-00000000ffff", "family": "other"}')).* FROM models m WHERE id = '30a00000-0000-4000-8000-000000000002'`,
      ),
    );
    const words = ['--tenant', '10a00000-0000-4000-8000-000000000000', '--from', 'gpt-4o', '--to'];
    assertRefused(
      await droverHere(['plan', ...twice.where, ...words, 'gpt-5.4']),
      'MODEL_AMBIGUOUS',
      /000000000002.*ffff|ffff.*000000000002/s,
    );
    assert.equal(
      (await droverHere(['plan', ...twice.where, ...words, '30a00000-0000-4000-8000-000000000002'])).status,
      2,
    );
    await twice.drop();
  });

  test('a plan with errors is shown, and the status says that it is no good', async () => {
    const { status, stdout, stderr } = await droverHere([
      'plan',
      ...demo.where,
      '--from',
      'claude-3-7-sonnet',
      '--to',
      'gpt-4o',
      '--tenant',
      'Alder Clinic',
    ]);
    assert.equal(status, 1);
    assert.match(stdout, /error +TARGET_DISABLED/);
    assert.match(stderr, /^PLAN_REFUSED: .*TARGET_DISABLED/);
  });
});

test('a login that may only read can plan', async () => {
  const attached = await examplePlace('server', 'a-two-owners');
  if (!('url' in attached.target)) throw new Error('a server has a URL');
  const role = `drover_reader_${Date.now()}`;
  const admin = new pg.Client({ connectionString: attached.target.url });
  await admin.connect();
  await admin.query(
    `CREATE ROLE ${role} LOGIN; GRANT USAGE ON SCHEMA public TO ${role}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`,
  );
  const url = new URL(attached.target.url);
  url.username = role;
  url.password = '';
  const outcome = await droverHere([
    'plan',
    '--database',
    url.href,
    '--config',
    attached.config,
    '--tenant',
    '10a00000-0000-4000-8000-000000000000',
    '--from',
    'gpt-4o',
    '--to',
    'gpt-5.4',
  ]);
  assert.equal(outcome.status, 2, outcome.stderr);
  await admin.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  await admin.end();
  await attached.drop();
});

test('a configuration that cannot be read says file, line and what was meant', async () => {
  const file = scratch('broken.yaml');
  writeFileSync(file, 'version: 1\nmodel: {}\ntennant:\n  root: accounts\n');
  const outcome = await droverHere(['config', 'check', '--config', file]);
  assertRefused(outcome, 'CONFIG_INVALID', /broken\.yaml:3:1 .*did you mean tenant\?/);
  assertRefused(await droverHere(['config', 'check']), 'CONFIG_NOT_FOUND', /drover init/);
});

test('no database: nothing is made by looking', async () => {
  assertRefused(
    await droverHere(['plan', '--data', scratch('nothing'), ...move]),
    'NO_DATABASE',
    /drover seed/,
  );
  assertRefused(
    await droverHere(['plan', '--data', 'x', '--database', 'pglite:y', ...move]),
    'USAGE_INVALID',
    /one of them/,
  );
  assertRefused(
    await droverHere(['plan', '--database', 'mysql://host/db', ...move]),
    'USAGE_INVALID',
    /postgres:\/\//,
  );
});
