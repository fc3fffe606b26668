/** A move that would make a model the fallback of itself asks first, in columns and in documents; everything else moves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';

const head = `version: 1
model: { identity: [name] }
tenant: { root: none }
places:`;
const words = ['--from', 'gpt-4o', '--to', 'gpt-4.1', '--leave-asks'];

interface Left {
  readonly leftBehind: readonly { place: string; reason: string; rows: { key: string }[] }[];
}

oneEngine((engine) => {
  async function moved(
    script: string,
    places: string,
    query: string,
  ): Promise<{ asked: string[]; rows: (string | null)[][] }> {
    const at = await smallDatabase(engine, script, head + places);
    try {
      const before = await at.rows(query);
      const plan = await at.run('plan', ...words, '--json');
      const { leftBehind } = JSON.parse(plan.stdout) as Left;
      const applied = await at.run('apply', ...words, '--yes', '--json');
      assert.equal(applied.status, 0, applied.stderr);
      const rows = await at.rows(query);
      const { migrationId } = JSON.parse(applied.stdout) as { migrationId: string };
      assert.equal((await at.run('rollback', migrationId, '--yes')).status, 0);
      assert.deepEqual(await at.rows(query), before);
      const asked = leftBehind.filter(({ reason }) => reason === 'ask');
      return {
        asked: asked.map(({ place, rows: some }) => `${place} ${some.map(({ key }) => key).join()}`),
        rows,
      };
    } finally {
      await at.drop();
    }
  }

  const routers = `CREATE TABLE routers (id int PRIMARY KEY, model text NOT NULL, fallback_model text, settings jsonb);
    INSERT INTO routers VALUES (1, 'gpt-4o', 'gpt-4.1', '{"primary": "gpt-4o", "fallbacks": ["gpt-4.1", "gpt-4o-mini"]}'),
      (2, 'gpt-4o-mini', 'gpt-4o', '{"primary": "gpt-4o-mini", "fallbacks": ["gpt-4o"]}'), (3, 'gpt-4.1', 'gpt-4o', NULL),
      (4, 'gpt-4o', NULL, '{"primary": "gpt-4o", "fallbacks": []}');`;
  const query = 'SELECT id, model, fallback_model, settings FROM routers ORDER BY id';

  test('columns and documents are looked at, each for itself', async () => {
    const { asked, rows } = await moved(
      routers,
      `
  - { at: routers.model, parameters: settings }
  - { at: routers.fallback_model }
  - { at: routers.settings, json: /fallbacks, shape: list }
  - { at: routers.settings, json: /primary }`,
      query,
    );
    assert.deepEqual(asked, ['routers.fallback_model 3', 'routers.model 1', 'routers.settings/primary 1']);
    assert.deepEqual(rows, [
      ['1', 'gpt-4o', 'gpt-4.1', '{"primary":"gpt-4o","fallbacks":["gpt-4.1","gpt-4o-mini"]}'],
      ['2', 'gpt-4o-mini', 'gpt-4.1', '{"primary":"gpt-4o-mini","fallbacks":["gpt-4.1"]}'],
      ['3', 'gpt-4.1', 'gpt-4o', null],
      ['4', 'gpt-4.1', null, '{"primary":"gpt-4.1","fallbacks":[]}'],
    ]);
  });

  test('a fallback in a document belongs to the column where the document has no model of its own', async () => {
    const { asked } = await moved(
      routers,
      `
  - { at: routers.model }
  - { at: routers.fallback_model, differs: [] }
  - { at: routers.settings, json: /fallbacks, shape: list }
  - { at: routers.settings, json: /primary, role: ignore }`,
      query,
    );
    assert.deepEqual(asked, ['routers.model 1']);
  });

  test('what somebody says of other names holds, and a name that is no place is refused', async () => {
    const script = `CREATE TABLE pairs (id int PRIMARY KEY, a text, b text);
      INSERT INTO pairs VALUES (1, 'gpt-4o', 'gpt-4.1'), (2, 'gpt-4.1', 'gpt-4o'), (3, 'gpt-4o', 'gpt-4o');`;
    const all = 'SELECT id, a, b FROM pairs ORDER BY id';
    const { asked, rows } = await moved(
      script,
      '\n  - { at: pairs.a, differs: [b] }\n  - { at: pairs.b }',
      all,
    );
    assert.deepEqual(asked, ['pairs.a 1', 'pairs.b 2']);
    assert.deepEqual(rows[2], ['3', 'gpt-4.1', 'gpt-4.1']);
    const free = await moved(script, '\n  - { at: pairs.a }\n  - { at: pairs.b }', all);
    assert.deepEqual(free.asked, []);
    const at = await smallDatabase(engine, script, `${head}\n  - { at: pairs.a, differs: [c] }`);
    try {
      assert.match((await at.run('config', 'check')).stderr, /no other place c in public\.pairs/);
    } finally {
      await at.drop();
    }
  });
});
