/** Names inside of texts of another form, such as YAML, are occurrences: they are asked about, and nothing is complete before. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';

const script = `
CREATE TABLE helpers (id int PRIMARY KEY, model text);
CREATE TABLE recipes (id int PRIMARY KEY, body text);
CREATE TABLE launches (id int PRIMARY KEY, command text, image bytea, sheet xml);
CREATE TABLE letters (id int PRIMARY KEY, body text);
INSERT INTO helpers VALUES (1, 'gpt-4o');
INSERT INTO recipes VALUES (1, E'steps:\\n- model: {vendor: openai, name: gpt-4o}\\n'), (2, E'model: gpt-4o\\n'), (3, E'model: gpt-4o-mini\\n');
INSERT INTO letters VALUES (1, 'We asked gpt-4o about the harvest and it told us that the weather of the year before was much better.'),
  (2, 'The harvest was good, and nobody asked anybody about it, so that there is nothing more to be told of it.');`;

const config = `
version: 1
model: { identity: [name] }
tenant: { root: none }
places: [ { at: helpers.model } ]`;

const move = ['--from', 'gpt-4o', '--to', 'gpt-4.1'];

oneEngine((engine) => {
  test('configuration in a text is asked about, and running text is counted', async () => {
    const db = await smallDatabase(engine, script, config);
    const plan = await db.run('plan', ...move);
    assert.match(
      plan.stdout,
      /error +ASK_OPEN: recipes\.body: the name stands inside a longer text \(2 rows\)/,
    );
    assert.match(
      plan.stdout,
      /4 occurrences: 1 moves, 2 are asked about, 1 is a mention\.\nPartial: 2 occurrences/,
    );
    assert.match(plan.stdout, /MENTIONED: 1 row of letters\.body/);
    assert.doesNotMatch(plan.stdout, /Complete/);
    assert.equal((await db.run('apply', ...move, '--yes')).status, 1);
    const left = await db.run('apply', ...move, '--yes', '--leave-asks');
    assert.match(left.stdout, /Partial: 2 occurrences/);
    assert.deepEqual(await db.rows('SELECT model FROM helpers'), [['gpt-4.1']]);
    await db.drop();
  });

  test('commands, bytes (as many as a uuid has, too) and XML are looked into, and an answer keeps them', async () => {
    const more = `${script}
      INSERT INTO launches VALUES (1, 'serve --model=gpt-4o --port=1', NULL, NULL), (2, NULL, 'say "gpt-4o" now', NULL),
        (3, NULL, NULL, '<agent model="gpt-4o"/>'), (4, 'serve --model=my-gpt-4o', NULL, NULL);`;
    const db = await smallDatabase(engine, more, config);
    const { stdout } = await db.run('plan', ...move);
    for (const column of ['command', 'image', 'sheet'])
      assert.match(stdout, new RegExp(`ASK_OPEN: launches\\.${column}: .*\\(1 row\\)`));
    const kept = ['launches.command', 'launches.image', 'launches.sheet', 'recipes.body'];
    const answered = await db.run('plan', ...move, ...kept.flatMap((place) => ['--answer', `${place}=keep`]));
    assert.match(
      answered.stdout,
      /7 occurrences: 1 moves, 1 is a mention, 5 are kept\.\nComplete: nothing live/,
    );
    await db.drop();
  });

  test('a text that people wrote to be read is counted, also where it is the name alone', async () => {
    const more = `${script}
      CREATE TABLE essays (id int PRIMARY KEY, title text, body jsonb);
      INSERT INTO essays VALUES (1, 'gpt-4o', '{"text": "gpt-4o", "lead": "On gpt-4o"}'), (2, 'On gpt-4o, at last', '{}');`;
    const places = `
places: [ { at: helpers.model }, { at: essays.title, role: prose }, { at: essays.body, json: /text, role: prose },
  { at: essays.body, json: /lead, role: prose }, { at: recipes.body, role: ignore } ]`;
    const db = await smallDatabase(engine, more, config.replace(/\nplaces:[^]*/, places));
    const { stdout } = await db.run('plan', ...move);
    assert.match(stdout, /6 occurrences: 1 moves, 5 are mentions\.\nComplete/);
    await db.drop();
  });

  test('the key of a model in a table of settings is asked about beside a word that speaks of models, and nowhere else', async () => {
    const db = await smallDatabase(
      engine,
      `CREATE TABLE models (id int PRIMARY KEY, name text); INSERT INTO models VALUES (9, 'gpt-4o'), (76, 'gpt-4.1');
       CREATE TABLE settings (id int PRIMARY KEY, grp text, name text, value text);
       INSERT INTO settings VALUES (1, 'DEFAULTMODEL', 'chat', '9'), (2, 'LIMITS', 'MAX_FILES', '9'), (3, 'x', 'aiModel', '9');`,
      'version: 1\nmodel: { tables: [{ table: models, columns: { name: name } }] }\ntenant: { root: none }\n',
    );
    const { stdout } = await db.run('plan', ...move);
    assert.match(stdout, /ASK_OPEN: settings\.value: the value is the key of the model[^(]*\(2\s+rows\)/);
    assert.match(stdout, /2 occurrences: 2 are asked about\.\nPartial/);
    await db.drop();
  });
});
