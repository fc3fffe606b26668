/** A key-value table writes each setting in its own way: several places at one column move, each in the rows of its condition. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import { movedRows } from './taken-back.ts';

const schema = `
CREATE TABLE settings (key text PRIMARY KEY, value jsonb, note text);
INSERT INTO settings VALUES
  ('order', '["gpt-4o","x"]', 'gpt-4o,x'),
  ('main', '"gpt-4o"', 'gpt-4o'),
  ('limits', '{"gpt-4o": 5}', '{"model": "gpt-4o"}'),
  ('words', '"--model=gpt-4o"', 'model: gpt-4o'),
  ('log', '"gpt-4o"', 'gpt-4o');
`;

const config = `
version: 1
model: { identity: [name] }
tenant: { root: none }
places:
  - { at: settings.value, json: "", shape: list, live: key = 'order' }
  - { at: settings.value, json: "", live: key = 'main' }
  - { at: settings.value, json: "/~key", live: key = 'limits' }
  - { at: settings.value, json: "", shape: inside, live: key = 'words' }
  - { at: settings.note, shape: comma, live: key = 'order' }
  - { at: settings.note, live: key = 'main' }
  - { at: settings.note, json: /model, live: key = 'limits' }
  - { at: settings.note, shape: inside, live: key = 'words' }
`;

oneEngine((engine) => {
  test('each shape moves in its own rows and is taken back', async () => {
    const small = await smallDatabase(engine, schema, config);
    try {
      const checked = await small.run('config', 'check');
      assert.equal(checked.status, 0, checked.stdout + checked.stderr);
      const query = `SELECT key, value::text, note FROM settings WHERE key <> 'log' ORDER BY key`;
      const before = await small.rows(query);
      const after = await movedRows(small, { from: 'gpt-4o', to: 'gpt-5', rows: query });
      assert.deepEqual(
        after,
        before.map((row) => row.map((cell) => cell?.replaceAll('gpt-4o', 'gpt-5') ?? null)),
      );
      assert.deepEqual(await small.rows(`SELECT value::text, note FROM settings WHERE key = 'log'`), [
        ['"gpt-4o"', 'gpt-4o'],
      ]);
    } finally {
      await small.drop();
    }
  });

  test('each value has one account', async () => {
    const small = await smallDatabase(engine, `${schema} DELETE FROM settings WHERE key = 'log';`, config);
    try {
      const { stdout } = await small.run('plan', '--from', 'gpt-4o', '--to', 'gpt-5');
      assert.match(stdout, /\n8 occurrences: 8 move\.\nComplete/);
    } finally {
      await small.drop();
    }
  });

  test('what is ignored, forbidden or past in some rows says nothing of the others', async () => {
    const notes = `CREATE TABLE notes (key text PRIMARY KEY, note text); INSERT INTO notes VALUES
      ('main', 'gpt-4o'), ('title', 'gpt-4o'), ('blocked', 'o3,gpt-4o'), ('old', 'openai/gpt-4o'),
      ('greeting', '{"a": "gpt-4o"}'), ('choices', 'gpt-5;o3');`;
    const places = `
version: 1
model: { identity: [name] }
tenant: { root: none }
places:
  - { at: notes.note, live: key = 'main' }
  - { at: notes.note, role: ignore, live: key = 'title' }
  - { at: notes.note, role: history, live: key = 'old' }
  - { at: notes.note, shape: comma, role: deny, live: key = 'blocked' }
`;
    const small = await smallDatabase(engine, notes, places);
    try {
      const { stdout } = await small.run('plan', '--from', 'gpt-4o', '--to', 'gpt-5');
      assert.match(stdout, /ASK_OPEN: notes\.note\/a: it is written in a way that the place does not move/);
      assert.match(stdout, /\n4 occurrences: 1 moves, 1 is history, 1 is asked about, 1 is kept\./);
      assert.doesNotMatch(stdout, /TARGET_DENIED/);
    } finally {
      await small.drop();
    }
  });

  test('a row that no condition claims is counted once, and no word about other rows settles it', async () => {
    const notes = `CREATE TABLE notes (key text PRIMARY KEY, note text); INSERT INTO notes VALUES
      ('main', 'gpt-4o'), ('bot', '{"model": "gpt-4o"}'), ('hint', 'gpt-4o'), ('old', 'gpt-4o'),
      ('older', '{"model": "gpt-4o"}'), ('tag', 'custom:gpt-4o'), ('cut', '{"model": "gpt-4o"');`;
    const places = `
version: 1
model: { identity: [name] }
tenant: { root: none }
places:
  - { at: notes.note, live: key = 'main' }
  - { at: notes.note, json: /model, live: key = 'bot' }
  - { at: notes.note, json: /other, live: key = 'other' }
  - { at: notes.note, role: prose, live: key = 'hint' }
`;
    const small = await smallDatabase(engine, notes, places);
    try {
      const plan = async (): Promise<string> =>
        (await small.run('plan', '--from', 'gpt-4o', '--to', 'gpt-5')).stdout;
      assert.match(await plan(), /\n7 occurrences: 2 move, 4 are history, 1 is a mention\./);
      // What is said of one row as prose leaves the others open.
      small.configure(places.replace(/.*live: key = '(?:main|bot|other)'.*\n/g, ''));
      assert.match(await plan(), /\n7 occurrences: 2 are asked about, 1 is a mention, 4 are unaccounted\./);
    } finally {
      await small.drop();
    }
  });
});
