/** A limit that is kept under the name of a model moves with the model, and never takes the place of another limit. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';
import { movedRows } from './taken-back.ts';

const schema = `
CREATE TABLE orgs (id text PRIMARY KEY, name text NOT NULL);
CREATE TABLE teams (id text PRIMARY KEY, org_id text NOT NULL REFERENCES orgs, limits jsonb NOT NULL DEFAULT '{}', raw json, note text);
INSERT INTO orgs VALUES ('a', 'Alder'), ('b', 'Birch');
INSERT INTO teams VALUES
  ('t1', 'a', '{"gpt-4o": {"limit": 50, "period": "30d"}, "gpt-4o-mini": {"limit": 5}}',
    '{ "z":1,"gpt-4o" : 2.50 , "a":"gpt-4o" }', '{"by model": {"gpt\\u002d4o": [1]}}'),
  ('t2', 'a', '{}', '{}', '{"by model": {}}'),
  ('t3', 'b', '{"gpt-4o": 1}', '{"gpt-4o": 1}', '{"by model": {"gpt-4o": 1}}');
`;

const head = `
version: 1
model: { identity: [name] }
tenant: { root: orgs, key: id, display: name, column: org_id }
places:
`;
const places = `${head}
  - { at: teams.limits, json: "/~key" }
  - { at: teams.raw, json: "/~key" }
  - { at: teams.raw, json: /a }
  - { at: teams.note, json: "/by model/~key" }
`;

const query = 'SELECT limits::text, raw::text, note FROM teams ORDER BY id';
const move = { from: 'gpt-4o', to: 'gpt-4.1', rows: query, options: ['--tenant', 'Alder'] };

oneEngine((engine) => {
  async function withTeams(yaml: string, use: (small: SmallDatabase) => Promise<void>): Promise<void> {
    const small = await smallDatabase(engine, schema, yaml);
    try {
      await use(small);
    } finally {
      await small.drop();
    }
  }

  test('the member gets the name of the target where it stands, and its old name back', async () => {
    await withTeams(places, async (small) => {
      assert.equal((await small.run('config', 'check')).status, 0);
      const before = await small.rows(query);
      const after = await movedRows(small, move);
      assert.deepEqual(after, [
        [
          '{"gpt-4.1": {"limit": 50, "period": "30d"}, "gpt-4o-mini": {"limit": 5}}',
          '{ "z":1,"gpt-4.1" : 2.50 , "a":"gpt-4.1" }',
          '{"by model": {"gpt-4.1": [1]}}',
        ],
        before[1],
        before[2],
      ]);
    });
  });

  const both = `UPDATE teams SET limits = '{"gpt-4o": 1, "gpt-4.1": 2}' WHERE id = 't1'`;

  test('a member with the name of the target already is a question, and no answer loses a limit', async () => {
    await withTeams(places, async (small) => {
      await small.script(both);
      const words = ['--from', 'gpt-4o', '--to', 'gpt-4.1', '--tenant', 'Alder'];
      for (const answer of [[], ['--answer', 'teams.limits/~key=move']]) {
        const plan = await small.run('plan', ...words, ...answer);
        assert.notEqual(plan.status, 0);
        assert.match(plan.stdout, /teams\.limits\/~key.*name of the target already/s);
      }
      const applied = await small.run('apply', ...words, '--leave-asks', '--yes');
      assert.equal(applied.status, 0, applied.stderr);
      const [first] = await small.rows(query);
      assert.equal(first?.[0], '{"gpt-4o": 1, "gpt-4.1": 2}');
      assert.match(first?.[1] ?? '', /"gpt-4\.1" : 2\.50/);
    });
  });

  test('the configuration may say that the member of the target stays, or that both do', async () => {
    const dropping = places.replace(
      'limits, json: "/~key"',
      'limits, json: "/~key", collision: drop-redundant',
    );
    await withTeams(dropping, async (small) => {
      await small.script(both);
      const [first] = await movedRows(small, move);
      assert.equal(first?.[0], '{"gpt-4.1": 2}');
    });
    await withTeams(
      places.replace('limits, json: "/~key"', 'limits, json: "/~key", collision: skip'),
      async (small) => {
        await small.script(both);
        const [first] = await movedRows(small, move);
        assert.equal(first?.[0], '{"gpt-4o": 1, "gpt-4.1": 2}');
      },
    );
  });
});
