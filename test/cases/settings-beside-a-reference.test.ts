/** Settings beside a reference survive a move: what is no parameter of a model stays, and what is lost is told before. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

interface Finding {
  readonly severity: string;
  readonly code: string;
  readonly message: string;
  readonly count?: number;
}

const head = `version: 1
model: { identity: [name] }
tenant: { root: none }
places:`;

oneEngine((engine) => {
  async function on(script: string, yaml: string, work: (at: SmallDatabase) => Promise<void>): Promise<void> {
    const at = await smallDatabase(engine, script, head + yaml);
    try {
      await work(at);
    } finally {
      await at.drop();
    }
  }

  const bots = `CREATE TABLE bots (id int PRIMARY KEY, model text, settings jsonb);
    INSERT INTO bots VALUES (1, 'gpt-4o', NULL), (2, 'gpt-4o', '{"temperature": 0.7, "greeting": "Hello", "maxTokens": 99}'),
      (3, 'gpt-4o', '{"theme": "dark"}'), (4, 'other', '{"temperature": 1}'), (5, 'gpt-4o', '{"temperature": 0.7, "seed": 5}');`;
  const place = '\n  - { at: bots.model, parameters: settings }';
  const settings = 'SELECT id, settings FROM bots ORDER BY id';

  test('a reset removes the parameters and keeps the rest; rows without a document get an empty one', () =>
    on(bots, place, async (at) => {
      const words = ['--from', 'gpt-4o', '--to', 'gpt-4.1', '--parameters', 'reset'];
      const found = findingsOf(await at.run('plan', ...words, '--json'));
      assert.deepEqual(found('PARAMETERS_RESET'), [
        'warning 2 The parameters of 2 rows of bots.model are removed: maxTokens (99 in 1); seed (5 in 1); temperature (0.7 in 2). ' +
          'What else the documents hold stays, and the old values are in the journal.',
      ]);
      assert.deepEqual(found('PARAMETERS_EMPTY'), [
        'info 1 1 row of bots.model has no parameters, and gets an empty document.',
      ]);
      const unconfirmed = await at.run('apply', ...words);
      assert.equal(unconfirmed.status, 1, 'what is lost wants a confirmation');
      assert.match(unconfirmed.stderr, /CONFIRMATION_REQUIRED/);
      await movedAndBack(at, words, settings, [
        ['1', '{}'],
        ['2', '{"greeting":"Hello"}'],
        ['3', '{"theme":"dark"}'],
        ['4', '{"temperature":1}'],
        ['5', '{}'],
      ]);
    }));

  test('what an emptied document is can be NULL', () =>
    on(bots, '\n  - { at: bots.model, parameters: settings, empty: null }', (at) =>
      movedAndBack(at, ['--from', 'gpt-4o', '--to', 'gpt-4.1', '--parameters', 'reset'], settings, [
        ['1', null],
        ['2', '{"greeting":"Hello"}'],
        ['3', '{"theme":"dark"}'],
        ['4', '{"temperature":1}'],
        ['5', null],
      ]),
    ));

  test('by default parameters are translated: what the target takes and what is none stays, and only a loss is a warning', () =>
    on(bots, place, async (at) => {
      const kind = ['--from', 'gpt-4o', '--to', 'gpt-4.1'];
      assert.deepEqual(findingsOf(await at.run('plan', ...kind, '--json'))('PARAMETER_CHANGES'), []);
      const words = ['--from', 'gpt-4o', '--to', 'gpt-5'];
      const found = findingsOf(await at.run('plan', ...words, '--json'));
      assert.deepEqual(found('PARAMETER_CHANGES'), [
        'warning 2 temperature is dropped in 2 rows of public.bots.settings: 0.7 in 2.',
      ]);
      await movedAndBack(at, words, settings, [
        ['1', null],
        ['2', '{"greeting":"Hello","maxTokens":99}'],
        ['3', '{"theme":"dark"}'],
        ['4', '{"temperature":1}'],
        ['5', '{"seed":5}'],
      ]);
    }));

  test('where nobody knows what the target takes, all of it stays, and somebody is told', () =>
    on(bots, place, async (at) => {
      await at.script(`INSERT INTO bots VALUES (6, 'house-model', NULL)`);
      const found = findingsOf(await at.run('plan', '--from', 'gpt-4o', '--to', 'house-model', '--json'));
      assert.deepEqual(found('PARAMETER_SUPPORT_UNKNOWN').length, 1);
      assert.match(
        found('PARAMETER_SUPPORT_UNKNOWN')[0] ?? '',
        /^warning 3 .*those of 3 rows.*stay as they are/,
      );
      await movedAndBack(at, ['--from', 'gpt-4o', '--to', 'house-model'], settings, [
        ['1', null],
        ['2', '{"greeting":"Hello","maxTokens":99,"temperature":0.7}'],
        ['3', '{"theme":"dark"}'],
        ['4', '{"temperature":1}'],
        ['5', '{"seed":5,"temperature":0.7}'],
        ['6', null],
      ]);
    }));

  const routers = `CREATE TABLE routers (id int PRIMARY KEY, model text, settings json);
    INSERT INTO routers VALUES
      (1, 'gpt-4o', '{"primary": "gpt-4o", "fallbacks": ["gpt-4o-mini", "gpt-4o"], "temperature": 0.3}'),
      (2, 'gpt-4o', '{"primary": "gpt-4o-mini", "fallbacks": [],  "reasoning": {"model": "gpt-4o"}}');`;
  for (const [policy, first] of [
    ['reset', '{"primary":"gpt-5","fallbacks":["gpt-4o-mini","gpt-5"]}'],
    ['translate', '{"primary":"gpt-5","fallbacks":["gpt-4o-mini","gpt-5"]}'],
  ] as const)
    test(`a document that holds references is edited and keeps them (${policy})`, () =>
      on(
        routers,
        `
  - { at: routers.model, parameters: settings }
  - { at: routers.settings, json: /primary }
  - { at: routers.settings, json: /reasoning/model }
  - { at: routers.settings, json: /fallbacks, shape: list }`,
        (at) =>
          movedAndBack(
            at,
            ['--from', 'gpt-4o', '--to', 'gpt-5', '--parameters', policy],
            'SELECT id, model, settings FROM routers ORDER BY id',
            [
              ['1', 'gpt-5', first],
              ['2', 'gpt-5', '{"primary":"gpt-4o-mini","fallbacks":[],"reasoning":{"model":"gpt-5"}}'],
            ],
          ),
      ));

  const agents = `CREATE TABLE agents (id int PRIMARY KEY, model text, fallback_model text, temperature numeric, max_tokens int,
      reasoning_effort text, fallback_temperature real, name text);
    INSERT INTO agents VALUES (1, 'gpt-4o', NULL, 0.7, 500, 'high', 0.1, 'A'), (2, 'gpt-4o', 'gpt-4o', 0.7, NULL, 'xhigh', 0.2, 'B'),
      (3, 'other', 'gpt-4o', 0.9, 1, NULL, NULL, 'C');`;

  test('a setting in a column beside the reference is a question by its name, until somebody says what becomes of it', () =>
    on(agents, '\n  - { at: agents.model }\n  - { at: agents.fallback_model }', async (at) => {
      const words = ['--from', 'gpt-4o', '--to', 'gpt-5'];
      const plan = await at.run('plan', ...words, '--json');
      assert.deepEqual(findingsOf(plan)('COMPANION_UNSUPPORTED'), [
        'warning 1 fallback_temperature stays in 1 row of agents.fallback_model, and gpt-5 does not take it as it is: 0.2 in 1. ' +
          'Say what becomes of it: "companions: { fallback_temperature: drop }", or keep, or a map of values.',
        'warning 1 reasoning_effort stays in 1 row of agents.model, and gpt-5 does not take it as it is: xhigh in 1. ' +
          'Say what becomes of it: "companions: { reasoning_effort: drop }", or keep, or a map of values.',
        'warning 2 temperature stays in 2 rows of agents.model, and gpt-5 does not take it as it is: 0.7 in 2. ' +
          'Say what becomes of it: "companions: { temperature: drop }", or keep, or a map of values.',
      ]);
      at.configure(`${head}
  - { at: agents.model, companions: { temperature: drop, reasoning_effort: { map: { xhigh: high } } } }
  - { at: agents.fallback_model, companions: { fallback_temperature: keep } }`);
      const said = await at.run('plan', ...words, '--json');
      assert.deepEqual(findingsOf(said)('COMPANION_UNSUPPORTED'), []);
      assert.deepEqual(findingsOf(said)('COMPANION_CHANGES'), [
        'warning 2 temperature is set to NULL in 2 rows of agents.model: 0.7 in 2.',
        'info 1 reasoning_effort changes with the model in 1 row of agents.model: xhigh → high in 1.',
      ]);
      await movedAndBack(
        at,
        words,
        'SELECT id, temperature::text, reasoning_effort FROM agents ORDER BY id',
        [
          ['1', null, 'high'],
          ['2', null, 'high'],
          ['3', '0.9', null],
        ],
      );
    }));

  test('a document that holds places is not called parameters as a whole, and NOT NULL is no place for NULL', async () => {
    const places = `
  - { at: routers.model, parameters: settings, parameterMembers: all }
  - { at: routers.settings, json: /primary }`;
    await on(routers, places, async (at) => {
      const { status, stderr } = await at.run('config', 'check');
      assert.equal(status, 1);
      assert.match(stderr, /it holds routers\.settings\/primary: leave parameterMembers out/);
    });
    const strict = `CREATE TABLE bots (id int PRIMARY KEY, model text, settings jsonb NOT NULL);`;
    await on(strict, '\n  - { at: bots.model, parameters: settings, empty: null }', async (at) => {
      const { status, stderr } = await at.run('config', 'check');
      assert.equal(status, 1);
      assert.match(stderr, /settings NOT NULL/);
    });
  });
});

function findingsOf({ stdout }: { readonly stdout: string }): (code: string) => string[] {
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  return (wanted) =>
    findings
      .filter(({ code }) => code === wanted)
      .map(({ severity, count, message }) => `${severity} ${count ?? ''} ${message}`);
}

/** Applies, compares, rolls back, and compares with what was there before. */
async function movedAndBack(
  at: SmallDatabase,
  words: readonly string[],
  query: string,
  after: (string | null)[][],
): Promise<void> {
  const before = await at.rows(query);
  const { status, stdout, stderr } = await at.run('apply', ...words, '--yes', '--json');
  assert.equal(status, 0, stderr + stdout);
  assert.deepEqual(await at.rows(query), after);
  const { migrationId } = JSON.parse(stdout) as { migrationId: string };
  const back = await at.run('rollback', migrationId, '--yes');
  assert.equal(back.status, 0, back.stderr);
  assert.deepEqual(await at.rows(query), before, 'rolled back to the byte');
}
