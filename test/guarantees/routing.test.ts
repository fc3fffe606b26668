/**
 * No way stores a pair of runtime and model that the registry refuses: not a race of two clients, not SQL as the application's
 * role, not a fleet's worker, not a registry that changed or broke meanwhile. Each allowed pair has a nonsense twin.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { completionId } from '../../src/platform/demo/models.ts';
import { platformScope } from '../../src/platform/scope.ts';
import { openRegistry, type Reloading } from '../../src/platform/workspaces/live-registry.ts';
import type { Routing } from '../../src/platform/workspaces/routing.ts';
import type { Tx } from '../../src/postgres/driver/database.ts';
import { asFleet, asTenant } from '../../src/postgres/scope/tenant.ts';
import type { Loaded } from '../../src/registry/load/load.ts';
import { loaded, models, runtimes } from '../registry/small-registry.ts';
import { eachEngine } from '../support/databases.ts';
import { type HttpPlatform, httpPlatform } from '../support/http.ts';
import { refusal } from '../support/platform.ts';
import { raceRouting } from '../support/routing-race.ts';
import { testRouting } from '../support/routing.ts';
import { makeWorkspace, storedAll, storedRow } from '../support/workspaces.ts';

const broken: Loaded = {
  kind: 'invalid',
  problems: [{ file: 'models.yaml', line: 3, column: 1, message: 'no such thing' }],
};
/** Before acme-left was withdrawn. */
const earlier = loaded({
  'models.yaml': models.replace('status: withdrawn, replacement: acme-2', 'status: active'),
});

