/** A tenant may have one model from two providers. Text that says the name alone may mean either, and moves with neither unasked. */
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
    assert.match(stdout, /ASK_OPEN: bots\.model: the name alone may mean gpt-4o \(openai\), too \(2 rows\)/);
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
    assert.match(run.stdout, /"fromKey": "9",[^]*"ready": 1,/, run.stdout + run.stderr);
  });
});

/** Each column says in another form that Elm has the model from Azure, too; Oak has it from OpenAI alone. */
const textScript = `
  CREATE TABLE orgs (id int PRIMARY KEY, name text);
  CREATE TYPE vendor AS ENUM ('openai', 'azure');
  CREATE TABLE bots (id int PRIMARY KEY, org_id int REFERENCES orgs, model text, partnered text, vendor vendor, engine text,
    doc jsonb, fields json, list text[], commas text, inside text, members jsonb, legacy text, live boolean NOT NULL DEFAULT true);
  INSERT INTO orgs VALUES (1, 'Elm'), (2, 'Oak');
  INSERT INTO bots (id, org_id, model) VALUES (1, 1, 'gpt-4o'), (2, 2, 'gpt-4o'), (3, NULL, 'gpt-4o');
`;
const textYaml = `version: 1
model: { identity: [provider, name] }
tenant: { root: orgs, key: id, display: name, column: org_id }
places:
  - { at: bots.model }
  - { at: bots.partnered, partner: vendor, live: live }
  - { at: bots.engine, as: "{name}", also: ["{provider}/{name}"], live: live }
  - { at: bots.doc, json: "/model", as: "{provider}/{name}", live: live }
  - { at: bots.fields, json: "/llm/*", fields: { provider: vendor, name: id }, live: live }
  - { at: bots.list, shape: list, as: "{provider}/{name}", live: live }
  - { at: bots.commas, shape: comma, as: "{provider}/{name}", live: live }
  - { at: bots.inside, shape: inside, as: "{provider}/{name}", live: live }
  - { at: bots.members, json: "/limits/~key", as: "{provider}/{name}", live: live }
  - { at: bots.legacy, as: "{provider}/{name}", role: history }
`;
const textPair = ['--from', 'openai/gpt-4o', '--to', 'openai/gpt-4.1'];
/** Values by column that name the model of another provider. */
const telling: readonly (readonly [columns: string, values: string])[] = [
  ['partnered, vendor', `'gpt-4o', 'azure'`],
  ['engine', `'azure/gpt-4o'`],
  ['doc', `'{"model": "azure/gpt-4o"}'`],
  ['fields', `'{"llm": [{"id": "gpt-4o", "vendor": "azure"}]}'`],
  ['list', `'{azure/gpt-4o}'`],
  ['commas', `'o3, azure/gpt-4o'`],
  ['inside', `'model: azure/gpt-4o'`],
  ['members', `'{"limits": {"azure/gpt-4o": {"rpm": 5}}}'`],
  // The same name in other letters.
  ['partnered, vendor', `'GPT-4o', 'azure'`],
  ['engine', `'azure/GPT-4o'`],
  ['doc', `'{"model": "azure/GPT-4o"}'`],
  ['fields', `'{"llm": [{"id": "GPT-4O", "vendor": "azure"}]}'`],
  ['list', `'{azure/GPT-4o}'`],
  ['members', `'{"limits": {"azure/Gpt-4o": {"rpm": 5}}}'`],
];

