/** A list says an order of preference, whatever it is written in: the target stands where the first of source and target stood, once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import { movedRows } from './taken-back.ts';

const schema = `
CREATE TABLE orgs (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE routes (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, names text[] NOT NULL, doc jsonb, commas text, bars text);
INSERT INTO orgs VALUES (1, 'Alder'), (2, 'Birch');
INSERT INTO routes VALUES
  (1, 1, '{gpt-4o,gpt-4o}', '{"order":"gpt-4o,mini","any":"x|gpt-4o"}', 'gpt-4o,gpt-4o', 'gpt-4o|gpt-4o'),
  (2, 1, '{gpt-4.1,gpt-4o}', '{"order":"gpt-4.1, gpt-4o","any":"gpt-4o"}', 'gpt-4.1, gpt-4o', 'gpt-4.1 | gpt-4o'),
  (3, 1, '{gpt-4o,mini,gpt-4.1,mini}', '{"order":" gpt-4o , mini,gpt-4.1,mini","any":"mini"}', 'gpt-4o, mini, gpt-4.1',
    'gpt-4o|mini|gpt-4.1'),
  (4, 1, '{mini,mini}', NULL, 'mini,mini', 'gpt-4o-mini|x'),
  (5, 2, '{gpt-4o}', '{"order":"gpt-4o"}', 'gpt-4o', 'gpt-4o');
`;

const config = `
version: 1
model: { identity: [name] }
tenant: { root: orgs, key: id, display: name, column: org_id }
places:
  - { at: routes.names, shape: list }
  - { at: routes.doc, json: /order, shape: comma }
  - { at: routes.doc, json: /any, shape: bars }
  - { at: routes.commas, shape: comma }
  - { at: routes.bars, shape: bars }
`;

oneEngine((engine) => {
  test('arrays, documents and texts keep their order and get it back', async () => {
    const small = await smallDatabase(engine, schema, config);
    try {
      assert.equal((await small.run('config', 'check')).status, 0);
      const query = `SELECT names::text, doc::text, commas, bars FROM routes ORDER BY id`;
      const after = await movedRows(small, {
        from: 'gpt-4o',
        to: 'gpt-4.1',
        rows: query,
        options: ['--tenant', 'Alder'],
      });
      assert.deepEqual(after, [
        ['{gpt-4.1}', '{"any": "x|gpt-4.1", "order": "gpt-4.1,mini"}', 'gpt-4.1', 'gpt-4.1'],
        ['{gpt-4.1}', '{"any": "gpt-4.1", "order": "gpt-4.1"}', 'gpt-4.1', 'gpt-4.1'],
        [
          '{gpt-4.1,mini,mini}',
          '{"any": "mini", "order": " gpt-4.1 , mini,mini"}',
          'gpt-4.1, mini',
          'gpt-4.1|mini',
        ],
        ['{mini,mini}', null, 'mini,mini', 'gpt-4o-mini|x'],
        ['{gpt-4o}', '{"order": "gpt-4o"}', 'gpt-4o', 'gpt-4o'],
      ]);
    } finally {
      await small.drop();
    }
  });
});
