/** Models that are the labels of an enum, in columns and lists, move like texts. A model that the enum lacks breaks nothing. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';
import { movedRows } from './taken-back.ts';

const script = `
  CREATE TYPE llm AS ENUM ('gpt-4o', 'gpt-4.1', 'o3');
  CREATE TYPE old_llm AS ENUM ('gpt-4', 'o1');
  CREATE TYPE shouted AS ENUM ('GPT_4O');
  CREATE DOMAIN chosen_llm AS llm;
  CREATE TABLE firms (id int PRIMARY KEY, name text NOT NULL);
  CREATE TABLE bots (
    id int PRIMARY KEY, firm_id int NOT NULL REFERENCES firms, model llm NOT NULL, fallback chosen_llm,
    models llm[] NOT NULL DEFAULT '{}', older old_llm, engine shouted, UNIQUE (firm_id, model)
  );
  INSERT INTO firms VALUES (1, 'Fig'), (2, 'Hazel');
  INSERT INTO bots VALUES
    (1, 1, 'gpt-4o', 'gpt-4o', '{o3,gpt-4o}', 'gpt-4'), (2, 1, 'o3', NULL, '{gpt-4.1,gpt-4o}', NULL),
    (3, 2, 'gpt-4o', 'gpt-4o', '{gpt-4o}', 'o1');`;

const yaml = `
version: 1
model: { identity: [name] }
tenant: { root: firms, key: id, display: name, column: firm_id }
places:
  - at: bots.model
  - at: bots.fallback
  - at: bots.models
  - at: bots.older
`;

const rows = 'SELECT id, model, fallback, models::text, older FROM bots ORDER BY id';

oneEngine((engine) => {
  let small: SmallDatabase;
  before(async () => {
    small = await smallDatabase(engine, script, yaml);
  });
  after(() => small.drop());

  test('columns and lists of an enum move, and come back', async () => {
    const after = await movedRows(small, {
      from: 'gpt-4o',
      to: 'gpt-4.1',
      rows,
      options: ['--tenant', 'Fig'],
    });
    assert.deepEqual(after, [
      ['1', 'gpt-4.1', 'gpt-4.1', '{o3,gpt-4.1}', 'gpt-4'],
      ['2', 'o3', null, '{gpt-4.1}', null],
      ['3', 'gpt-4o', 'gpt-4o', '{gpt-4o}', 'o1'],
    ]);
  });

  test('what no place speaks of is accounted for, in columns, lists and other letters', async () => {
    small.configure(yaml.replace(/places:[^]*$/, ''));
    await small.script(`UPDATE bots SET engine = 'GPT_4O' WHERE id = 1`);
    const { stdout } = await small.run('plan', '--tenant', 'Fig', '--from', 'gpt-4o', '--to', 'gpt-4.1');
    for (const column of ['model', 'fallback', 'models/\\*', 'engine'])
      assert.match(stdout, new RegExp(`UNACCOUNTED: bots\\.${column} names`));
    await small.script('UPDATE bots SET engine = NULL');
    small.configure(yaml);
  });

  for (const [from, to] of [
    ['gpt-4', 'o3'],
    ['gpt-5', 'gpt-5.4'],
  ] as const)
    test(`a plan from ${from} to ${to}, of which an enum lacks one, is made`, async () => {
      const { stderr } = await small.run('plan', '--tenant', 'Fig', '--from', from, '--to', to);
      assert.doesNotMatch(stderr, /DATABASE_ERROR|22P02/);
    });
});
