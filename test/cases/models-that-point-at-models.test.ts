/** The table of models, and that of providers, may themselves name a model: a base, a fallback, a default. They are looked at, too. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

interface Pointers {
  readonly about: string;
  readonly script: string;
  readonly models: string;
  readonly places: string;
  /** The places that point, and the values of all of them in order of table and key. */
  readonly pointers: string;
  readonly values: string;
  readonly moved: readonly (readonly (string | null)[])[];
  /** Each is named where no place says so. */
  readonly named: readonly RegExp[];
}

const cases: readonly Pointers[] = [
  {
    about: 'a base by key, without a foreign key',
    script: `
      CREATE TABLE models (id text PRIMARY KEY, name text, base_model_id text, enabled boolean DEFAULT true);
      CREATE TABLE bots (id int PRIMARY KEY, model text);
      INSERT INTO models VALUES ('gpt-4o', 'gpt-4o', NULL), ('gpt-5', '5', NULL), ('house-bot', 'House bot', 'gpt-4o');
      INSERT INTO bots VALUES (1, 'gpt-4o');`,
    models: '{ table: models, columns: { name: id }, enabled: enabled }',
    places: '{ at: bots.model, as: key }',
    pointers: ', { at: models.base_model_id, as: key }',
    values: 'SELECT base_model_id FROM models ORDER BY id',
    moved: [[null], [null], ['gpt-5']],
    named: [/models\.base_model_id/],
  },
  {
    about: 'fallbacks by name of a provider and of another model',
    script: `
      CREATE TABLE vendors (id int PRIMARY KEY, name text, default_model text);
      CREATE TABLE models (id int PRIMARY KEY, vendor_id int REFERENCES vendors, name text, fallback text);
      CREATE TABLE bots (id int PRIMARY KEY, model_id int REFERENCES models);
      INSERT INTO vendors VALUES (1, 'openai', 'gpt-4o');
      INSERT INTO models VALUES (1, 1, 'gpt-4o', NULL), (2, 1, 'gpt-5', NULL), (3, 1, 'o3', 'gpt-4o');
      INSERT INTO bots VALUES (1, 1);`,
    models:
      '{ table: models, columns: { name: name, provider: vendor_id }, providers: { table: vendors, column: id, name: name } }',
    places: '{ at: bots.model_id }',
    pointers: ', { at: models.fallback }, { at: vendors.default_model }',
    values: 'SELECT fallback FROM models UNION ALL SELECT default_model FROM vendors',
    moved: [[null], [null], ['gpt-5'], ['gpt-5']],
    named: [/models\.fallback/, /vendors\.default_model/],
  },
  {
    about: 'a list of fallbacks in a document of each model',
    script: `
      CREATE TABLE models (id int PRIMARY KEY, name text, routing jsonb);
      CREATE TABLE bots (id int PRIMARY KEY, model_id int REFERENCES models);
      INSERT INTO models VALUES (1, 'gpt-4o', '{"label": "gpt-4o"}'), (2, 'gpt-5', '{}'), (3, 'o3', '{"then": ["gpt-4o", "o1"]}');
      INSERT INTO bots VALUES (1, 1);`,
    models: '{ table: models, columns: { name: name } }',
    places: '{ at: bots.model_id }',
    pointers: ', { at: models.routing, json: /then, shape: list }',
    values: 'SELECT routing::text FROM models ORDER BY id',
    moved: [['{"label": "gpt-4o"}'], ['{}'], ['{"then": ["gpt-5", "o1"]}']],
    named: [/models\.routing/],
  },
  {
    about: 'a fallback by a foreign key within the table',
    script: `
      CREATE TABLE models (id int PRIMARY KEY, name text, fallback_id int REFERENCES models, replaced_by int REFERENCES models);
      CREATE TABLE bots (id int PRIMARY KEY, model_id int REFERENCES models);
      INSERT INTO models VALUES (1, 'gpt-4o', NULL, NULL), (2, 'gpt-5', NULL, NULL), (3, 'o3', 1, 1);
      INSERT INTO bots VALUES (1, 1);`,
    models: '{ table: models, columns: { name: name }, retire: { replaced_by: $target } }',
    places: '{ at: bots.model_id }',
    pointers: ', { at: models.fallback_id }',
    values: 'SELECT fallback_id, replaced_by FROM models ORDER BY id',
    moved: [
      [null, '2'],
      [null, null],
      ['2', '1'],
    ],
    named: [/models\.fallback_id/],
  },
];

oneEngine((engine) => {
  for (const { about, script, models, places, pointers, values, moved, named } of cases)
    describe(about, () => {
      const configuration = (all: string): string =>
        `version: 1\nmodel: { tables: [${models}] }\ntenant: { root: none }\nplaces: [${all}]`;
      let database: SmallDatabase;
      before(async () => (database = await smallDatabase(engine, script, configuration(places))));
      after(() => database.drop());

      it('stands in the way until somebody decides about it', async () => {
        const before = await database.rows(values);
        const applied = await database.run('apply', '--from', 'gpt-4o', '--to', 'gpt-5', '--yes');
        assert.equal(applied.status, 1, applied.stdout);
        for (const place of named) assert.match(applied.stdout + applied.stderr, place);
        assert.deepEqual(await database.rows(values), before);
      });

      it('moves where a place says so, and is taken back', async () => {
        const before = await database.rows(values);
        database.configure(configuration(places + pointers));
        const applied = await database.run('apply', '--from', 'gpt-4o', '--to', 'gpt-5', '--yes');
        assert.equal(applied.status, 0, applied.stdout + applied.stderr);
        assert.deepEqual(await database.rows(values), moved);
        const { migrations } = JSON.parse((await database.run('history', '--json')).stdout) as {
          migrations: { id: string; kind: string }[];
        };
        const undone = await database.run('rollback', migrations[0]?.id ?? '', '--yes');
        assert.equal(undone.status, 0, undone.stdout + undone.stderr);
        assert.deepEqual(await database.rows(values), before);
      });
    });

  describe('the target itself pointed at the source', () => {
    const script = `
      CREATE TABLE models (id int PRIMARY KEY, name text, fallback text, next_id int REFERENCES models);
      INSERT INTO models VALUES (1, 'gpt-4o', NULL, NULL), (2, 'gpt-5', 'gpt-4o', 1), (3, 'o3', 'gpt-4o', 1);`;
    const configuration = `
version: 1
model: { tables: [{ table: models, columns: { name: name } }] }
tenant: { root: none }
places: [{ at: models.fallback }, { at: models.next_id }]`;
    let database: SmallDatabase;
    before(async () => (database = await smallDatabase(engine, script, configuration)));
    after(() => database.drop());
    const pointers = (): Promise<(string | null)[][]> =>
      database.rows('SELECT fallback, next_id FROM models ORDER BY id');

    it('is a question: it would come to point at itself', async () => {
      const planned = await database.run('plan', '--from', 'gpt-4o', '--to', 'gpt-5');
      assert.match(planned.stdout, /would name itself/);
      const left = await database.run('apply', '--from', 'gpt-4o', '--to', 'gpt-5', '--leave-asks', '--yes');
      assert.doesNotMatch(left.stdout, /^Complete/m);
      assert.deepEqual(await pointers(), [
        [null, null],
        ['gpt-4o', '1'],
        ['gpt-5', '2'],
      ]);
    });
  });
});
