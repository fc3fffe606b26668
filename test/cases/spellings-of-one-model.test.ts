/** One model is written in several ways: whichever of them the catalogue, the configuration or a row carries, all of them mean it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';

const catalogue = `
CREATE TABLE firms (id int PRIMARY KEY, name text);
CREATE TABLE firm_models (id int PRIMARY KEY, firm_id int REFERENCES firms, vendor text, name text);
CREATE TABLE helpers (id int PRIMARY KEY, firm_id int REFERENCES firms, provider text, model text);
INSERT INTO firms VALUES (1, 'Elm');
INSERT INTO firm_models VALUES (1, 1, 'plug/openai', 'gpt-4o'), (2, 1, 'plug/openai', 'gpt-4.1');`;

const spelled = `
version: 1
model:
  tables: [ { table: firm_models, columns: { name: name, provider: vendor, tenant: firm_id } } ]
  spellings: { provider: { openai: [plug/openai, OpenAI] } }
tenant: { root: firms, key: id, display: name, column: firm_id }
places: [ { at: helpers.model, partner: provider } ]`;

const plain = (places: string): string => `
version: 1
model: { identity: [name] }
tenant: { root: none }
places: [ ${places} ]`;

oneEngine((engine) => {
  test('spellings that the configuration calls equal are equal in both directions, and a row keeps its own', async () => {
    const script = `${catalogue}
      INSERT INTO helpers VALUES (1, 1, 'plug/openai', 'gpt-4o'), (2, 1, 'openai', 'gpt-4o'), (3, 1, 'OpenAI', 'gpt-4o'),
        (4, 1, 'azure', 'gpt-4o'), (5, 1, NULL, 'gpt-4o');`;
    const db = await smallDatabase(engine, script, spelled);
    const { stdout } = await db.run(
      'apply',
      '--tenant',
      'Elm',
      '--from',
      'gpt-4o',
      '--to',
      'gpt-4.1',
      '--yes',
      '--leave-asks',
    );
    assert.match(stdout, /Partial: 1 occurrence of the tenant/, stdout);
    assert.deepEqual(await db.rows('SELECT provider, model FROM helpers ORDER BY id'), [
      ['plug/openai', 'gpt-4.1'],
      ['openai', 'gpt-4.1'],
      ['OpenAI', 'gpt-4.1'],
      // Another provider's model of that name, and a name without a provider, which is asked about.
      ['azure', 'gpt-4o'],
      [null, 'gpt-4o'],
    ]);
    // A target without a row is its vendor's where the source is; what a gateway serves of another vendor is not made up.
    await db.script(`INSERT INTO firm_models VALUES (3, 1, 'azure', 'gpt-4o-mini')`);
    const plan = async (from: string, to: string): Promise<string> => {
      const planned = await db.run('plan', '--tenant', 'Elm', '--from', from, '--to', to);
      return planned.stdout + planned.stderr;
    };
    assert.match(await plan('gpt-4.1', 'claude-sonnet-5-5'), /→ claude-sonnet-5-5 \(anthropic\)/);
    assert.match(await plan('gpt-4.1', 'gpt-5'), /→ gpt-5 \(plug\/openai\)/);
    assert.match(await plan('gpt-4o-mini', 'gpt-5'), /→ gpt-5 \(azure\)/);
    assert.match(await plan('gpt-4o-mini', 'azure/claude-sonnet-5-5'), /→ claude-sonnet-5-5 \(azure\)/);
    assert.match(await plan('gpt-4o-mini', 'claude-sonnet-5-5'), /write provider\/name/);
    await db.drop();
  });

  test('a bare place moves what runtimes write, each row in its own way, and asks about what it cannot move', async () => {
    const script = `
      CREATE TABLE helpers (id int PRIMARY KEY, model text);
      INSERT INTO helpers VALUES (1, 'claude-sonnet-4-20250514'), (2, 'anthropic/claude-sonnet-4-20250514'),
        (3, ' claude-sonnet-4-20250514'), (4, 'us.anthropic.claude-sonnet-4-20250514-v1:0'), (5, 'my-claude-sonnet-4-20250514');`;
    const db = await smallDatabase(engine, script, plain('{ at: helpers.model }'));
    const move = ['--from', 'claude-sonnet-4-20250514', '--to', 'claude-sonnet-4-5-20250929'];
    const { status, stdout } = await db.run('plan', ...move);
    assert.equal(status, 1, stdout);
    assert.match(stdout, /helpers\.model: it is written in a way that the place does not move \(1 row/);
    assert.doesNotMatch(stdout, /Complete/);
    await db.run('apply', ...move, '--yes', '--leave-asks');
    assert.deepEqual(await db.rows('SELECT model FROM helpers ORDER BY id'), [
      ['claude-sonnet-4-5-20250929'],
      ['anthropic/claude-sonnet-4-5-20250929'],
      [' claude-sonnet-4-20250514'],
      ['us.anthropic.claude-sonnet-4-20250514-v1:0'],
      ['my-claude-sonnet-4-20250514'],
    ]);
    await db.drop();
  });

  test('snapshots and variants are other models: named, and left alone', async () => {
    const script = `
      CREATE TABLE helpers (id int PRIMARY KEY, model text);
      INSERT INTO helpers VALUES (1, 'gpt-4o'), (2, 'gpt-4o-2024-11-20'), (3, 'gpt-4o-2031-01-01'), (4, 'gpt-4o-mini');`;
    const db = await smallDatabase(engine, script, plain('{ at: helpers.model }'));
    const { stdout } = await db.run('plan', '--from', 'gpt-4o', '--to', 'gpt-4.1');
    assert.match(stdout, /RELATED_MODEL: 1 row names gpt-4o-2024-11-20/, stdout);
    assert.match(stdout, /RELATED_MODEL: 1 row names gpt-4o-2031-01-01/);
    assert.match(stdout, /1 occurrence: 1 moves\.\nComplete/);
    await db.drop();
  });

  test('a move from one name of a model to another leaves alone what has the other already', async () => {
    const [alias, id] = ['claude-haiku-4-5-20251001', 'claude-haiku-4-5'];
    for (const [from, to, count] of [
      [alias, id, 2],
      [id, alias, 3],
    ] as const) {
      const db = await smallDatabase(
        engine,
        `CREATE TABLE bots (id int PRIMARY KEY, model text, menu jsonb);
        INSERT INTO bots VALUES (1, '${alias}', '["${alias}"]'), (2, '${id}', '["${id}"]'), (3, 'anthropic/${id}', '[]');`,
        plain('{ at: bots.model, also: ["anthropic/{name}"] }, { at: bots.menu, json: "", shape: list }'),
      );
      const { status, stdout, stderr } = await db.run('apply', '--from', from, '--to', to, '--yes');
      assert.equal(status, 0, stderr);
      assert.match(stdout, new RegExp(`${count} occurrences: ${count} move`));
      const rows = await db.rows('SELECT model, menu::text FROM bots ORDER BY id');
      assert.deepEqual(rows, [
        [to, `["${to}"]`],
        [to, `["${to}"]`],
        [`anthropic/${from === id ? alias : id}`, '[]'],
      ]);
      await db.drop();
    }
  });
});
