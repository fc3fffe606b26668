/** The name of a schema is the tenant: one configuration, applied to each schema, and no other schema is ever touched. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

/** A tenant with models of its own: the same keys mean other models in each. */
function tenant(name: string, models: readonly string[], more = ''): string {
  const rows = models.map((model, at) => `(${at + 1}, '${model}')`).join(', ');
  return `
    CREATE SCHEMA ${name};
    CREATE TABLE ${name}.models (id int PRIMARY KEY, name text NOT NULL, replaced_by int REFERENCES ${name}.models);
    CREATE TABLE ${name}.agents (id int PRIMARY KEY, title text, model_id int NOT NULL REFERENCES ${name}.models, options jsonb);
    INSERT INTO ${name}.models VALUES ${rows.replaceAll(')', ', NULL)')};
    INSERT INTO ${name}.agents VALUES (1, 'A', 1, '{"backup": 1}'), (2, 'B', 2, '{}');${more}`;
}

const configuration = (schemas: string): string => `
version: 1
model: { tables: [{ table: models, columns: { name: name }, deprecated: name = 'gpt-4o', retire: { replaced_by: $target } }] }
tenant: { schemas: ${schemas} }
places: [{ at: agents.model_id }, { at: agents.options, json: /backup, as: key }]
display: { agents: title }`;

const agentsOf = (name: string): string => `SELECT model_id, options::text FROM ${name}.agents ORDER BY id`;
const moved = [
  ['2', '{"backup": 2}'],
  ['2', '{}'],
];
const unmoved = [
  ['1', '{"backup": 1}'],
  ['2', '{}'],
];

