/** A table of models may hold only those of which somebody wants to say something. Text names the others all the same. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

const script = `
  CREATE TABLE orgs (id int PRIMARY KEY, name text);
  CREATE TABLE overrides (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, name text, limits int, next_id int);
  CREATE TABLE bots (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, model text, settings jsonb);
  INSERT INTO orgs VALUES (1, 'Elm'), (2, 'Oak');
  INSERT INTO overrides VALUES (1, 1, 'gpt-4o', 5, NULL);
  INSERT INTO bots VALUES (1, 1, 'gpt-4o', '{}'), (2, 1, 'o3', '{"override": 1}'), (3, 2, 'gpt-4o', '{}');`;

const configuration = (places: string): string => `
version: 1
model: { tables: [{ table: overrides, columns: { name: name }, retire: { next_id: $target } }] }
tenant: { root: orgs, column: org_id, display: name }
places: [{ at: bots.model }${places}]`;

oneEngine((engine) => {
  describe('a catalogue that holds overrides only', () => {
    let database: SmallDatabase;
    before(async () => (database = await smallDatabase(engine, script, configuration(''))));
    after(() => database.drop());
    const models = (): Promise<(string | null)[][]> => database.rows('SELECT model FROM bots ORDER BY id');

    it('lets a target be named that has no row, and says so', async () => {
      const planned = await database.run('plan', '--tenant', 'Elm', '--from', 'gpt-4o', '--to', 'gpt-5');
      assert.match(planned.stdout, /MODEL_WITHOUT_ROW[^]*gpt-5 has no row in overrides/, planned.stderr);
      const applied = await database.run(
        'apply',
        '--tenant',
        'Elm',
        '--from',
        'gpt-4o',
        '--to',
        'gpt-5',
        '--yes',
      );
      assert.equal(applied.status, 0, applied.stdout + applied.stderr);
      assert.deepEqual(await models(), [['gpt-5'], ['o3'], ['gpt-4o']]);
    });

    it('lets a source be named that has none, also by a run', async () => {
      const run = await database.run('apply', '--all-tenants', '--from', 'gpt-4o', '--to', 'gpt-5', '--yes');
      assert.equal(run.status, 0, run.stdout + run.stderr);
      assert.deepEqual(await models(), [['gpt-5'], ['o3'], ['gpt-5']]);
    });

    it('refuses a name that neither a row nor the registry has', async () => {
      const refused = await database.run(
        'plan',
        '--tenant',
        'Elm',
        '--from',
        'gpt-5',
        '--to',
        'gpt-nonsense',
      );
      assert.match(refused.stderr, /MODEL_NOT_FOUND|MODEL_UNKNOWN|no model/);
    });
  });

  describe('a key of an override', () => {
    let database: SmallDatabase;
    before(async () => {
      const places = ', { at: bots.settings, json: /override, as: key }';
      database = await smallDatabase(engine, script, configuration(places));
    });
    after(() => database.drop());

    it('stays where the target has no row, and the migration is not complete', async () => {
      const applied = await database.run(
        'apply',
        '--tenant',
        'Elm',
        '--from',
        'gpt-4o',
        '--to',
        'gpt-5',
        '--yes',
      );
      assert.equal(applied.status, 0, applied.stdout + applied.stderr);
      assert.doesNotMatch(applied.stdout, /^Complete/m);
      assert.match(applied.stdout, /bots\.settings\/override/);
      assert.deepEqual(
        await database.rows('SELECT model, settings::text FROM bots WHERE org_id = 1 ORDER BY id'),
        [
          ['gpt-5', '{}'],
          ['o3', '{"override": 1}'],
        ],
      );
      assert.deepEqual(await database.rows('SELECT next_id FROM overrides'), [[null]]);
    });

    it('moves also where the source is named by another name of the same model, which is no target', async () => {
      const twin = 'claude-3-7-sonnet-20250219';
      await database.script(`
        INSERT INTO overrides VALUES (5, 2, '${twin}', 5, NULL), (6, 2, 'gpt-5', 5, NULL);
        INSERT INTO bots VALUES (5, 2, 'claude-3-7-sonnet', '{"override": 5}');`);
      const words = ['--tenant', 'Oak', '--from', 'claude-3-7-sonnet', '--to'] as const;
      const same = await database.run('plan', ...words, twin);
      assert.match(same.stderr, /SAME_MODEL|are the same model/, same.stdout);
      const turned = await database.run(
        'plan',
        '--tenant',
        'Oak',
        '--from',
        twin,
        '--to',
        'claude-3-7-sonnet',
      );
      assert.match(turned.stderr, /SAME_MODEL|are the same model/, turned.stdout);
      const applied = await database.run('apply', ...words, 'gpt-5', '--yes');
      assert.equal(applied.status, 0, applied.stdout + applied.stderr);
      assert.match(applied.stdout, /^Complete/m);
      assert.deepEqual(await database.rows('SELECT model, settings::text FROM bots WHERE id = 5'), [
        ['gpt-5', '{"override": 6}'],
      ]);
    });

    it('refuses a name that several rows hold as the same model, and names them', async () => {
      await database.script(`
        INSERT INTO overrides VALUES (7, 2, 'anthropic/claude-3-7-sonnet', 5, NULL);
        UPDATE overrides SET next_id = NULL`);
      const refused = await database.run(
        'plan',
        '--tenant',
        'Oak',
        '--from',
        'claude-3-7-sonnet',
        '--to',
        'gpt-5',
      );
      assert.match(
        refused.stderr,
        /fits 2 models: claude-3-7-sonnet-20250219 \[5\], anthropic\/claude-3-7-sonnet \[7\]/,
        refused.stdout,
      );
    });
  });
});