oneEngine((engine) => {
  let database: SmallDatabase;
  const asks = /bots\.model: the name alone may mean gpt-4o \(azure\), too \(1 row\)/;

  before(async () => {
    database = await smallDatabase(engine, textScript, textYaml);
  });
  after(() => database.drop());

  it('moves where the data of the tenant knows one provider', async () => {
    const { stdout, stderr } = await database.run('plan', '--tenant', 'Elm', ...textPair);
    assert.match(stdout, /\n2 occurrences: 1 moves, 1 is shared\./, stderr);
  });

  for (const [column, value] of telling)
    it(`is asked about where ${column} says by ${value} that the tenant has it from two`, async () => {
      await database.script(
        `DELETE FROM bots WHERE id > 3; INSERT INTO bots (id, org_id, ${column}) VALUES (9, 1, ${value})`,
      );
      const elm = await database.run('plan', '--tenant', 'Elm', ...textPair);
      assert.match(elm.stdout, asks, elm.stderr);
      const oak = await database.run('plan', '--tenant', 'Oak', ...textPair);
      assert.doesNotMatch(oak.stdout, /may mean/);
      const shared = await database.run('plan', '--shared', ...textPair);
      assert.match(shared.stdout, asks, shared.stderr);
      await database.script('UPDATE bots SET org_id = NULL WHERE id = 9');
      const both = await database.run('plan', '--tenant', 'Oak', ...textPair);
      assert.match(both.stdout, asks, both.stderr);
      await database.script('UPDATE bots SET live = false WHERE id = 9');
      const past = await database.run('plan', '--tenant', 'Oak', ...textPair);
      assert.doesNotMatch(past.stdout, /may mean/);
    });

  it('is not asked about because of a record, and what came after the plan refuses it', async () => {
    await database.script(
      `DELETE FROM bots WHERE id > 3; INSERT INTO bots (id, org_id, legacy) VALUES (9, 1, 'azure/gpt-4o')`,
    );
    const file = join(mkdtempSync(join(tmpdir(), 'drover-plan-')), 'plan.json');
    const plan = await database.run('plan', '--tenant', 'Elm', ...textPair, '--out', file);
    assert.doesNotMatch(plan.stdout, /may mean/, plan.stderr);
    await database.script(`INSERT INTO bots (id, org_id, engine) VALUES (10, 1, 'azure/gpt-4o')`);
    const apply = await database.run('apply', file, '--yes');
    assert.notEqual(apply.status, 0);
    assert.match(apply.stderr, /models of the same name/);
  });

  it('a run moves it where one provider alone is in use, and says partial', async () => {
    const run = await database.run('apply', '--all-tenants', ...textPair, '--leave-asks', '--yes');
    assert.match(run.stdout, /[Pp]artial/, run.stderr);
    const models = await database.rows('SELECT model FROM bots WHERE model IS NOT NULL ORDER BY id');
    assert.deepEqual(models.flat(), ['gpt-4o', 'gpt-4.1', 'gpt-4o']);
  });

  it('is warned of where a kind or an address beside it may tell servers apart, which no place compares', async () => {
    const nodes = (...kinds: string[]): string =>
      JSON.stringify(kinds.map((name) => ({ data: { name, modelName: 'gpt-4o' } })));
    const at = await smallDatabase(
      engine,
      `CREATE TABLE boxes (id int PRIMARY KEY, node_type text, note text, model text);
      CREATE TABLE calm (id int PRIMARY KEY, node_type text, note text, model text);
      CREATE TABLE flows (id int PRIMARY KEY, body text);
      CREATE TABLE links (id int PRIMARY KEY, setup jsonb, menu text[]);
      INSERT INTO boxes VALUES (1, 'lmChatOpenAi', NULL, 'gpt-4o'), (2, 'lmChatAzureOpenAi', NULL, 'gpt-4o'), (3, 'bedrock', NULL, 'o3');
      INSERT INTO calm VALUES (1, 'azure', NULL, 'gpt-4o'), (2, 'azure', 'not on bedrock', 'gpt-4o');
      INSERT INTO flows VALUES (1, '${nodes('chatOpenAI', 'azureChatOpenAI')}'), (2, '${nodes('chatOpenAI')}');
      INSERT INTO links VALUES (1, '{"url": "https://elm.openai.azure.com"}', '{gpt-4o}'), (2, '{}', '{gpt-4o}');`,
      `version: 1
model: { identity: [name] }
tenant: { root: none }
places:
  - { at: boxes.model }
  - { at: calm.model }
  - { at: flows.body, json: "/*/data/modelName" }
  - { at: links.menu, shape: list }
`,
    );
    const { stdout } = await at.run('plan', '--from', 'gpt-4o', '--to', 'gpt-4.1', '--json');
    const { findings } = JSON.parse(stdout) as { findings: { code: string; place: string; count: number }[] };
    const warned = findings.filter(({ code }) => code === 'SERVER_NOT_COMPARED');
    assert.deepEqual(
      warned.map(({ place, count }) => [place, count]),
      [
        ['boxes.model', 1],
        ['flows.body/*/data/modelName', 1],
        ['links.menu', 1],
      ],
    );
    await at.drop();
  });
});
