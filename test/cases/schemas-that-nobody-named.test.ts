/** What nobody looked at is named: schemas that the configuration does not name, and tables of other servers. `init` looks at all schemas. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

const script = `
  CREATE TABLE firms (id int PRIMARY KEY, name text NOT NULL);
  CREATE TABLE bots (id int PRIMARY KEY, firm_id int NOT NULL REFERENCES firms, model text NOT NULL);
  CREATE SCHEMA billing; CREATE TABLE billing.rates (id int PRIMARY KEY, model text);
  CREATE SCHEMA "Odd.one"; CREATE TABLE "Odd.one".jobs (id int PRIMARY KEY, firm_id int REFERENCES firms, model text);
  CREATE SCHEMA empty; CREATE VIEW empty.seen AS SELECT * FROM bots;
  INSERT INTO firms VALUES (1, 'Alder');
  INSERT INTO bots VALUES (1, 1, 'gpt-4o');
  INSERT INTO billing.rates VALUES (1, 'gpt-4o');`;

const configured = (database: string): string => `
version: 1
${database}
model: { identity: [name] }
tenant: { root: firms, key: id, display: name, column: firm_id }
places:
  - { at: bots.model }
  - { at: '"Odd.one".jobs.model' }
`;
const move = ['--tenant', 'Alder', '--from', 'gpt-4o', '--to', 'gpt-4.1'] as const;

oneEngine((engine) => {
  let small: SmallDatabase;
  before(async () => (small = await smallDatabase(engine, script, configured(''))));
  after(() => small.drop());

  it('a plan and its result name them; a table elsewhere that a foreign key ties in is looked at', async () => {
    const plan = await small.run('plan', ...move);
    assert.match(plan.stdout, /SCHEMA_NOT_READ: Nobody looked at the table of billing\./);
    assert.match(plan.stdout, /database\.ignore: \[billing\.\*\]/);
    assert.match(plan.stdout, /Complete: nothing live names the source; other schemas were not looked at/);
    const applied = await small.run('apply', ...move, '--yes');
    assert.match(applied.stdout, /Complete: [^.]*; other schemas were not looked at/);
    const id = /drover rollback (\S+)/.exec(applied.stdout + applied.stderr)?.[1] ?? '';
    assert.equal((await small.run('rollback', id, '--tenant', 'Alder', '--yes')).status, 0);
  });

  it('says nothing where a person has settled it, and Drover’s own records are nobody’s', async () => {
    small.configure(configured('database: { ignore: [billing.*] }'));
    const plan = await small.run('plan', ...move);
    assert.doesNotMatch(plan.stdout, /NOT_READ|not looked at/);
    await small.script(`CREATE FOREIGN DATA WRAPPER far; CREATE SERVER away FOREIGN DATA WRAPPER far;
      CREATE FOREIGN TABLE elsewhere (id int, model text) SERVER away`);
    assert.match(
      (await small.run('plan', ...move)).stdout,
      /FOREIGN_TABLE_NOT_READ: Nobody looked at public\.elsewhere/,
    );
    small.configure(configured('database: { ignore: [billing.*, elsewhere] }'));
    assert.doesNotMatch((await small.run('plan', ...move)).stdout, /NOT_READ|not looked at/);
    await small.script('DROP FOREIGN DATA WRAPPER far CASCADE');
    small.configure(configured('database: { schemas: [public, billing] }'));
    const all = await small.run('plan', ...move);
    assert.match(all.stdout, /UNACCOUNTED: billing\.rates\.model/);
  });

  it('init looks at all of them', async () => {
    const yaml = await small.init();
    assert.match(yaml, /schemas: \[public, "?Odd\.one"?, billing\]/);
    assert.match(yaml, /at: billing\.rates\.model/);
    const [at] = await small.rows('SELECT current_setting($$server_version_num$$)::int');
    assert.ok(at);
  });

  it('and takes schemas with the same tables for tenants, each by its name', async () => {
    const tables = (schema: string): string =>
      `CREATE SCHEMA ${schema}; CREATE TABLE ${schema}.models (id int PRIMARY KEY, name text NOT NULL);
       CREATE TABLE ${schema}.agents (id int PRIMARY KEY, model_id int REFERENCES ${schema}.models);
       INSERT INTO ${schema}.models VALUES (1, '${schema === 't_birch' ? 'o3' : 'gpt-4o'}'), (2, 'gpt-4.1'); INSERT INTO ${schema}.agents VALUES (1, 1);`;
    await small.script(`DROP SCHEMA billing CASCADE; DROP SCHEMA "Odd.one" CASCADE; DROP SCHEMA empty CASCADE; DROP TABLE bots, firms;
      ${['t_alder', 't_birch', 't_cedar'].map(tables).join('\n')}`);
    const yaml = await small.init();
    assert.match(yaml, /schemas: t_\*/);
    assert.match(yaml, /Is each schema a tenant \(t_\*\)\?/);
    const check = await small.run('config', 'check');
    assert.equal(check.status, 0, check.stderr);
    const run = await small.run('apply', '--all-tenants', '--from', 'gpt-4o', '--to', 'gpt-4.1', '--yes');
    assert.equal(run.status, 0, run.stdout + run.stderr);
    assert.deepEqual(
      await small.rows('SELECT model_id FROM t_birch.agents UNION ALL SELECT model_id FROM t_cedar.agents'),
      [['1'], ['2']],
    );
  });
});
