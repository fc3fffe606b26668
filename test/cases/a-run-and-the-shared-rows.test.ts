/**
 * A run over all tenants and the rows that are nobody's alone: without `--shared` it says how many remain and with which command they
 * move; with it they move last; and a model of everybody is retired by the run that leaves nothing live anywhere.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

interface Run {
  readonly id: string;
  readonly status: string;
  readonly completion: string;
  readonly tenants: readonly {
    tenant: string;
    tenantName: string;
    status: string;
    code: string | null;
    message: string | null;
  }[];
}

async function run(at: SmallDatabase, ...words: string[]): Promise<Run> {
  const { stdout, stderr } = await at.run('apply', '--all-tenants', ...words, '--yes', '--json');
  assert.ok(stdout.startsWith('{'), stderr);
  // The shared rows are no tenant of those that are done, nor of those that are not.
  for (const [, done = '', total = ''] of stderr.matchAll(/(-?\d+) of (\d+) tenants/g))
    assert.ok(Number(done) >= 0 && Number(done) <= Number(total), stderr);
  return JSON.parse(stdout) as Run;
}

function sharedOf({ tenants }: Run): string {
  const last = tenants.at(-1);
  return last?.tenantName === 'shared rows' ? `${last.status} ${last.code ?? ''}`.trim() : 'none';
}

oneEngine((engine) => {
  describe('a gallery of everybody, and a suspended tenant', () => {
    let at: SmallDatabase;
    before(async () => {
      at = await smallDatabase(
        engine,
        `
CREATE TABLE orgs (id int PRIMARY KEY, name text, state text);
CREATE TABLE bots (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, model text);
CREATE TABLE gallery (id int PRIMARY KEY, title text, model text);
INSERT INTO orgs VALUES (1, 'Elm', 'active'), (2, 'Oak', 'suspended');
INSERT INTO bots VALUES (1, 1, 'gpt-4o'), (2, 2, 'gpt-4o');
INSERT INTO gallery VALUES (1, 'Starter', 'gpt-4o');`,
        `version: 1
model: { identity: [name] }
tenant: { root: orgs, key: id, display: name, column: org_id, suspended: "state = 'suspended'", global: [gallery] }
places: [{ at: bots.model }, { at: gallery.model }]
`,
      );
    });
    after(() => at.drop());

    it('stand in the calendar beside the tenants', async () => {
      await at.script(
        `INSERT INTO bots VALUES (9, 2, 'claude-3-7-sonnet-20250219'); INSERT INTO gallery VALUES (8, 'Old', 'claude-3-7-sonnet-20250219'), (9, 'Older', 'claude-3-7-sonnet-20250219')`,
      );
      const { stdout, stderr } = await at.run('retirements', '--json');
      await at.script('DELETE FROM bots WHERE id = 9; DELETE FROM gallery WHERE id > 1');
      assert.ok(stdout.startsWith('{'), stderr);
      const { retirements } = JSON.parse(stdout) as {
        retirements: { rows: number; tenants: { name: string; rows: number }[] }[];
      };
      const found = retirements.map(({ rows, tenants }) => [
        rows,
        tenants.map(({ name, rows: own }) => [name, own]),
      ]);
      assert.deepEqual(found, [
        [
          3,
          [
            ['shared rows', 2],
            ['Oak', 1],
          ],
        ],
      ]);
    });

    it('are counted by a run that was not asked for them, with the command that moves them', async () => {
      const plan = await at.run('plan', '--all-tenants', '--from', 'gpt-4o', '--to', 'gpt-5');
      assert.match(plan.stdout, /shared rows\tskipped\t.*Shared rows still name the source \(1 occurrence\)/);
      const done = await run(at, '--from', 'gpt-4o', '--to', 'gpt-5');
      assert.deepEqual([done.status, done.completion], ['succeeded', 'complete for the tenant']);
      assert.equal(sharedOf(done), 'skipped SHARED_ROWS_LEFT');
      assert.match(
        done.tenants.at(-1)?.message ?? '',
        /^Shared rows still .* drover apply --shared --from gpt-4o --to gpt-5 --kind completion --parameters translate$/,
      );
      assert.deepEqual(await at.rows('SELECT model FROM bots ORDER BY id'), [['gpt-5'], ['gpt-4o']]);
      assert.deepEqual(await at.rows('SELECT model FROM gallery'), [['gpt-4o']]);
    });

    it('are rehearsed with the tenants, where they are asked for', async () => {
      await at.script(`CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'kept'; END $$;
        CREATE TRIGGER keeps BEFORE UPDATE ON gallery FOR EACH ROW EXECUTE FUNCTION keep()`);
      const asked = ['--all-tenants', '--shared', '--from', 'gpt-4o', '--to', 'gpt-5', '--rehearse'];
      const rehearsed = await at.run('plan', ...asked, '--json');
      await at.script('DROP TRIGGER keeps ON gallery');
      const planned = JSON.parse(rehearsed.stdout) as Run;
      assert.equal(sharedOf(planned), 'failed ROW_REFUSED');
      assert.match(planned.tenants.at(-1)?.message ?? '', /gallery, trigger keeps: .*Row 1\./);
      assert.deepEqual(await at.rows('SELECT model FROM gallery'), [['gpt-4o']]);
    });

    it('move with the run that is asked for them, after the tenants', async () => {
      const done = await run(at, '--shared', '--from', 'gpt-4o', '--to', 'gpt-5');
      assert.equal(sharedOf(done), 'succeeded');
      assert.equal(done.completion, 'complete for the tenant', 'the suspended tenant still names it');
      assert.deepEqual(await at.rows('SELECT model FROM gallery'), [['gpt-5']]);
      assert.deepEqual(await at.rows('SELECT model FROM bots WHERE org_id = 2'), [['gpt-4o']]);
      const all = await run(at, '--shared', '--include-suspended', '--from', 'gpt-4o', '--to', 'gpt-5');
      assert.equal(all.completion, 'complete');
    });

    it('are taken back with the run', async () => {
      const { stdout } = await at.run('runs', 'list', '--json');
      const [, moved] = (JSON.parse(stdout) as { runs: Run[] }).runs;
      const back = await at.run('runs', 'rollback', moved?.id ?? '', '--yes', '--json');
      assert.equal(back.status, 0, back.stderr);
      assert.deepEqual(await at.rows('SELECT model FROM gallery'), [['gpt-4o']]);
    });
  });

  it('a partial run lists what stays in which tenant', async () => {
    const at = await smallDatabase(
      engine,
      `CREATE TABLE orgs (id int PRIMARY KEY, name text);
      CREATE TABLE bots (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, model text, status text);
      INSERT INTO orgs VALUES (1, 'Elm'), (2, 'Oak');
      INSERT INTO bots VALUES (1, 1, 'gpt-4o', 'on'), (2, 1, 'gpt-4o', 'draft'), (3, 2, 'gpt-4o', 'on');`,
      `version: 1
model: { identity: [name] }
tenant: { root: orgs, key: id, display: name, column: org_id }
places: [{ at: bots.model, ask: "status = 'draft'" }]
`,
    );
    const { status, stdout } = await at.run(
      'apply',
      '--all-tenants',
      '--from',
      'gpt-4o',
      '--to',
      'gpt-4.1',
      '--leave-asks',
      '--yes',
    );
    assert.equal(status, 0);
    assert.match(stdout, /succeeded, partial/);
    assert.match(stdout.replaceAll(/\s+/g, ' '), /Elm partial 1 bots\.model: .* \(1 row\)/);
    assert.doesNotMatch(stdout, /Oak/);
    await at.drop();
  });

  it('of which no plan can be made keep a run from saying that it is complete', async () => {
    const at = await smallDatabase(
      engine,
      `CREATE TABLE orgs (id int PRIMARY KEY, name text);
      CREATE TABLE models (id int PRIMARY KEY, org_id int REFERENCES orgs, name text);
      CREATE TABLE bots (id int PRIMARY KEY, org_id int REFERENCES orgs, model_id int REFERENCES models);
      INSERT INTO orgs VALUES (1, 'Elm'); INSERT INTO models VALUES (1, 1, 'gpt-4o'), (2, 1, 'gpt-4.1'), (3, NULL, 'gpt-4o'), (4, NULL, 'gpt-4o');
      INSERT INTO bots VALUES (1, 1, 1), (2, NULL, 3);`,
      `version: 1
model: { tables: [{ table: models, columns: { name: name, tenant: org_id } }] }
tenant: { root: orgs, key: id, display: name, column: org_id }
places: [{ at: bots.model_id }]
`,
    );
    const plan = await at.run('plan', '--all-tenants', '--from', '1', '--to', '2');
    assert.match(
      plan.stdout,
      /shared rows\tskipped\t.*MODEL_AMBIGUOUS\tNobody knows whether shared rows name the source/,
    );
    const done = await run(at, '--from', '1', '--to', '2');
    assert.deepEqual([done.status, done.completion], ['succeeded', 'partial']);
    assert.equal(sharedOf(done), 'skipped MODEL_AMBIGUOUS');
    await at.drop();
  });

  describe('one catalogue for everybody', () => {
    let at: SmallDatabase;
    before(async () => {
      at = await smallDatabase(
        engine,
        `
CREATE TABLE orgs (id int PRIMARY KEY, name text);
CREATE TABLE models (id int PRIMARY KEY, name text, gone boolean NOT NULL DEFAULT false);
CREATE TABLE bots (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, model_id int REFERENCES models CHECK (org_id <> 3 OR model_id = 1));
INSERT INTO orgs VALUES (1, 'Elm'), (2, 'Oak'), (3, 'Yew');
INSERT INTO models (id, name) VALUES (1, 'gpt-4o'), (2, 'gpt-5'), (3, 'o3');
INSERT INTO bots VALUES (1, 1, 1), (2, 2, 1), (3, 3, 1);`,
        `version: 1
model: { tables: [{ table: models, columns: { name: name }, retired: gone, retire: { gone: true } }] }
tenant: { root: orgs, key: id, display: name, column: org_id, global: [models] }
places: [{ at: bots.model_id }]
`,
      );
    });
    after(() => at.drop());
    const gone = async (): Promise<unknown> =>
      (await at.rows('SELECT gone FROM models WHERE id = 1'))[0]?.[0];

    it('is not retired by a run in which a tenant failed', async () => {
      const done = await run(at, '--from', 'gpt-4o', '--to', 'gpt-5');
      assert.deepEqual([done.status, done.completion], ['failed', 'partial']);
      assert.equal(sharedOf(done), 'skipped TENANTS_FAILED');
      assert.equal(await gone(), 'false');
    });

    it('is retired by the run that leaves nothing live anywhere', async () => {
      await at.script('ALTER TABLE bots DROP CONSTRAINT bots_check');
      const done = await run(at, '--from', 'gpt-4o', '--to', 'gpt-5');
      assert.deepEqual(
        [done.status, done.completion, sharedOf(done)],
        ['succeeded', 'complete', 'succeeded'],
      );
      assert.equal(await gone(), 'true');
    });

    it('comes back before rows of tenants do, and no run is taken back while a later one stands', async () => {
      const { stdout } = await at.run('runs', 'list', '--json');
      const [last, first] = (JSON.parse(stdout) as { runs: Run[] }).runs;
      const back = (id = ''): ReturnType<typeof at.run> => at.run('runs', 'rollback', id, '--yes', '--json');
      const refused = await back(first?.id);
      assert.match(
        refused.stdout + refused.stderr,
        /a later one of the shared rows .*drover rollback [0-9a-f-]{36}/,
      );
      const { migrations } = JSON.parse((await at.run('history', '--tenant', 'Elm', '--json')).stdout) as {
        migrations: { id: string }[];
      };
      const alone = await at.run('rollback', migrations.at(-1)?.id ?? '', '--yes');
      assert.match(
        alone.stderr.replaceAll(/\s+/g, ' '),
        /first: drover rollback [0-9a-f-]{36} --database \S+/,
      );
      assert.equal(await gone(), 'true');
      assert.deepEqual(await at.rows('SELECT DISTINCT model_id FROM bots'), [['2']]);
      assert.equal((await back(last?.id)).status, 0);
      assert.equal(await gone(), 'false');
    });
  });
});
