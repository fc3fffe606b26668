/** `live: newest by PARENT, ORDER`: the highest version of each parent moves, the others are history, and it is judged before the first step. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';
import { movedRows } from './taken-back.ts';

const script = `
  CREATE TABLE firms (id int PRIMARY KEY, name text NOT NULL);
  CREATE TABLE prompts (id int PRIMARY KEY, firm_id int NOT NULL REFERENCES firms);
  CREATE TABLE versions (id int PRIMARY KEY, prompt_id int REFERENCES prompts, part text, "Version" int, body jsonb, model text);
  INSERT INTO firms VALUES (1, 'Alder'), (2, 'Birch');
  INSERT INTO prompts VALUES (1, 1), (2, 1), (3, 2);
  INSERT INTO versions SELECT n, p, part, v, jsonb_build_object('model', 'gpt-4o'), 'gpt-4o' FROM (VALUES
    (1, 1, 'a', 1), (2, 1, 'a', 2), (3, 1, 'a', 3), (4, 1, 'b', 1), (5, 2, 'a', NULL), (6, 2, 'a', 7), (7, 2, NULL, 1), (8, 2, NULL, 2),
    (9, 3, 'a', 9)) s (n, p, part, v);`;

const yaml = (order: string): string => `version: 1
model: { identity: [name] }
tenant: { root: firms, key: id, display: name, column: firm_id }
places:
  - { at: versions.model, live: 'newest by prompt_id, part, ${order}' }
  - { at: versions.body, json: /model, live: 'newest by prompt_id, part, ${order}' }
`;

oneEngine((engine) => {
  let small: SmallDatabase;
  before(async () => (small = await smallDatabase(engine, script, yaml('"Version"'))));
  after(() => small.drop());

  it('moves the highest of each parent, in a column and in a document, and takes that back', async () => {
    const moved = await movedRows(small, {
      from: 'gpt-4o',
      to: 'gpt-4.1',
      rows: `SELECT id, model = 'gpt-4.1' AS a, body->>'model' = 'gpt-4.1' AS b FROM versions ORDER BY id`,
      options: ['--tenant', 'Alder'],
    });
    const newest = moved.flatMap(([id, inColumn, inDocument]) => {
      assert.equal(inColumn, inDocument);
      return inColumn === 'true' ? [id] : [];
    });
    assert.deepEqual(newest, ['3', '4', '6', '8']);
  });

  it('a column that is not there, or that has no order, is an error of config check', async () => {
    small.configure(yaml('none'));
    const missing = await small.run('config', 'check');
    assert.match(missing.stderr, /places\[0\]\.live: public\.versions has no column none/);
    small.configure(yaml('body').replace('jsonb', 'json'));
    await small.script('ALTER TABLE versions ALTER COLUMN body TYPE json');
    const unordered = await small.run('config', 'check');
    assert.match(unordered.stderr, /places\[0\]\.live: the rows cannot be put in order by versions\.body/);
  });
});
