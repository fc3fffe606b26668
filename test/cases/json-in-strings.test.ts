/** A document that a string of another document holds is reached by `~json`, to any depth, and nothing else changes a byte. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import { movedRows } from './taken-back.ts';

const inner = String.raw`{"detail":"{\"model\" : \"gpt-4o\", \"n\":1.50}"}`;
const spelled = String.raw`{"detail" :  "\u007b\"mod\u0065l\":\"\u0067pt-4o\",\"t\":\"\u0041\"}" }`;
const twice = String.raw`{"a":"{\"b\":\"[{\\\"model\\\":\\\"gpt-4o\\\"},{\\\"model\\\":\\\"x\\\"}]\"}"}`;

const schema = `
CREATE TABLE events (id int PRIMARY KEY, body jsonb, raw json, note text, args text[]);
INSERT INTO events VALUES
  (1, '${inner}', '${spelled}', '${twice}', ARRAY['{"model": "gpt-4o"}', 'x', NULL]),
  (2, '{"detail":"no document, gpt-4o-mini"}', '{"detail":{"model":"x"}}', '{}', '{}'),
  (3, '"{\\"model\\":\\"gpt-4o\\"}"', NULL, NULL, NULL);
`;

const config = `
version: 1
model: { identity: [name] }
tenant: { root: none }
places:
  - { at: events.body, json: /detail/~json/model }
  - { at: events.body, json: /~json/model }
  - { at: events.raw, json: /detail/~json/model }
  - { at: events.note, json: "/a/~json/b/~json/*/model" }
  - { at: events.args, json: "/*/~json/model" }
`;

oneEngine((engine) => {
  test('moves in json, jsonb, text and arrays, and is taken back to the same bytes', async () => {
    const small = await smallDatabase(engine, schema, config);
    try {
      assert.equal((await small.run('config', 'check')).status, 0);
      const query = 'SELECT body::text, raw::text, note, args::text FROM events ORDER BY id';
      const before = await small.rows(query);
      const after = await movedRows(small, {
        from: 'gpt-4o',
        to: 'gpt-"5',
        rows: query,
        options: ['--allow-unknown', '--reason', 'quotes'],
      });
      const [body = '', raw = '', note = '', args = ''] = after[0] ?? [];
      assert.equal(body, before[0]?.[0]?.replace('gpt-4o', String.raw`gpt-\\\"5`));
      assert.equal(raw, spelled.replace(String.raw`\u0067pt-4o`, String.raw`gpt-\\\"5`));
      assert.equal(note, twice.replace('gpt-4o', String.raw`gpt-\\\\\\\"5`));
      assert.match(args ?? '', /gpt-/);
      assert.deepEqual(JSON.parse(JSON.parse(body ?? '').detail as string), { model: 'gpt-"5', n: 1.5 });
      assert.deepEqual(after[1], before[1]);
      assert.equal(after[2]?.[0], String.raw`"{\"model\":\"gpt-\\\"5\"}"`);
    } finally {
      await small.drop();
    }
  });

  test('the pointer that a message prints can be pasted into the configuration', async () => {
    const small = await smallDatabase(engine, schema, config.slice(0, config.indexOf('places:')));
    try {
      const refused = await small.run('plan', '--from', 'gpt-4o', '--to', 'gpt-5');
      assert.match(refused.stdout + refused.stderr, /\/detail\/~json\/model/);
      assert.match(refused.stdout + refused.stderr, /\/a\/~json\/b\/~json\/\*\/model/);
    } finally {
      await small.drop();
    }
  });
});
