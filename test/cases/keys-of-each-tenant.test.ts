/**
 * Each tenant has keys of its own: in names of members, in JSON in strings and in texts a batch moves each tenant's by its own, and
 * where no place is each tenant is told of its own.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';

const key = (tenant: number, model: number): string => `0000000${tenant}-0000-4000-8000-00000000000${model}`;

const schema = `
CREATE TABLE orgs (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE models (id uuid PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, name text NOT NULL);
CREATE TABLE teams (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, limits jsonb, body jsonb, flow text, args text[]);
CREATE TABLE memos (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, body text, doc jsonb, note text);
INSERT INTO orgs VALUES (1, 'Alder'), (2, 'Birch'), (3, 'Cedar');
${[1, 2, 3]
  .map(
    (n) => `
INSERT INTO models VALUES ('${key(n, 1)}', ${n}, 'gpt-4o'), ('${key(n, 2)}', ${n}, 'gpt-4.1');
INSERT INTO teams VALUES (${n}, ${n}, '{"${key(n, 1)}": ${n}, "x": 0}', '{"s": "{\\"m\\":\\"${key(n, 1)}\\"}"}',
  'model=${key(n, 1)}', '{--model=${key(n, 1)}}');`,
  )
  .join('')}
`;

/** Of each tenant a key in capitals within a text, a name that a document in a document and one that a text writes with an escape. */
const memos = [1, 2, 3]
  .map(
    (n) => `INSERT INTO memos VALUES (${n}, ${n}, 'see ${key(n, 1).toUpperCase()}!', NULL, NULL),
    (${n + 3}, ${n}, NULL, '{"in": "{\\"m\\": \\"\\\\u0067pt-4o\\"}"}', NULL), (${n + 6}, ${n}, NULL, NULL, '{"m": "gpt\\u002d4o"}');`,
  )
  .join('\n');

const config = `
version: 1
model: { tables: [{ table: models, columns: { name: name, tenant: org_id } }] }
tenant: { root: orgs, key: id, display: name, column: org_id }
places:
  - { at: teams.limits, json: "/~key", as: key }
  - { at: teams.body, json: "/s/~json/m", as: key }
  - { at: teams.flow, shape: inside, as: key }
  - { at: teams.args, shape: inside, as: key }
`;

oneEngine((engine) => {
  test('all tenants move together, each to its own key', async () => {
    const small = await smallDatabase(engine, schema, config);
    try {
      const checked = await small.run('config', 'check');
      assert.equal(checked.status, 0, checked.stdout + checked.stderr);
      const query = 'SELECT id, limits::text, body::text, flow, args::text FROM teams ORDER BY id';
      const before = await small.rows(query);
      const done = await small.run('apply', '--all-tenants', '--from', 'gpt-4o', '--to', 'gpt-4.1', '--yes');
      assert.equal(done.status, 0, done.stdout + done.stderr);
      const expected = before.map((row) => {
        const n = Number(row[0]);
        return row.map((cell) => cell?.replaceAll(key(n, 1), key(n, 2)) ?? null);
      });
      assert.deepEqual(await small.rows(query), expected);
      const [[run]] = (await small.rows('SELECT id::text FROM drover.runs')) as [[string]];
      const undone = await small.run('runs', 'rollback', run, '--yes');
      assert.equal(undone.status, 0, undone.stdout + undone.stderr);
      assert.deepEqual(await small.rows(query), before);

      await small.script(memos);
      const move = ['--from', 'gpt-4o', '--to', 'gpt-4.1'];
      for (const whose of [['--tenant', '2'], ['--all-tenants']]) {
        const { stdout } = await small.run('plan', ...move, ...whose);
        for (const column of ['body', 'doc', 'note'])
          assert.match(stdout, new RegExp(`memos\\.${column}`), stdout);
      }
    } finally {
      await small.drop();
    }
  });
});