oneEngine((engine) => {
  describe('schemas of tenants', () => {
    const script = `
      ${tenant('alder', ['gpt-4o', 'gpt-4.1'])} ${tenant('birch', ['o3', 'gpt-4o', 'gpt-4.1'])}
      CREATE TABLE public.notices (id int PRIMARY KEY, body text); INSERT INTO notices VALUES (1, 'nothing');
      CREATE SCHEMA archive; CREATE TABLE archive.models (id int PRIMARY KEY, name text);`;
    let database: SmallDatabase;
    before(async () => (database = await smallDatabase(engine, script, configuration('[alder, birch]'))));
    after(() => database.drop());

    it('are tenants by their names, and any other is none', async () => {
      assert.equal((await database.run('config', 'check')).status, 0);
      for (const name of ['cedar', 'archive', 'public', 'pg_catalog', 'x'.repeat(80)]) {
        const missing = await database.run('plan', '--tenant', name, '--from', 'gpt-4o', '--to', 'gpt-4.1');
        assert.match(missing.stderr, /TENANT_NOT_FOUND|There is no tenant/, name);
      }
      const unsaid = await database.run('plan', '--from', 'gpt-4o', '--to', 'gpt-4.1');
      assert.match(unsaid.stderr, /--tenant.*alder.*birch/s);
    });

    it('are moved one by one; the same number in another schema is another model', async () => {
      const before = await database.rows(agentsOf('birch'));
      const applied = await database.run(
        'apply',
        '--tenant',
        'alder',
        '--from',
        'gpt-4o',
        '--to',
        'gpt-4.1',
        '--yes',
      );
      assert.equal(applied.status, 0, applied.stdout + applied.stderr);
      assert.deepEqual(await database.rows(agentsOf('alder')), moved);
      assert.deepEqual(await database.rows(agentsOf('birch')), before);
      assert.deepEqual(await database.rows('SELECT replaced_by FROM alder.models ORDER BY id'), [
        ['2'],
        [null],
      ]);
    });

    it('are taken back, and their records are theirs', async () => {
      const history = await database.run('history', '--tenant', 'alder', '--json');
      const { migrations } = JSON.parse(history.stdout) as { migrations: { id: string; tenant: string }[] };
      assert.deepEqual(
        migrations.map((one) => one.tenant),
        ['alder'],
      );
      const id = migrations[0]?.id ?? '';
      const undone = await database.run('rollback', id, '--tenant', 'alder', '--yes');
      assert.equal(undone.status, 0, undone.stdout + undone.stderr);
      assert.deepEqual(await database.rows(agentsOf('alder')), unmoved);
      assert.deepEqual(await database.rows('SELECT replaced_by FROM alder.models WHERE id = 1'), [[null]]);
    });

    it('have their own models, and their own rows in the calendar of retirements', async () => {
      const calendar = await database.run('retirements', '--json');
      assert.equal(calendar.status, 0, calendar.stderr);
      const { retirements } = JSON.parse(calendar.stdout) as {
        retirements: { components: { name: string }; rows: number; tenants: { key: string }[] }[];
      };
      const ending = retirements.filter(({ components }) => components.name === 'gpt-4o');
      assert.deepEqual(
        ending.map(({ tenants }) => tenants.map(({ key }) => key)),
        [['alder', 'birch']],
      );
      const listed = await database.run('models', 'list', '--tenant', 'birch', '--json');
      const { models } = JSON.parse(listed.stdout) as {
        models: { model: { components: { name: string } } }[];
      };
      assert.deepEqual(models.map(({ model }) => model.components.name).toSorted(), [
        'gpt-4.1',
        'gpt-4o',
        'o3',
      ]);
    });

    it('that refer to each other do not keep tenants apart, and are refused', async () => {
      await database.script('CREATE TABLE birch.spies (id int, model_id int REFERENCES alder.models)');
      const refused = await database.run('plan', '--tenant', 'alder', '--from', 'gpt-4o', '--to', 'gpt-4.1');
      assert.equal(refused.status, 1);
      assert.match(refused.stderr, /birch\.spies refers to alder\.models/);
    });
  });

  describe('rows beside the schemas of tenants', () => {
    const own = (name: string, more = ''): string => `
      CREATE SCHEMA ${name};
      CREATE TABLE ${name}.agents (id int PRIMARY KEY, title text DEFAULT 'like gpt-4o', model_id int NOT NULL REFERENCES public.models, note text);
      INSERT INTO ${name}.agents VALUES (1, 'A', 1, 'none'), (2, 'B', 2, 'none');${more}`;
    const script = `
      CREATE TABLE models (id int PRIMARY KEY, name text NOT NULL, gone boolean NOT NULL DEFAULT false);
      INSERT INTO models VALUES (1, 'gpt-4o'), (2, 'gpt-4.1');
      CREATE TABLE gallery (id int PRIMARY KEY, model_id int REFERENCES models, model text);
      INSERT INTO gallery VALUES (1, 1, 'gpt-4o'), (2, 2, 'o3');
      ${own('alder')} ${own('birch', `UPDATE birch.agents SET note = 'gpt-4o' WHERE id = 2;`)}`;
    const yaml = `
version: 1
model: { tables: [{ table: models, columns: { name: name }, deprecated: id = 1, retired: gone, retire: { gone: true } }] }
tenant: { schemas: [alder, birch] }
places: [{ at: agents.model_id }, { at: agents.note }, { at: gallery.model_id }, { at: gallery.model }]`;
    let database: SmallDatabase;
    before(async () => (database = await smallDatabase(engine, script, yaml)));
    after(() => database.drop());
    const gallery = 'SELECT model_id, model FROM gallery ORDER BY id';
    const ask = (...words: string[]): ReturnType<typeof database.run> =>
      database.run(...words, '--from', 'gpt-4o', '--to', 'gpt-4.1');

    it('are counted in the plan of a tenant, which is told of no other tenant’s schema', async () => {
      const plan = await ask('plan', '--tenant', 'alder');
      assert.match(plan.stdout, /complete for the tenant/i);
      assert.match(plan.stdout, /alder\.agents\.title names the source/);
      assert.doesNotMatch(plan.stdout + plan.stderr, /birch/);
    });

    it('move by a plan of their own, which says what tenants still name and marks nothing', async () => {
      const plan = await ask('plan', '--shared', '--json');
      const found = JSON.parse(plan.stdout) as {
        completion: string;
        leftBehind: { place: string; reason: string; count: number }[];
        steps: { operation: string }[];
      };
      assert.equal(found.completion, 'complete for the tenant');
      assert.deepEqual(
        found.leftBehind.map(({ place, reason, count }) => [place, reason, count]),
        [
          ['alder.*', 'other-tenant', 1],
          ['birch.*', 'other-tenant', 2],
        ],
      );
      assert.ok(!found.steps.some(({ operation }) => operation === 'retire'));
      const { retirements } = JSON.parse((await database.run('retirements', '--json')).stdout) as {
        retirements: { components: { name: string }; tenants: { name: string; rows: number }[] }[];
      };
      const ending = retirements.find(({ components }) => components.name === 'gpt-4o');
      assert.equal(ending?.tenants.find(({ name }) => name === 'shared rows')?.rows, 1);
    });

    it('remain after a run that was not asked for them, which says so', async () => {
      const run = await ask('apply', '--all-tenants', '--yes', '--json');
      const { completion, tenants } = JSON.parse(run.stdout) as {
        completion: string;
        tenants: { tenant: string; code: string | null }[];
      };
      assert.equal(completion, 'complete for the tenant');
      assert.equal(tenants.at(-1)?.code, 'SHARED_ROWS_LEFT');
      assert.deepEqual(await database.rows(gallery), [
        ['1', 'gpt-4o'],
        ['2', 'o3'],
      ]);
    });

    it('are moved and taken back, and the tenants are not', async () => {
      const moved = await ask('apply', '--shared', '--yes');
      assert.equal(moved.status, 0, moved.stdout + moved.stderr);
      assert.match(moved.stdout + moved.stderr, /Complete/);
      assert.match(moved.stdout + moved.stderr, /SOURCE_NOT_MARKED/);
      assert.deepEqual(await database.rows(gallery), [
        ['2', 'gpt-4.1'],
        ['2', 'o3'],
      ]);
      const history = await database.run('history', '--json');
      const { migrations } = JSON.parse(history.stdout) as { migrations: { id: string; tenant: string }[] };
      const undone = await database.run('rollback', migrations[0]?.id ?? '', '--yes');
      assert.equal(undone.status, 0, undone.stdout + undone.stderr);
      assert.deepEqual(await database.rows(gallery), [
        ['1', 'gpt-4o'],
        ['2', 'o3'],
      ]);
      assert.deepEqual(await database.rows('SELECT DISTINCT model_id FROM alder.agents'), [['2']]);
    });

    it('are said to be of unknown extent where a schema does not fit', async () => {
      await database.script('ALTER TABLE birch.agents DROP COLUMN note');
      const plan = await ask('plan', '--shared');
      assert.match(plan.stdout, /TENANT_NOT_READ: Nobody knows what the tenant birch still name/);
      assert.match(plan.stdout, /not every tenant was looked at/);
    });
  });

  describe('a run over fifty schemas', () => {
    const names = Array.from({ length: 50 }, (_, at) => `tenant_${String(at + 1).padStart(2, '0')}`);
    const script = names.map((name) => tenant(name, ['gpt-4o', 'gpt-4.1'])).join('\n');
    let database: SmallDatabase;
    before(async () => {
      database = await smallDatabase(engine, script, configuration('"tenant_*"'));
      await database.script(
        `ALTER TABLE tenant_07.agents DROP COLUMN options; CREATE SCHEMA tenantless; CREATE TABLE tenantless.agents (id int);`,
      );
    });
    after(() => database.drop());
    const others = names.filter((name) => name !== 'tenant_07');
    const everywhere = (): Promise<(string | null)[][]> =>
      database.rows(others.map((name) => `SELECT model_id FROM ${name}.agents`).join(' UNION ALL '));

    it('moves all but the one that lacks a column, which is told', async () => {
      const run = await database.run(
        'apply',
        '--all-tenants',
        '--from',
        'gpt-4o',
        '--to',
        'gpt-4.1',
        '--yes',
        '--json',
      );
      assert.match(run.stdout + run.stderr, /tenant_07/);
      assert.match(run.stdout + run.stderr, /no column agents\.options/);
      assert.deepEqual(new Set((await everywhere()).flat()), new Set(['2']));
      assert.deepEqual(await database.rows('SELECT model_id FROM tenant_07.agents ORDER BY id'), [
        ['1'],
        ['2'],
      ]);
    });

    it('is checked for every schema', async () => {
      const checked = await database.run('config', 'check');
      assert.equal(checked.status, 1);
      assert.match(checked.stderr, /schema tenant_07.*no column agents\.options/s);
      const calendar = await database.run('retirements');
      assert.equal(calendar.status, 1);
      assert.match(calendar.stderr, /Not read: tenant_07/);
    });

    it('is taken back as a whole', async () => {
      const { runs } = JSON.parse((await database.run('runs', 'list', '--json')).stdout) as {
        runs: { id: string }[];
      };
      const undone = await database.run('runs', 'rollback', runs[0]?.id ?? '', '--yes');
      assert.equal(undone.status, 0, undone.stdout + undone.stderr);
      assert.deepEqual((await everywhere()).filter(([model]) => model === '1').length, others.length);
    });
  });
});