eachEngine((engine) => {
  let http: HttpPlatform;
  let live: Reloading | undefined;
  let next: Loaded = earlier;

  before(async () => {
    const registry = {
      current: () => live?.current() ?? earlier,
      problems: () => live?.problems() ?? [],
    };
    const routing: Routing = {
      ...testRouting(registry),
      reload: async () => live?.reload() ?? { changed: false, problems: [] },
    };
    http = await httpPlatform(engine, { routing });
    live = await openRegistry({ platform: http.platform, load: () => next });
    const key = { key: http.keys.admin, body: { value: 'k' } };
    for (const name of ['ACME_KEY', 'BRIO_KEY']) {
      const { status, text } = await http.call('PUT', `/api/v1/secrets/${name}`, key);
      assert.equal(status, 200, text);
    }
  });
  after(() => http.close());

  const asApplication = <T>(work: (tx: Tx) => Promise<T>): Promise<T> =>
    asTenant(http.platform.database, platformScope, http.tenants.mine, work);
  const set = (id: string, what: string) => (tx: Tx) =>
    tx.run(`UPDATE migration.workspaces SET ${what} WHERE id = $1`, [id]);

  describe('SQL as the application’s role', () => {
    it('stores a pair of the registry, and not its nonsense twin', async () => {
      const id = await makeWorkspace(http, { runtime: 'desk', model: 'acme-1' });
      assert.equal(await asApplication(set(id, `model = 'acme-2'`)), 1);
      for (const what of [
        `model = 'acme-2x'`,
        `model = 'ACME-2'`,
        `model = ' acme-2'`,
        `model = 'acme-gone'`,
        `runtime = 'barn'`,
        `runtime = 'nowhere', model = NULL`,
        `runtime = 'barn', model = NULL`,
        `runtime = 'field'`,
        `route = 'verdict'`,
        `runtime = 'field', model = 'x', route = 'verdict'`,
      ])
        await assert.rejects(asApplication(set(id, what)), refusal('STILL_REFERENCED'), what);
      for (const what of [`route = 'other'`, `model = ''`, `route = NULL`])
        await assert.rejects(asApplication(set(id, what)), refusal('INVALID_VALUE'), what);
      const { model } = await storedRow(http, id);
      assert.equal(model, 'acme-2');
    });

    it('inserts no refused pair', async () => {
      const insert = (runtime: string, model: string, route: string) => (tx: Tx) =>
        tx.run(
          `INSERT INTO migration.workspaces (tenant_id, id, user_id, name, runtime, model, route)
           SELECT tenant_id, gen_random_uuid(), id, concat($1::text, $2::text, $3::text), $1, $2, $3 FROM migration.users LIMIT 1`,
          [runtime, model, route],
        );
      assert.equal(await asApplication(insert('desk', 'Special', 'registry')), 1);
      for (const [runtime, model] of [
        ['desk', 'special'],
        ['field', 'x'],
        ['shed', 'acme-anything'],
      ] as const)
        for (const route of ['registry', 'verdict'])
          await assert.rejects(asApplication(insert(runtime, model, route)), refusal('STILL_REFERENCED'));
    });

    it('cannot give itself a verdict, or add to the registry', async () => {
      const id = await makeWorkspace(http, { runtime: 'field', model: 'mine' });
      for (const sql of [
        `INSERT INTO migration.registry_pairs VALUES ('desk', 'nonsense')`,
        `UPDATE migration.registry_pairs SET model = 'nonsense'`,
        `DELETE FROM migration.registry_pairs`,
        `INSERT INTO migration.workspace_verdicts (tenant_id, workspace_id, runtime, model, reason, registry_version)
         SELECT tenant_id, id, 'desk', 'nonsense', 'allowed', '' FROM migration.workspaces`,
        `UPDATE migration.workspace_verdicts SET model = 'nonsense'`,
        `DELETE FROM migration.workspace_verdicts`,
      ])
        await assert.rejects(
          asApplication((tx) => tx.run(sql)),
          refusal('NOT_PERMITTED'),
          sql,
        );
      assert.equal((await storedRow(http, id))['route'], 'verdict');
    });

    it('cannot use a verdict of another workspace, another tenant, or an earlier time', async () => {
      const holder = await makeWorkspace(http, { runtime: 'field', model: 'for one' });
      const other = await makeWorkspace(http, { runtime: 'desk', model: 'acme-1' });
      await assert.rejects(
        asApplication(set(other, `runtime = 'field', model = 'for one', route = 'verdict'`)),
        refusal('STILL_REFERENCED'),
      );
      const moved = await http.call('PATCH', `/api/v1/workspaces/${holder}`, {
        key: http.keys.member,
        body: { runtime: 'desk', model: 'acme-1' },
      });
      assert.equal(moved.status, 200, moved.text);
      await assert.rejects(
        asApplication(set(holder, `runtime = 'field', model = 'for one', route = 'verdict'`)),
        refusal('STILL_REFERENCED'),
      );
    });

    it('knows no way around the keys', async () => {
      const id = await makeWorkspace(http, { runtime: 'desk', model: 'acme-1' });
      const open = await makeWorkspace(http, { runtime: 'field', model: 'mine' });
      const table = 'migration.workspaces';
      const store = `UPDATE ${table} SET model = 'nonsense' WHERE id = '${id}'`;
      const add = `INSERT INTO migration.registry_pairs VALUES ('desk', 'nonsense')`;
      const ways: Readonly<Record<'STILL_REFERENCED' | 'NOT_PERMITTED' | 'DATABASE_ERROR', string[]>> = {
        STILL_REFERENCED: [
          `INSERT INTO ${table} (tenant_id, id, user_id, name, runtime, model) SELECT tenant_id, id, user_id, 'n', 'desk', 'acme-1'
             FROM ${table} WHERE id = '${id}' ON CONFLICT (tenant_id, id) DO UPDATE SET model = 'nonsense'`,
          `MERGE INTO ${table} w USING (SELECT 1) AS one ON w.id = '${id}' WHEN MATCHED THEN UPDATE SET model = 'nonsense'`,
          `WITH stored AS (${store} RETURNING 1) SELECT * FROM stored`,
          `SET CONSTRAINTS ALL DEFERRED; ${store}`,
          `CREATE TEMP TABLE registry_pairs (runtime text, model text); INSERT INTO registry_pairs VALUES ('desk', 'nonsense');
             SET LOCAL search_path = pg_temp, migration; ${store}`,
          `CREATE TEMP VIEW mine AS SELECT * FROM ${table}; UPDATE mine SET model = 'nonsense' WHERE id = '${id}'`,
          `UPDATE ${table} SET id = gen_random_uuid() WHERE id = '${open}'`,
          `UPDATE ${table} SET route = DEFAULT WHERE id = '${open}'`,
          `DELETE FROM ${table} WHERE id = '${open}'; INSERT INTO ${table} (tenant_id, id, user_id, name, runtime, model, route)
             SELECT tenant_id, '${open}', user_id, 'n', 'field', 'other', 'verdict' FROM ${table} WHERE id = '${id}'`,
        ],
        NOT_PERMITTED: [
          `UPDATE ${table} SET tenant_id = '${http.tenants.other}' WHERE id = '${id}'`,
          `SET LOCAL session_replication_role = replica; ${store}`,
          `ALTER TABLE ${table} DISABLE TRIGGER ALL; ${store}`,
          `ALTER TABLE ${table} DROP CONSTRAINT workspaces_registry_pair_fkey; ${store}`,
          `ALTER TABLE ${table} ALTER COLUMN registry_model DROP EXPRESSION; ${store}`,
          `CREATE VIEW migration.mine AS SELECT * FROM ${table}`,
          `CREATE FUNCTION migration.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
          `SET LOCAL row_security = off; ${store}`,
          `GRANT drover_operator TO drover_app`,
          `GRANT INSERT ON migration.registry_pairs TO drover_app; ${add}`,
          'TRUNCATE migration.registry_pairs',
          `UPDATE migration.registry_in_force SET hash = ''`,
        ],
        DATABASE_ERROR: [
          `UPDATE ${table} SET registry_model = 'acme-2' WHERE id = '${id}'`,
          `UPDATE ${table} SET verdict_model = NULL, route = 'verdict' WHERE id = '${id}'`,
          `COPY ${table} (tenant_id, id, user_id, name, runtime, model) FROM STDIN`,
        ],
      };
      const before = await storedAll(http);
      for (const code of ['STILL_REFERENCED', 'NOT_PERMITTED', 'DATABASE_ERROR'] as const)
        for (const way of ways[code])
          await assert.rejects(
            asApplication((tx) => tx.script(way)),
            refusal(code),
            way,
          );
      assert.equal(await storedAll(http), before);
    });

    it('nor does a worker of several tenants, or even the login', async () => {
      const id = await makeWorkspace(http, { runtime: 'desk', model: 'acme-1' });
      const { mine, other } = http.tenants;
      const work = set(id, `model = 'nonsense'`);
      await assert.rejects(
        asFleet(http.platform.database, platformScope, [mine, other], work),
        refusal('STILL_REFERENCED'),
      );
      await assert.rejects(http.asSuperuser(work), refusal('STILL_REFERENCED'));
    });
  });

  it('two clients that patch runtime and model of one workspace never store a refused pair', async () => {
    const id = await makeWorkspace(http, { runtime: 'desk', model: 'acme-1' });
    const { stored, refused } = await raceRouting(http, { id, registry: earlier, rounds: 150 });
    assert.ok(stored > 20 && refused > 20, `${stored} stored, ${refused} refused`);
  });

  it('a secret that comes while a model is chosen by its name leaves no pair that nobody can serve', async () => {
    const id = await makeWorkspace(http, { runtime: 'desk', model: 'acme-1' });
    const key = http.keys.admin;
    const put = (path: string, body: object) => http.call('PUT', `/api/v1${path}`, { key, body });
    const outcomes = new Set<string>();
    for (let round = 0; round < 25; round += 1) {
      await http.call('PATCH', `/api/v1/workspaces/${id}`, {
        key,
        body: { runtime: 'field', model: 'x', accept_payer_change: true },
      });
      const move = { runtime: 'shed', model: 'acme-new', accept_payer_change: true };
      const [secret, moved] = await Promise.all([
        put('/secrets/ACME_TOKEN', { value: 'k', accept_payer_change: true }),
        http.call('PATCH', `/api/v1/workspaces/${id}`, { key, body: move }),
      ]);
      outcomes.add([secret.status, moved.status].join(' '));
      await http.call('PATCH', `/api/v1/workspaces/${id}`, {
        key,
        body: { runtime: 'field', model: 'x', accept_payer_change: true },
      });
      if (secret.status === 200) {
        const gone = await http.call('DELETE', '/api/v1/secrets/ACME_TOKEN', { key });
        assert.equal(gone.status, 204, gone.text);
      }
    }
    for (const each of outcomes) assert.ok(['200 422', '422 200'].includes(each), [...outcomes].join(', '));
  });

  describe('a registry that changes', () => {
    const ask = (method: 'PUT' | 'PATCH' | 'POST' | 'GET', path: string, body?: unknown) =>
      http.call(method, `/api/v1${path}`, {
        key: http.keys.sysadmin,
        ...(body === undefined ? {} : { body }),
      });

    it('leaves what workspaces have, and lets nobody choose it anew', async () => {
      const had = await makeWorkspace(http, { runtime: 'desk', model: 'acme-left' });
      const other = await makeWorkspace(http, { runtime: 'desk', model: 'acme-1' });
      next = loaded();
      const reloaded = await ask('POST', '/sysadmin/registry/reload');
      assert.deepEqual(
        [reloaded.status, reloaded.json.status, reloaded.json.hash],
        [200, 'ok', loaded().hash],
      );
      const row = await storedRow(http, had);
      assert.deepEqual([row['model'], row['route'], row['version']], ['acme-left', 'verdict', 1]);
      assert.equal(
        (await ask('PATCH', `/workspaces/${had}`, { runtime: 'desk', role: 'stays' })).status,
        200,
      );
      assert.equal((await ask('PUT', `/workspaces/${had}/model`, { model: 'acme-left' })).status, 200);
      assert.equal((await ask('POST', `/workspaces/${had}/preflight`)).json.status, 'ready');
      const before = await storedAll(http);
      const chosen = await ask('PUT', `/workspaces/${other}/model`, { model: 'acme-left' });
      assert.deepEqual([chosen.status, chosen.json.code], [422, 'MODEL_WITHDRAWN']);
      await assert.rejects(asApplication(set(other, `model = 'acme-left'`)), refusal('STILL_REFERENCED'));
      assert.equal(await storedAll(http), before);
      // Who gives it up cannot have it back.
      assert.equal(
        (await ask('PUT', `/workspaces/${had}/model`, { model: 'acme-3', accept_payer_change: true })).status,
        200,
      );
      assert.equal(
        (await ask('PUT', `/workspaces/${had}/model`, { model: 'acme-left', accept_payer_change: true })).json
          .code,
        'MODEL_WITHDRAWN',
      );
      await assert.rejects(
        asApplication(set(had, `model = 'acme-left', route = 'verdict'`)),
        refusal('STILL_REFERENCED'),
      );
    });

    it('broken when it is read again: the last good one stays', async () => {
      next = broken;
      const { json } = await ask('POST', '/sysadmin/registry/reload');
      assert.deepEqual([json.status, json.hash, json.problems[0].line], ['ok', loaded().hash, 3]);
      assert.ok(await makeWorkspace(http, { runtime: 'desk', model: 'acme-1' }));
      next = loaded();
      await ask('POST', '/sysadmin/registry/reload');
    });

    it('a model that ends on a day cannot be had from that day on', async () => {
      let now = new Date('2026-12-31T23:59:00Z');
      const id = await makeWorkspace(http, { runtime: 'desk', model: 'acme-1' });
      const clock = await openRegistry({ platform: http.platform, load: () => loaded(), now: () => now });
      assert.equal(await asApplication(set(id, `model = 'acme-2'`)), 1);
      assert.equal(await asApplication(set(id, `model = 'acme-1'`)), 1);
      now = new Date('2027-01-01T00:00:00Z');
      await clock.keepUp();
      await assert.rejects(asApplication(set(id, `model = 'acme-2'`)), refusal('STILL_REFERENCED'));
      await openRegistry({ platform: http.platform, load: () => loaded() });
    });
  });

  it('a verdict dies with the pair, and with the workspace, that it stands for', async () => {
    const back = `runtime = 'field', model = 'mine', route = 'verdict'`;
    const away = `runtime = 'desk', model = 'acme-1', route = 'registry'`;
    const pair = { runtime: 'field', model: 'mine' };
    const [moved, gone, idle] = [
      await makeWorkspace(http, pair),
      await makeWorkspace(http, pair),
      await makeWorkspace(http, pair),
    ];
    const again = (id: string) => `DELETE FROM migration.workspaces WHERE id = '${id}';
      INSERT INTO migration.workspaces (tenant_id, id, user_id, name, runtime, model, route)
        SELECT tenant_id, '${id}', id, 'again ${id}', 'field', 'mine', 'verdict' FROM migration.users LIMIT 1`;
    await assert.rejects(
      asApplication((tx) => tx.script(again(idle))),
      refusal('STILL_REFERENCED'),
    );
    next = loaded({
      'runtimes.yaml': runtimes.replace(
        'kind: open }',
        'kind: retired, successor: desk, source: https://example.org/field }',
      ),
    });
    live = await openRegistry({ platform: http.platform, load: () => next });
    await asApplication(set(moved, `role = 'stays'`));
    await asApplication(set(moved, away));
    await assert.rejects(asApplication(set(moved, back)), refusal('STILL_REFERENCED'));
    await assert.rejects(
      asApplication((tx) =>
        tx.script(
          `UPDATE migration.workspaces SET ${away} WHERE id = '${gone}'; UPDATE migration.workspaces SET ${back} WHERE id = '${gone}'`,
        ),
      ),
      refusal('STILL_REFERENCED'),
    );
    await assert.rejects(
      asApplication((tx) => tx.script(again(gone))),
      refusal('STILL_REFERENCED'),
    );
    const holdOther = `UPDATE migration.workspace_verdicts v SET held_tenant_id = w.tenant_id, held_id = w.id, held_runtime = 'field',
      held_model = 'mine' FROM migration.workspaces w WHERE w.id = '${idle}' AND v.workspace_id = '${gone}'`;
    await assert.rejects(
      http.asSuperuser((tx) => tx.run(holdOther)),
      refusal('INVALID_VALUE'),
    );
    const { model, route } = await storedRow(http, gone);
    assert.deepEqual([model, route], ['mine', 'verdict'], 'who leaves it alone keeps it');
    await asApplication((tx) => tx.run('DELETE FROM migration.workspaces WHERE id = $1', [gone]));
    const { left } = await http.asSuperuser((tx) =>
      tx.one<{ left: number }>(
        'SELECT count(*)::int AS left FROM migration.workspace_verdicts WHERE workspace_id = $1',
        [gone],
      ),
    );
    assert.equal(left, 0);
    next = loaded();
    live = await openRegistry({ platform: http.platform, load: () => next });
    assert.equal(
      (await http.call('DELETE', `/api/v1/workspaces/${idle}`, { key: http.keys.admin })).status,
      204,
    );
  });

  it('a registry that was broken at the start stores nothing and lets everybody read', async () => {
    const id = await makeWorkspace(http, { runtime: 'desk', model: 'acme-1' });
    const kept = live;
    live = await openRegistry({ platform: http.platform, load: () => broken });
    const before = await storedAll(http);
    const body = { name: 'B', runtime: 'desk', model: 'acme-1' };
    const endpoints = [
      ['POST', '/workspaces', body],
      ['POST', '/workspaces/import', { workspaces: [body] }],
      ['PATCH', `/workspaces/${id}`, { name: 'C' }],
      ['PUT', `/workspaces/${id}/model`, { model: 'acme-2' }],
      ['PUT', `/workspaces/${id}/secrets/ACME_KEY`, { value: 'x' }],
      ['PUT', '/secrets/ACME_KEY', { value: 'x' }],
      ['DELETE', '/secrets/ACME_KEY', undefined],
      ['POST', `/workspaces/${id}/preflight`, undefined],
      ['GET', '/runtimes', undefined],
      ['GET', '/runtimes/desk/models', undefined],
    ] as const;
    for (const [method, path, sent] of endpoints) {
      const { status, json } = await http.call(method, `/api/v1${path}`, {
        key: http.keys.admin,
        ...(sent === undefined ? {} : { body: sent }),
      });
      assert.deepEqual([status, json.code], [503, 'REGISTRY_UNAVAILABLE'], path);
    }
    assert.equal(await storedAll(http), before);
    // Nobody could say in which spellings workspaces name the source.
    const haiku = completionId(1, 'claude-haiku-4-5');
    const moved = await http.call('POST', `/api/v1/completion-models/${haiku}/migrate`, {
      key: http.keys.admin,
      body: { to_model_id: completionId(1, 'claude-sonnet-4-6'), confirm_migration: true },
    });
    assert.deepEqual([moved.status, moved.json.code], [503, 'REGISTRY_UNAVAILABLE'], moved.text);
    for (const path of ['/workspaces', `/workspaces/${id}`, `/workspaces/${id}/secrets`])
      assert.equal((await http.call('GET', `/api/v1${path}`, { key: http.keys.viewer })).status, 200, path);
    const taken = await http.call('DELETE', `/api/v1/workspaces/${id}`, { key: http.keys.admin });
    assert.equal(taken.status, 204, 'what is taken away needs no verdict');
    live = kept;
  });
});
