/** A name inside a text that programs read moves where a place says so; each text keeps how it writes the name, and all else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import { movedRows } from './taken-back.ts';

const old = 'claude-sonnet-4-20250514';
const next = 'claude-sonnet-4-5-20250929';

const schema = `
CREATE TABLE spaces (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE bots (id int PRIMARY KEY, space_id int NOT NULL REFERENCES spaces, model text, extra jsonb NOT NULL DEFAULT '[]',
  args text[], env text, flow text);
INSERT INTO spaces VALUES (1, 'Alder'), (2, 'Birch');
INSERT INTO bots VALUES
  (1, 1, '${old}', '[]', NULL, NULL, NULL),
  (2, 1, 'anthropic/${old}', '[]', NULL, NULL, NULL),
  (3, 1, NULL, '["--model", "${old}", "--max-turns", "50"]', '{--model,${old}}', 'MODEL=${old}', E'model: ${old}\\n'),
  (4, 1, NULL, '["--model=${old}"]', '{--model=anthropic/${old}}', E'A=1\\nMODEL="anthropic/${old}" # ${old}.\\n',
    E'steps:\\n- model: {vendor: anthropic, name: ${old}}\\n- model: ${old}-fast\\n'),
  (5, 1, NULL, '["${old}x"]', '{${old}-x}', 'MODEL=my.${old}', E'model: ${old}_2\\n'),
  (6, 2, '${old}', '["--model=${old}"]', '{${old}}', 'MODEL=${old}', 'model: ${old}');
`;

const config = `
version: 1
model: { identity: [name] }
tenant: { root: spaces, key: id, display: name, column: space_id }
places:
  - { at: bots.model, also: ["anthropic/{name}"] }
  - { at: bots.extra, json: "/*", shape: inside }
  - { at: bots.args, shape: inside }
  - { at: bots.env, shape: inside }
  - { at: bots.flow, shape: inside }
`;

oneEngine((engine) => {
  test('arguments, settings and YAML move by the name alone and are taken back', async () => {
    const small = await smallDatabase(engine, schema, config);
    try {
      assert.equal((await small.run('config', 'check')).status, 0);
      const query = 'SELECT id, model, extra::text, args::text, env, flow FROM bots ORDER BY id';
      const before = await small.rows(query);
      const after = await movedRows(small, {
        from: old,
        to: next,
        rows: query,
        options: ['--tenant', 'Alder'],
      });
      const expected = before.map((row) => {
        if (row[0] === '5' || row[0] === '6') return row;
        return row.map((cell) => cell?.replaceAll(new RegExp(`${old}(?!-fast)`, 'g'), next) ?? null);
      });
      assert.deepEqual(after, expected);
    } finally {
      await small.drop();
    }
  });

  test('a text that no place speaks of stays as it is', async () => {
    const small = await smallDatabase(engine, schema, config.slice(0, config.indexOf('  - { at: bots.flow')));
    try {
      const query = 'SELECT flow FROM bots ORDER BY id';
      const before = await small.rows(query);
      await small.run('apply', '--from', old, '--to', next, '--tenant', 'Alder', '--yes');
      assert.deepEqual(await small.rows(query), before);
    } finally {
      await small.drop();
    }
  });
});
