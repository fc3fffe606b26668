/** A tenant may have one model from two providers. Text that says the name alone may mean either, and moves with neither unasked. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

const script = `
  CREATE TABLE orgs (id int PRIMARY KEY, name text);
  CREATE TABLE models (id int PRIMARY KEY, org_id int REFERENCES orgs, provider text, name text, enabled boolean DEFAULT true);
  CREATE TABLE bots (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, model_id int REFERENCES models, model text,
    vendor text, engine text, copy text);
  CREATE TABLE presets (id int PRIMARY KEY, model text);
  INSERT INTO orgs VALUES (1, 'Elm'), (2, 'Oak');
  INSERT INTO models VALUES (1, 1, 'openai', 'gpt-4o', true), (2, 1, 'azure', 'gpt-4o', true), (3, 1, 'azure', 'gpt-4.1', true),
    (4, 2, 'azure', 'gpt-4o', true), (5, 2, 'azure', 'gpt-4.1', true), (6, 2, 'openai', 'gpt-4o', false);
  INSERT INTO bots VALUES (1, 1, 2, 'gpt-4o', 'azure', 'azure/gpt-4o', 'gpt-4o'), (2, 1, NULL, 'gpt-4o', 'openai', NULL, NULL),
    (3, 2, 4, 'gpt-4o', 'azure', 'azure/gpt-4o', 'gpt-4o');
  INSERT INTO presets VALUES (1, 'gpt-4o');
`;

const yaml = `version: 1
model: { tables: [{ table: models, columns: { name: name, provider: provider, tenant: org_id }, enabled: enabled }] }
tenant: { root: orgs, key: id, display: name, column: org_id, global: [presets] }
places:
  - { at: bots.model_id, copies: [copy] }
  - { at: bots.copy }
  - { at: bots.model }
  - { at: bots.engine, as: "{provider}/{name}" }
  - { at: presets.model }
`;
const pair = ['--from', 'azure/gpt-4o', '--to', 'azure/gpt-4.1'];

oneEngine((engine) => {
  let database: SmallDatabase;

  before(async () => {
    database = await smallDatabase(engine, script, yaml);
  });
  after(() => database.drop());

  it('is asked about, and what says the provider, by a key, a text or a copy, moves', async () => {
    const { stdout } = await database.run('plan', '--tenant', 'Elm', ...pair);
    assert.match(
      stdout,
      /ASK_OPEN: bots\.model: the name alone may mean gpt-4o \(openai\), too \(2 row\(s\)\)/,
    );
    assert.match(stdout, /\n6 occurrences: 3 move, 1 is shared, 2 are asked about\./);
  });

  it('a provider beside it tells them apart, and nobody need ask', async () => {
    database.configure(yaml.replace('at: bots.model }', 'at: bots.model, partner: vendor }'));
    const { stdout } = await database.run('plan', '--tenant', 'Elm', ...pair);
    assert.match(stdout, /\n5 occurrences: 4 move, 1 is shared\./);
    database.configure(yaml);
  });

  it('is asked about in shared rows, where any tenant has both', async () => {
    const { stderr } = await database.run('plan', '--shared', ...pair);
    assert.match(stderr, /would be refused because of ASK_OPEN/);
  });

  it('a run over all tenants moves it where one provider alone is in use, and an answer moves the others', async () => {
    const left = await database.run('apply', '--all-tenants', ...pair, '--leave-asks', '--yes');
    assert.match(left.stdout, /[Pp]artial/, left.stderr);
    const texts = 'SELECT id, model, engine, copy FROM bots ORDER BY id';
    assert.deepEqual(await database.rows(texts), [
      ['1', 'gpt-4o', 'azure/gpt-4.1', 'gpt-4.1'],
      ['2', 'gpt-4o', null, null],
      ['3', 'gpt-4.1', 'azure/gpt-4.1', 'gpt-4.1'],
    ]);
    const answered = await database.run(
      'apply',
      '--tenant',
      'Elm',
      ...pair,
      '--answer',
      'bots.model=move',
      '--yes',
    );
    assert.equal(answered.status, 0, answered.stderr);
    assert.deepEqual(
      (await database.rows(texts)).map(([, model]) => model),
      ['gpt-4.1', 'gpt-4.1', 'gpt-4.1'],
    );
  });

  it('another name of the model, behind its provider in other letters, means the row', async () => {
    await database.script(`
      INSERT INTO models VALUES (9, 2, 'Anthropic', 'claude-3-7-sonnet-20250219', true), (10, 2, 'Anthropic', 'claude-opus-4-5-20251101', true);
      INSERT INTO bots (id, org_id, model_id, copy) VALUES (9, 2, 9, 'claude-3-7-sonnet-20250219');`);
    const words = ['--from', 'anthropic/claude-3-7-sonnet', '--to', 'anthropic/claude-opus-4-5'];
    const { stdout, stderr } = await database.run('plan', '--tenant', 'Oak', ...words);
    assert.match(stdout, /\n2 occurrences: 2 move\./, stderr);
    assert.doesNotMatch(stdout, /MODEL_WITHOUT_ROW/);
    const run = await database.run('plan', '--all-tenants', ...words, '--json');
    assert.match(run.stdout, /"ready": 1,[^]*"fromKey": "9",/, run.stdout + run.stderr);
  });
});
