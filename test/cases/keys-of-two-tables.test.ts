/** A key means nothing without its table: two tables of models may both have a model 1, and only one of them is meant. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

const twoSchemas = `
  CREATE SCHEMA alder; CREATE SCHEMA birch;
  CREATE TABLE alder.models (id int PRIMARY KEY, name text NOT NULL, provider text NOT NULL);
  CREATE TABLE alder.agents (id int PRIMARY KEY, title text, model_id int NOT NULL REFERENCES alder.models);
  CREATE TABLE birch.models (id int PRIMARY KEY, name text NOT NULL, provider text NOT NULL);
  CREATE TABLE birch.agents (id int PRIMARY KEY, title text, model_id int NOT NULL REFERENCES birch.models);
  INSERT INTO alder.models VALUES (1, 'gpt-4o', 'openai'), (2, 'gpt-4.1', 'openai');
  INSERT INTO birch.models VALUES (1, 'o3', 'openai'), (2, 'claude-sonnet-4-6', 'anthropic');
  INSERT INTO alder.agents VALUES (1, 'A', 1);
  INSERT INTO birch.agents VALUES (1, 'B', 1);`;

const twoTables = `
version: 1
database: { schemas: [alder, birch] }
model:
  tables:
    - { table: alder.models, columns: { name: name, provider: provider } }
    - { table: birch.models, columns: { name: name, provider: provider } }
tenant: { root: none }
places: [{ at: alder.agents.model_id }, { at: birch.agents.model_id }]`;

oneEngine((engine) => {
  describe('two schemas with models of their own, written by hand', () => {
    let database: SmallDatabase;
    before(async () => (database = await smallDatabase(engine, twoSchemas, twoTables)));
    after(() => database.drop());
    const agents = (): Promise<(string | null)[][]> =>
      database.rows('SELECT model_id FROM alder.agents UNION ALL SELECT model_id FROM birch.agents');

    it('moves the row of the table that has the source, and no other row with that number', async () => {
      const applied = await database.run('apply', '--from', 'gpt-4o', '--to', 'gpt-4.1', '--yes');
      assert.equal(applied.status, 0, applied.stderr);
      assert.deepEqual(await agents(), [['2'], ['1']]);
    });

    it('takes back what it moved', async () => {
      const history = await database.run('history', '--json');
      const [{ id }] = (JSON.parse(history.stdout) as { migrations: [{ id: string }] }).migrations;
      const undone = await database.run('rollback', id, '--yes');
      assert.equal(undone.status, 0, undone.stderr);
      assert.deepEqual(await agents(), [['1'], ['1']]);
    });

    it('asks which one a key means that both tables have, and takes the table with the key', async () => {
      const unclear = await database.run('plan', '--from', '1', '--to', '2');
      assert.equal(unclear.status, 1);
      assert.match(unclear.stderr, /\[alder\.models\/1\].*\[birch\.models\/1\].*table\/key/s);
      const clear = await database.run('apply', '--from', 'birch.models/1', '--to', '2', '--yes');
      assert.equal(clear.status, 0, clear.stderr);
      assert.deepEqual(await agents(), [['1'], ['2']]);
    });

    it('tells of the key where no place is: in a document, and in a text that is called after models', async () => {
      await database.script(`CREATE TABLE alder.notes (id int PRIMARY KEY, doc jsonb, model_pick text);
        INSERT INTO alder.notes VALUES (1, '{"model_id": 1}', NULL), (2, NULL, '1'), (3, '{"model_id": 10}', '11')`);
      const { stdout } = await database.run('plan', '--from', 'alder.models/1', '--to', 'gpt-4.1');
      for (const place of ['doc/model_id', 'model_pick'])
        assert.match(stdout, new RegExp(`1 row of notes\\.${place} \\(ask`), stdout);
    });
  });

  describe('a number without a foreign key, where two tables hold models of one kind', () => {
    const script = `
      CREATE TABLE hosted (id int PRIMARY KEY, name text); CREATE TABLE local (id int PRIMARY KEY, name text);
      CREATE TABLE bots (id int PRIMARY KEY, model_id int, settings jsonb);
      INSERT INTO hosted VALUES (1, 'gpt-4o'), (2, 'gpt-4.1'); INSERT INTO local VALUES (1, 'llama-3'), (2, 'llama-4');
      INSERT INTO bots VALUES (1, 1, '{"model": 1}'), (2, 2, '{"model": 2}');`;
    const configuration = (place: string): string => `
version: 1
model: { tables: [{ table: hosted, columns: { name: name } }, { table: local, columns: { name: name } }] }
tenant: { root: none }
places: [{ at: bots.model_id${place} }, { at: bots.settings, json: /model, as: key, models: local }]`;
    let database: SmallDatabase;
    before(async () => (database = await smallDatabase(engine, script, configuration(''))));
    after(() => database.drop());

    it('is refused with the way out', async () => {
      const checked = await database.run('config', 'check');
      assert.equal(checked.status, 1);
      assert.match(checked.stdout + checked.stderr, /bots\.model_id.*hosted and local.*"models"/s);
    });

    it('means the table that the place names', async () => {
      database.configure(configuration(', models: hosted'));
      assert.equal((await database.run('config', 'check')).status, 0);
      const applied = await database.run('apply', '--from', 'gpt-4o', '--to', 'gpt-4.1', '--yes');
      assert.equal(applied.status, 0, applied.stdout + applied.stderr);
      assert.deepEqual(await database.rows('SELECT model_id, settings::text FROM bots ORDER BY id'), [
        ['2', '{"model": 1}'],
        ['2', '{"model": 2}'],
      ]);
    });
  });

  describe('tenants with two tables of models each', () => {
    const script = `
      CREATE TABLE orgs (id int PRIMARY KEY, name text);
      CREATE TABLE chat_models (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, name text);
      CREATE TABLE code_models (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, name text);
      CREATE TABLE bots (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, chat_id int REFERENCES chat_models,
        code_id int REFERENCES code_models);
      INSERT INTO orgs VALUES (1, 'Elm'), (2, 'Oak');
      INSERT INTO chat_models VALUES (1, 1, 'gpt-4o'), (2, 1, 'gpt-4.1'), (3, 2, 'gpt-4o'), (4, 2, 'gpt-4.1');
      INSERT INTO code_models VALUES (1, 1, 'o3'), (2, 1, 'gpt-4.1'), (3, 2, 'o3'), (4, 2, 'gpt-4.1');
      INSERT INTO bots VALUES (1, 1, 1, 1), (2, 2, 3, 3);`;
    const configuration = `
version: 1
model: { tables: [{ table: chat_models, columns: { name: name } }, { table: code_models, columns: { name: name } }] }
tenant: { root: orgs, column: org_id, display: name }
places: [{ at: bots.chat_id }, { at: bots.code_id }]`;
    let database: SmallDatabase;
    before(async () => (database = await smallDatabase(engine, script, configuration)));
    after(() => database.drop());

    it('are moved by a run within the table of the source', async () => {
      const run = await database.run(
        'apply',
        '--all-tenants',
        '--from',
        'gpt-4o',
        '--to',
        'gpt-4.1',
        '--yes',
      );
      assert.equal(run.status, 0, run.stdout + run.stderr);
      assert.deepEqual(await database.rows('SELECT chat_id, code_id FROM bots ORDER BY id'), [
        ['2', '1'],
        ['4', '3'],
      ]);
    });
  });
});
