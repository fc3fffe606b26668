/**
 * One table of models for all tenants, in which some rows are a tenant's own: each tenant can leave a row of everybody by itself, the
 * others are no obstacle, and a tenant's own model of the same name is none of that move's business.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { smallDatabase } from './small-database.ts';
import type { SmallDatabase } from './small-database.ts';

const script = `
CREATE TABLE orgs (id int PRIMARY KEY, name text);
CREATE TABLE models (id int PRIMARY KEY, org_id int REFERENCES orgs, name text, gone boolean NOT NULL DEFAULT false);
CREATE TABLE bots (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, model_id int REFERENCES models);
INSERT INTO orgs VALUES (1, 'Elm'), (2, 'Oak'), (3, 'Ash');
INSERT INTO models (id, org_id, name) VALUES (1, NULL, 'gpt-4o'), (2, NULL, 'gpt-5'), (3, 2, 'gpt-4o');
INSERT INTO bots VALUES (1, 1, 1), (2, 2, 1), (3, 2, 3);`;

const yaml = `version: 1
model:
  tables:
    - { table: models, columns: { name: name, tenant: org_id }, retired: gone, retire: { gone: true } }
tenant: { root: orgs, key: id, display: name, column: org_id }
places: [{ at: bots.model_id }]
`;

oneEngine((engine) => {
  describe('a model of everybody', () => {
    let at: SmallDatabase;
    before(async () => (at = await smallDatabase(engine, script, yaml)));
    after(() => at.drop());

    const plan = async (tenant: string, from: string): Promise<Planned> => {
      const { stdout, stderr } = await at.run(
        'plan',
        '--tenant',
        tenant,
        '--from',
        from,
        '--to',
        '2',
        '--json',
      );
      assert.ok(stdout.startsWith('{'), stderr);
      return JSON.parse(stdout) as Planned;
    };

    it('is left by one tenant, whose rows alone are listed', async () => {
      const elm = await plan('Elm', '1');
      assert.deepEqual(elm.counts, { bots: 1 });
      assert.deepEqual(
        elm.leftBehind.map(({ reason, live, count, rows }) => [reason, live, count, rows]),
        [['other-tenant', false, 1, []]],
      );
    });

    it('is what its name means, also where the tenant has a model of that name', async () => {
      const oak = await plan('Oak', 'gpt-4o');
      assert.equal(oak.source.key, '1');
      assert.deepEqual(oak.counts, { bots: 1 });
      assert.equal((await plan('Oak', '3')).source.key, '3');
    });

    it('is shown beside the model of that name, which stays, unless its key was given', async () => {
      const told = async (tenant: string, from: string): Promise<string[]> =>
        (await plan(tenant, from)).findings.flatMap(({ code, message }) =>
          code === 'OWN_NAMESAKE' ? [message.slice(0, 10)] : [],
        );
      assert.deepEqual(await told('Oak', 'gpt-4o'), ['gpt-4o [3]']);
      for (const [tenant, from] of [
        ['Oak', '1'],
        ['Oak', '3'],
        ['Elm', 'gpt-4o'],
      ] as const)
        assert.deepEqual(await told(tenant, from), []);
    });

    it('does not make the plan of one tenant stale when another tenant moves', async () => {
      const hash = (await plan('Elm', '1')).hash;
      await at.script('INSERT INTO bots VALUES (4, 2, 1)');
      assert.equal((await plan('Elm', '1')).hash, hash);
      await at.script('DELETE FROM bots WHERE id = 4');
    });

    it('is not retired by the first tenant that leaves it, and is left by all together', async () => {
      const one = await at.run('apply', '--tenant', 'Elm', '--from', '1', '--to', '2', '--yes');
      assert.equal(one.status, 0, one.stderr);
      assert.deepEqual(await at.rows('SELECT model_id FROM bots ORDER BY id'), [['2'], ['1'], ['3']]);
      assert.deepEqual(await at.rows('SELECT gone FROM models WHERE id = 1'), [['false']]);
      const all = await at.run('apply', '--all-tenants', '--from', '1', '--to', '2', '--yes');
      assert.equal(all.status, 0, all.stderr);
      assert.deepEqual(await at.rows('SELECT model_id FROM bots ORDER BY id'), [['2'], ['2'], ['3']]);
    });
  });
});

interface Planned {
  readonly hash: string;
  readonly source: { readonly key?: string };
  readonly findings: readonly { readonly code: string; readonly message: string }[];
  readonly counts: Readonly<Record<string, number>>;
  readonly leftBehind: readonly {
    readonly reason: string;
    readonly live: boolean;
    readonly count: number;
    readonly rows: readonly unknown[];
  }[];
}
