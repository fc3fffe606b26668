/** Padded columns, domains, and lists of short texts and of documents are places like any other, and nothing is cut. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';
import { movedRows } from './taken-back.ts';

const script = `
  CREATE DOMAIN model_name AS varchar(30) CHECK (VALUE <> '');
  CREATE DOMAIN padded_name AS char(24);
  CREATE TABLE firms (id int PRIMARY KEY, name text NOT NULL);
  CREATE TABLE bots (
    code char(6) PRIMARY KEY, firm_id int NOT NULL REFERENCES firms, padded char(20), deep padded_name, named model_name,
    short varchar(8)[], names model_name[], blanks char(12)[], steps jsonb[], notes json[]
  );
  INSERT INTO firms VALUES (1, 'Fig'), (2, 'Hazel');
  INSERT INTO bots VALUES
    ('a', 1, 'gpt-4o', 'gpt-4o', 'gpt-4o', '{o3,gpt-4o}', '{gpt-4o}', '{gpt-4o,o3}',
     ARRAY['{"model": "gpt-4o", "n": 1}', NULL, 'null', '{"model": "o3"}']::jsonb[],
     ARRAY['{"model":  "gpt-4o", "n": 1.0}', NULL]::json[]),
    ('b', 1, 'gpt-4o-mini', 'o3', NULL, '{}', NULL, NULL, NULL, '{}'),
    ('c', 2, 'gpt-4o', 'gpt-4o', 'gpt-4o', '{gpt-4o}', '{gpt-4o}', '{gpt-4o}', ARRAY['{"model": "gpt-4o"}']::jsonb[], NULL);`;

const yaml = `
version: 1
model: { identity: [name] }
tenant: { root: firms, key: id, display: name, column: firm_id }
places:
  - at: bots.padded
  - at: bots.deep
  - at: bots.named
  - at: bots.short
  - at: bots.names
  - at: bots.blanks
  - { at: bots.steps, json: /*/model }
  - { at: bots.notes, json: /*/model }
`;

const rows = `SELECT code::text, padded::text, deep::text, named, short::text, names::text, blanks::text, steps::text, notes::text
  FROM bots ORDER BY code`;

oneEngine((engine) => {
  let small: SmallDatabase;
  before(async () => {
    small = await smallDatabase(engine, script, yaml);
  });
  after(() => small.drop());

  test('every column moves, and comes back to the letter', async () => {
    const before = await small.rows(rows);
    const after = await movedRows(small, {
      from: 'gpt-4o',
      to: 'gpt-4.1',
      rows,
      options: ['--tenant', 'Fig'],
    });
    const [moved, ...others] = after;
    assert.deepEqual(moved, [
      'a',
      'gpt-4.1',
      'gpt-4.1',
      'gpt-4.1',
      '{o3,gpt-4.1}',
      '{gpt-4.1}',
      '{"gpt-4.1     ","o3          "}',
      String.raw`{"{\"n\": 1, \"model\": \"gpt-4.1\"}",NULL,"null","{\"model\": \"o3\"}"}`,
      String.raw`{"{\"model\":  \"gpt-4.1\", \"n\": 1.0}",NULL}`,
    ]);
    assert.deepEqual(others, before.slice(1));
  });

  test('a name that is too long for a list is refused, and not cut', async () => {
    const before = await small.rows(rows);
    const long = ['--from', 'gpt-4o', '--to', 'gpt-4.1-mini', '--yes'];
    const outcome = await small.run('apply', '--tenant', 'Fig', ...long);
    assert.notEqual(outcome.status, 0);
    assert.deepEqual(await small.rows(rows), before);
  });
});
