/** A column may hold references of several forms: each row is of one place, by its condition, and each place is answered for by itself. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

const script = `
  CREATE TABLE settings (key text PRIMARY KEY, value jsonb);
  CREATE TABLE uses (id int PRIMARY KEY, about text, model text);
  INSERT INTO settings VALUES ('order', '["gpt-4o","x"]'), ('main', '"gpt-4o"'), ('old', '"gpt-4o"');
  INSERT INTO uses VALUES (1, 'chat', 'gpt-4o'), (2, 'index', 'gpt-4o'), (3, 'route', 'openai/gpt-4o');
`;

const yaml = `version: 1
model: { identity: [name] }
tenant: { root: none }
places:
  - { at: settings.value, json: "", shape: list, live: key = 'order' }
  - { at: settings.value, json: "", ask: key = 'main', live: key = 'new' }
  - { at: uses.model, live: about = 'chat' }
  - { at: uses.model, role: data-bound, live: about = 'index' }
  - { at: uses.model, as: "openai/{name}", live: about = 'route' }
`;

oneEngine((engine) => {
  let database: SmallDatabase;

  before(async () => {
    database = await smallDatabase(engine, script, yaml);
  });
  after(() => database.drop());

  it('is accepted, and inspect shows each place by its own name', async () => {
    const { status, stderr } = await database.run('config', 'check');
    assert.equal(status, 0, stderr);
    const { edges } = JSON.parse((await database.run('inspect', '--json')).stdout) as {
      edges: { place: string }[];
    };
    assert.deepEqual(
      edges.map(({ place }) => place),
      ['settings.value', 'settings.value#2', 'uses.model', 'uses.model#2', 'uses.model#3'],
    );
  });

  it('each row is counted at one place only, with that place’s role', async () => {
    const { stdout, stderr } = await database.run('plan', '--from', 'gpt-4o', '--to', 'gpt-4.1', '--json');
    assert.notEqual(stdout, '', stderr);
    const { leftBehind } = JSON.parse(stdout) as {
      leftBehind: { place: string; reason: string; rows: { key: string }[] }[];
    };
    assert.deepEqual(
      leftBehind
        .flatMap(({ place, reason, rows }) => rows.map(({ key }) => `${place} ${reason} ${key}`))
        .toSorted(),
      ['settings.value history old', 'settings.value#2 ask main', 'uses.model#2 data-bound 2'],
    );
  });

  it('the question of one place is answered by its name, and the others move by themselves', async () => {
    database.configure(yaml.replace(/.*data-bound.*\n/, ''));
    const { status, stderr, stdout } = await database.run(
      'apply', '--from', 'gpt-4o', '--to', 'gpt-4.1', '--answer', 'settings.value#2=move', '--yes',
    ); // prettier-ignore
    assert.ok(status === 0 || status === 2, stderr + stdout);
    const settings = `SELECT key, value::text FROM settings WHERE key <> 'old' ORDER BY key`;
    assert.deepEqual(await database.rows(settings), [
      ['main', '"gpt-4.1"'],
      ['order', '["gpt-4.1", "x"]'],
    ]);
    assert.deepEqual(await database.rows('SELECT id, model FROM uses ORDER BY id'), [
      ['1', 'gpt-4.1'],
      ['2', 'gpt-4o'],
      ['3', 'openai/gpt-4.1'],
    ]);
  });

  it('the same place twice is refused at its own line', async () => {
    database.configure(`${yaml}  - { at: uses.model, live: about = 'chat' }\n`);
    const { status, stderr } = await database.run('config', 'check');
    assert.equal(status, 1);
    assert.match(
      stderr,
      /yaml:10:\d+ places\[5\]\.at: uses\.model is listed already as places\[2\]: take one of them out/,
    );
  });
});

oneEngine((engine) => {
  it('a value to which several places lead is one occurrence, of the place that moves it', async () => {
    const both = `'{"args":"--model=gpt-4o","model":"gpt-4o","list":["gpt-4o"]}'`;
    const database = await smallDatabase(
      engine,
      `CREATE TABLE bots (id int PRIMARY KEY, inside jsonb, deep text, text text, past jsonb);
      INSERT INTO bots VALUES (1, ${both}, ${both}, '{"model": "gpt-4o"}', ${both});`,
      `version: 1
model: { identity: [name] }
tenant: { root: none }
places:
  - { at: bots.inside, json: "/*", shape: inside }
  - { at: bots.inside, json: /model }
  - { at: bots.inside, json: /list, shape: list }
  - { at: bots.deep, json: /list, shape: list }
  - { at: bots.deep, json: "/**", shape: inside }
  - { at: bots.deep, json: "/**/model" }
  - { at: bots.text, shape: inside }
  - { at: bots.text, json: /model }
  - { at: bots.past, json: "/**", role: history }
  - { at: bots.past, json: /args, shape: inside, live: id > 1 }
  - { at: bots.past, json: /model }
`,
    );
    const models = ['--from', 'gpt-4o', '--to', 'gpt-4.1'];
    const { stdout } = await database.run('plan', ...models, '--json');
    assert.deepEqual((JSON.parse(stdout) as { accounts: unknown }).accounts, { move: 8, history: 2 });
    const done = await database.run('apply', ...models, '--yes');
    assert.equal(done.status, 0, done.stderr);
    const moved = both.slice(1, -1).replaceAll('gpt-4o', 'gpt-4.1');
    const jsonb = (text: string): string => text.replaceAll(/([:,])(?=")/g, '$1 ').replaceAll(':[', ': [');
    const rows = await database.rows('SELECT deep, text, inside::text = deep::jsonb::text FROM bots');
    assert.deepEqual(rows, [[moved, '{"model": "gpt-4.1"}', 'true']]);
    assert.equal(jsonb(moved).includes('gpt-4o'), false);
    await database.drop();
  });
});
