/**
 * One reference that a row stores twice moves in both places or in neither, whatever the places are: two columns, a column and a
 * document, two members of one document, two documents. Conditions are judged once, on the row as it was before the first step.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

oneEngine((engine) => {
  /** Applies and rolls back, and gives the rows between; the rows afterwards must be those before. */
  async function moved(
    script: string,
    yaml: string,
    about: { rows: string; words: string[] },
  ): Promise<Moved> {
    const at = await smallDatabase(engine, script, yaml);
    try {
      const check = await at.run('config', 'check');
      assert.equal(check.status, 0, check.stderr + check.stdout);
      const before = await at.rows(about.rows);
      const plan = await at.run('plan', ...about.words, '--leave-asks', '--json');
      const applied = await at.run('apply', ...about.words, '--leave-asks', '--yes', '--json');
      assert.equal(applied.status, 0, applied.stderr + applied.stdout);
      const rows = await at.rows(about.rows);
      const again = await at.run('plan', ...about.words, '--leave-asks', '--json');
      assert.deepEqual(
        askedRows(again.stdout),
        askedRows(plan.stdout),
        'what was asked about is asked about again',
      );
      await rolledBack(at, applied.stdout);
      assert.deepEqual(await at.rows(about.rows), before, 'rolled back to the byte');
      return { rows, asked: askedRows(plan.stdout) };
    } finally {
      await at.drop();
    }
  }

  const models = `CREATE TABLE models (id int PRIMARY KEY, name text); INSERT INTO models VALUES (1, 'gpt-4o'), (2, 'gpt-5');`;
  const steps = `${models} CREATE TABLE steps (id int PRIMARY KEY, model_id int REFERENCES models, params jsonb);
    INSERT INTO steps VALUES (1, 1, '{"model_id": 1}'), (2, 1, '{"model_id": 2}'), (3, NULL, '{"model_id": 1}'),
      (4, 2, '{"model_id": 2}'), (5, 1, NULL);`;
  const head = `version: 1
model: { tables: [ { table: models, columns: { name: name } } ] }
tenant: { root: none }
places:`;
  const question = { rows: 'SELECT * FROM steps ORDER BY id', words: ['--from', '1', '--to', '2'] };
  const result = [
    ['1', '2', '{"model_id":2}'],
    ['2', '1', '{"model_id":2}'],
    ['3', null, '{"model_id":1}'],
    ['4', '2', '{"model_id":2}'],
    ['5', '1', null],
  ];

  test('guards on a column and on a document, each about the other, are judged before either moves', async () => {
    const guard = `"(params->>'model_id')::int IS DISTINCT FROM model_id"`;
    const yaml = `${head}
  - { at: steps.model_id, guard: ${guard} }
  - { at: steps.params, json: /model_id, as: key, guard: ${guard} }`;
    const { rows, asked } = await moved(steps, yaml, question);
    assert.deepEqual(rows, result);
    assert.deepEqual(asked, { 'steps.model_id': ['2', '5'], 'steps.params/model_id': ['3'] });
  });

  for (const [about, places] of [
    [
      'said of both',
      `
  - { at: steps.model_id, copies: [steps.params] }
  - { at: steps.params, json: /model_id, as: key, copies: [steps.model_id] }`,
    ],
    [
      'said of the column alone',
      `
  - { at: steps.model_id, copies: [steps.params/model_id] }`,
    ],
    [
      'said of the document alone',
      `
  - { at: steps.params, json: /model_id, as: key, copies: [model_id] }`,
    ],
  ] as const)
    test(`a column and a member of a document move together, ${about}`, async () => {
      const { rows, asked } = await moved(steps, head + places, question);
      assert.deepEqual(rows, result);
      assert.deepEqual(asked, { 'steps.model_id': ['2', '5'], 'steps.params/model_id': ['3'] });
    });

  test('beside a key a column of text holds the name, and a key elsewhere the key', async () => {
    const at = await smallDatabase(
      engine,
      `CREATE TABLE models (id int PRIMARY KEY, name text);
      CREATE TABLE bots (id int PRIMARY KEY, model_id int REFERENCES models, engine text, again int, body jsonb);
      INSERT INTO models VALUES (1, 'gpt-4o'), (2, 'gpt-4.1'), (3, 'o3');
      INSERT INTO bots VALUES (1, 1, 'gpt-4o', 1, '{"model_id": 1}'), (2, 1, 'o3', 1, '{"model_id": 1}');`,
      `version: 1
model: { tables: [{ table: models, columns: { name: name } }] }
tenant: { root: none }
places: [{ at: bots.model_id, copies: [engine, again, body/model_id] }]
`,
    );
    const { stdout } = await at.run(
      'apply', '--from', 'gpt-4o', '--to', 'gpt-4.1', '--leave-asks', '--yes',
    ); // prettier-ignore
    assert.deepEqual(await at.rows('SELECT model_id, engine, again, body::text FROM bots ORDER BY id'), [
      ['2', 'gpt-4.1', '2', '{"model_id": 2}'],
      ['1', 'o3', '1', '{"model_id": 1}'],
    ]);
    assert.match(stdout, /7 occurrences: 4 move, 3 are asked about/);
    await at.drop();
  });

  test('a copy in a document that cannot be found is refused with the way out', async () => {
    const at = await smallDatabase(engine, steps);
    try {
      at.configure(`${head}
  - { at: steps.model_id, copies: [steps.params] }`);
      const nowhere = await at.run('config', 'check');
      assert.equal(nowhere.status, 1);
      assert.match(
        nowhere.stderr,
        /steps\.params is a document: say where in it the copy is, such as steps\.params\/model/,
      );
      at.configure(`${head}
  - { at: steps.model_id, copies: [steps.params] }
  - { at: steps.params, json: /model_id, as: key }
  - { at: steps.params, json: /fallback, as: key }`);
      const several = await at.run('config', 'check');
      assert.equal(several.status, 1);
      assert.match(
        several.stderr,
        /say which is the copy, steps\.params\/model_id or steps\.params\/fallback/,
      );
      at.configure(`${head}
  - { at: steps.model_id, copies: [steps.params/model_id] }
  - { at: steps.params, json: /model_id, as: key, role: history }`);
      const other = await at.run('config', 'check');
      assert.equal(other.status, 1);
      assert.match(other.stderr, /another role/);
    } finally {
      await at.drop();
    }
  });

  test('two members of one document move together, of every tenant by the same statements', async () => {
    const script = `CREATE TABLE teams (id text PRIMARY KEY, name text);
      INSERT INTO teams VALUES ('alder', 'Alder'), ('birch', 'Birch'), ('cedar', 'Cedar');
      CREATE TABLE agents (id text PRIMARY KEY, team_id text NOT NULL REFERENCES teams, conf json);
      INSERT INTO agents VALUES
        ('a1', 'alder', '{"model": "gpt-4o", "vendor": "openai", "window": 128000, "handle": "openai/gpt-4o"}'),
        ('a2', 'alder', '{"model": "gpt-4o", "vendor": "mine", "window": 128000, "handle": "mine/gpt-4o"}'),
        ('a3', 'alder', '{"model": "gpt-4o", "window": 128000, "handle": "openai/gpt-4o"}'),
        ('a4', 'alder', '{"model": "gpt-4o", "vendor": "openai", "window": 32000, "handle": null}'),
        ('b1', 'birch', '{"model": "gpt-4o", "vendor": "openai", "handle": "openai/gpt-4o"}'),
        ('b2', 'birch', '{"model": "gpt-4o", "vendor": "openai", "handle": "openai/gpt-4.1"}'),
        ('c1', 'cedar', '{"model": "gpt-4o", "vendor": "openai", "handle": "openai/gpt-4o"}');`;
    const yaml = `version: 1
model: { identity: [provider, name] }
tenant: { root: teams, key: id, display: name, column: team_id }
places:
  - { at: agents.conf, json: "", fields: { provider: vendor, name: model }, copies: [agents.conf/handle] }
  - { at: agents.conf, json: /handle, as: "{provider}/{name}" }`;
    const at = await smallDatabase(engine, script, yaml);
    try {
      const words = ['--from', 'openai/gpt-4o', '--to', 'openai/gpt-4.1', '--leave-asks'];
      const alder = await at.run('plan', '--tenant', 'Alder', ...words, '--json');
      assert.deepEqual(askedRows(alder.stdout), {
        'agents.conf': ['a4'],
        'agents.conf/handle': ['a3'],
        // A name without its provider.
        'agents.conf/model': ['a3'],
      });
      const applied = await at.run('apply', '--all-tenants', ...words, '--yes');
      assert.equal(applied.status, 0, applied.stderr + applied.stdout);
      const rows = await at.rows('SELECT id, conf::text FROM agents ORDER BY id');
      assert.deepEqual(Object.fromEntries(rows), {
        a1: '{"model": "gpt-4.1", "vendor": "openai", "window": 128000, "handle": "openai/gpt-4.1"}',
        a2: '{"model": "gpt-4o", "vendor": "mine", "window": 128000, "handle": "mine/gpt-4o"}',
        a3: '{"model": "gpt-4o", "window": 128000, "handle": "openai/gpt-4o"}',
        a4: '{"model": "gpt-4o", "vendor": "openai", "window": 32000, "handle": null}',
        b1: '{"model": "gpt-4.1", "vendor": "openai", "handle": "openai/gpt-4.1"}',
        b2: '{"model": "gpt-4o", "vendor": "openai", "handle": "openai/gpt-4.1"}',
        c1: '{"model": "gpt-4.1", "vendor": "openai", "handle": "openai/gpt-4.1"}',
      });
    } finally {
      await at.drop();
    }
  });

  test('a list, a text and a document of another column move together or not at all', async () => {
    const script = `CREATE TABLE menus (id int PRIMARY KEY, main text, choices text[], body text);
      INSERT INTO menus VALUES (1, 'gpt-4o', '{gpt-4o,other}', '{"use": {"model": "gpt-4o"}}'),
        (2, 'gpt-4o', '{other}', '{"use": {"model": "gpt-4o"}}'), (3, 'gpt-4o', '{gpt-4o}', 'not json'),
        (4, 'other', '{other}', '{"use": {"model": "other"}}'), (5, NULL, NULL, '{"use": {"model": "gpt-4o"}}');`;
    const yaml = `version: 1
model: { identity: [name] }
tenant: { root: none }
places:
  - { at: menus.main, copies: [menus.choices, menus.body/use/model] }`;
    const { rows } = await moved(script, yaml, {
      rows: 'SELECT id, main, choices::text, body FROM menus ORDER BY id',
      words: ['--from', 'gpt-4o', '--to', 'gpt-5'],
    });
    assert.deepEqual(rows, [
      ['1', 'gpt-5', '{gpt-5,other}', '{"use": {"model": "gpt-5"}}'],
      ['2', 'gpt-4o', '{other}', '{"use": {"model": "gpt-4o"}}'],
      ['3', 'gpt-4o', '{gpt-4o}', 'not json'],
      ['4', 'other', '{other}', '{"use": {"model": "other"}}'],
      ['5', null, null, '{"use": {"model": "gpt-4o"}}'],
    ]);
  });

  test('a copy that is asked about for a reason of its own keeps the other one', async () => {
    const script = `CREATE TABLE bots (id int PRIMARY KEY, model text, engine text, locked boolean);
      INSERT INTO bots VALUES (1, 'gpt-4o', 'gpt-4o', false), (2, 'gpt-4o', 'gpt-4o', true), (3, 'gpt-4o', NULL, false);`;
    const yaml = `version: 1
model: { identity: [name] }
tenant: { root: none }
places:
  - { at: bots.model, copies: [bots.engine] }
  - { at: bots.engine, guard: locked }`;
    const { rows, asked } = await moved(script, yaml, {
      rows: 'SELECT id, model, engine FROM bots ORDER BY id',
      words: ['--from', 'gpt-4o', '--to', 'gpt-5'],
    });
    assert.deepEqual(rows, [
      ['1', 'gpt-5', 'gpt-5'],
      ['2', 'gpt-4o', 'gpt-4o'],
      ['3', 'gpt-4o', null],
    ]);
    assert.deepEqual(asked, { 'bots.engine': ['2'], 'bots.model': ['2', '3'] });
  });

  test("a condition on another table's reference is judged before that reference moves", async () => {
    const script = `CREATE TABLE agents (id int PRIMARY KEY, model text); INSERT INTO agents VALUES (1, 'gpt-4o'), (2, 'other');
      CREATE TABLE tasks (id int PRIMARY KEY, agent_id int REFERENCES agents, model text, note jsonb);
      INSERT INTO tasks VALUES (1, 1, 'gpt-4o', '{"model": "gpt-4o"}'), (2, 2, 'gpt-4o', '{"model": "gpt-4o"}');`;
    const yaml = `version: 1
model: { identity: [name] }
tenant: { root: none }
places:
  - { at: agents.model }
  - { at: tasks.model, live: { via: agent_id, where: "model = 'gpt-4o'" } }
  - { at: tasks.note, json: /model, guard: "NOT EXISTS (SELECT FROM agents a WHERE a.id = agent_id AND a.model = 'gpt-4o')" }`;
    const { rows, asked } = await moved(script, yaml, {
      rows: 'SELECT t.id, t.model, t.note, a.model AS agent FROM tasks t JOIN agents a ON a.id = t.agent_id ORDER BY 1',
      words: ['--from', 'gpt-4o', '--to', 'gpt-5'],
    });
    assert.deepEqual(rows, [
      ['1', 'gpt-5', '{"model":"gpt-5"}', 'gpt-5'],
      ['2', 'gpt-4o', '{"model":"gpt-4o"}', 'other'],
    ]);
    assert.deepEqual(asked, { 'tasks.note/model': ['2'] });
  });
});

interface Moved {
  readonly rows: (string | null)[][];
  /** By place the keys of the rows that a person is asked about. */
  readonly asked: Record<string, string[]>;
}

function askedRows(json: string): Record<string, string[]> {
  const { leftBehind } = JSON.parse(json) as {
    leftBehind: { place: string; reason: string; rows: { key: string }[] }[];
  };
  const asked = leftBehind.filter(({ reason }) => reason === 'ask');
  return Object.fromEntries(asked.map(({ place, rows }) => [place, rows.map(({ key }) => key).toSorted()]));
}

async function rolledBack(at: SmallDatabase, json: string): Promise<void> {
  const { migrationId } = JSON.parse(json) as { migrationId: string };
  const { status, stderr } = await at.run('rollback', migrationId, '--yes');
  assert.equal(status, 0, stderr);
}
