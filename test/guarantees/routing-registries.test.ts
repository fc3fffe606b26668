/**
 * A registry changes while others decide by an earlier one: another server, a verdict that was given before, a migration that is
 * taken back, the demo. None of them stores what the registry in force refuses.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { completionId } from '../../src/platform/demo/models.ts';
import { platformScope } from '../../src/platform/scope.ts';
import { seedDemo } from '../../src/platform/demo/seed.ts';
import { bringInRegistry } from '../../src/platform/workspaces/bring-in-registry.ts';
import { dayOf } from '../../src/platform/workspaces/day.ts';
import { judgeOf } from '../../src/platform/workspaces/judgement.ts';
import { openRegistry } from '../../src/platform/workspaces/live-registry.ts';
import type { Tx } from '../../src/postgres/driver/database.ts';
import { findInForce, type InForce } from '../../src/platform/queries/registry-in-force.ts';
import { listRegistryPairs } from '../../src/platform/queries/registry-pairs.ts';
import { asTenant } from '../../src/postgres/scope/tenant.ts';
import { finish, type LoadedRegistry } from '../../src/registry/load/load.ts';
import { routablePairs } from '../../src/registry/verdict/pairs.ts';
import { loaded, models, runtimes } from '../registry/small-registry.ts';
import { oneEngine } from '../support/databases.ts';
import { type Answer, type HttpPlatform, httpPlatform, type Method } from '../support/http.ts';
import { platformDatabase, refusal } from '../support/platform.ts';
import { testRouting } from '../support/routing.ts';
import { makeWorkspace, storedAll, storedRow } from '../support/workspaces.ts';

/** What this server decides by, where a test says nothing else. */
const here = loaded();
/** What another server brings in: field is no more, and desk lost an id. */
const elsewhere = loaded({
  'runtimes.yaml': runtimes
    .replace(
      '{ id: field, label: Field, kind: open }',
      '{ id: field, label: Field, kind: retired, successor: desk, source: https://example.org/field }',
    )
    .replace(', { id: Special, model: acme-1 }', ''),
});
const openField = '{ id: field, label: Field, kind: open }';
const namedArm = '- { provider: acme }\n';
/** How a pair that was allowed comes to be refused, and with which code. */
const turns = [
  {
    what: 'an open runtime is closed',
    pair: { runtime: 'field', model: 'mine' },
    next: runtimes.replace(
      openField,
      '{ id: field, label: Field, kind: closed, arms: [{ provider: acme, models: [acme-1] }], source: https://example.org/field }',
    ),
    code: 'UNREGISTERED_MODEL_FOR_RUNTIME',
  },
  {
    what: 'an open runtime is retired',
    pair: { runtime: 'field', model: 'mine' },
    next: runtimes.replace(
      openField,
      '{ id: field, label: Field, kind: retired, successor: desk, source: https://example.org/field }',
    ),
    code: 'RUNTIME_UNSUPPORTED',
  },
  {
    what: 'a runtime is gone',
    pair: { runtime: 'field', model: 'mine' },
    next: runtimes.replace(`  - ${openField}\n`, ''),
    code: 'RUNTIME_UNSUPPORTED',
  },
  {
    what: 'an arm no longer goes by name',
    pair: { runtime: 'shed', model: 'acme-new' },
    next: runtimes
      .replace(namedArm, '- { provider: acme, models: [acme-1] }\n')
      .replace('      - { provider: acme-login }\n', ''),
    code: 'UNREGISTERED_MODEL_FOR_RUNTIME',
  },
  {
    what: 'a listed id is gone',
    pair: { runtime: 'desk', model: 'Special' },
    next: runtimes.replace(', { id: Special, model: acme-1 }', ''),
    code: 'UNREGISTERED_MODEL_FOR_RUNTIME',
  },
];
const today = dayOf(new Date());
const oneDay = 86_400_000;

oneEngine((engine) => {
  describe('a registry that another server brought in', () => {
    let http: HttpPlatform;
    let decidesBy = here;
    /** After so many looks at it, the server has another one. */
    let readsLeft = Infinity;
    let thenBy = here;
    before(async () => {
      const live = { current: () => (readsLeft-- > 0 ? decidesBy : thenBy), problems: () => [] };
      http = await httpPlatform(engine, { routing: testRouting(live) });
      const key = { key: http.keys.admin, body: { value: 'k' } };
      assert.equal((await http.call('PUT', '/api/v1/secrets/ACME_KEY', key)).status, 200);
    });
    beforeEach(() => {
      decidesBy = here;
      readsLeft = Infinity;
      return bringIn(here);
    });
    after(() => http.close());

    const bringIn = (registry: LoadedRegistry, day = today): Promise<{ added: number; removed: number }> =>
      bringInRegistry(http.platform, { loaded: registry, today: day });
    const ask = (method: Method, path: string, body?: object): Promise<Answer> =>
      http.call(method, `/api/v1${path}`, {
        key: http.keys.admin,
        ...(body === undefined ? {} : { body }),
      });
    const asApplication = (sql: string, params: readonly unknown[]): Promise<number> =>
      asTenant(http.platform.database, platformScope, http.tenants.mine, (tx) => tx.run(sql, params));
    const set = (id: string, what: string): Promise<number> =>
      asApplication(`UPDATE migration.workspaces SET ${what} WHERE id = $1`, [id]);
    const verdicts = (id: string): Promise<string[]> =>
      http.asSuperuser(async (tx) => {
        const rows = await tx.many<{ reason: string }>(
          'SELECT reason FROM migration.workspace_verdicts WHERE workspace_id = $1',
          [id],
        );
        return rows.map(({ reason }) => reason);
      });

    it('leaves with each workspace who paid, and says who pays where that was not known', async () => {
      const listed = await makeWorkspace(http, { runtime: 'desk', model: 'Special' });
      const open = await makeWorkspace(http, { runtime: 'field', model: 'mine' });
      await bringIn(elsewhere);
      const payersOf = (sql: string): Promise<unknown[]> =>
        http.asSuperuser(async (tx) =>
          (await tx.many<{ payers: unknown }>(sql, [])).map(({ payers }) => payers),
        );
      for (const id of [listed, open])
        assert.deepEqual(
          await payersOf(`SELECT payers FROM migration.workspace_verdicts WHERE workspace_id = '${id}'`),
          ['tenant'],
        );
      await http.asSuperuser((tx) => tx.run('UPDATE migration.registry_pairs SET payers = NULL', []));
      await bringIn(elsewhere);
      assert.deepEqual(
        await payersOf('SELECT payers FROM migration.registry_pairs WHERE payers IS NULL'),
        [],
      );
    });

    /** What each endpoint that writes is asked, for a workspace; those that the registry does not concern say so. */
    const endpoints: Readonly<Record<string, (id: string) => readonly unknown[] | 'not concerned'>> = {
      'POST /workspaces': () => [
        { name: 'On the field', runtime: 'field', model: 'x' },
        { name: 'No model', runtime: 'field', model: null },
        { name: 'Of both', runtime: 'desk', model: 'acme-1' },
        { name: 'Nobody pays', runtime: 'desk', model: 'acme-3' },
      ],
      'POST /workspaces/import': () => [{ workspaces: [{ name: 'Desk', runtime: 'desk', model: 'acme-1' }] }],
      'PATCH /workspaces/{workspace_id}': () => [
        { runtime: 'field', accept_payer_change: true },
        { runtime: 'shed', model: 'acme-new', accept_payer_change: true },
        { runtime: 'desk' },
        { compute: { ACME_URL: 'x' } },
      ],
      'PUT /workspaces/{workspace_id}/model': () => [
        { model: 'Special' },
        { model: 'acme-3', accept_payer_change: true },
        { model: '' },
      ],
      'PUT /workspaces/{workspace_id}/secrets/{secret_name}': () => [
        { value: 'k', accept_payer_change: true },
      ],
      'DELETE /workspaces/{workspace_id}/secrets/{secret_name}': () => [undefined],
      'PUT /secrets/{secret_name}': () => [{ value: 'k', accept_payer_change: true }],
      'DELETE /secrets/{secret_name}': () => [undefined],
      // Nothing is stored, and a start depends on the answer.
      'POST /workspaces/{workspace_id}/preflight': () => [undefined],
      'GET /workspaces/{workspace_id}/billing-mode': () => [undefined],
      'DELETE /workspaces/{workspace_id}': () => 'not concerned',
    };

    it('binds a server that has not heard of it: no endpoint decides by what is not in force', async () => {
      const { json } = await http.call('GET', '/openapi.json', { key: http.keys.admin });
      const written = Object.entries(json.paths as Record<string, Record<string, unknown>>)
        .filter(([path]) => /^\/api\/v1\/(workspaces|secrets)\b/.test(path))
        .flatMap(([path, methods]) =>
          Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace('/api/v1', '')}`),
        )
        .filter((endpoint) => !endpoint.startsWith('GET '));
      const known = Object.keys(endpoints).filter((endpoint) => !endpoint.startsWith('GET '));
      assert.deepEqual(written.toSorted(), known.toSorted());
      const id = await makeWorkspace(http, {
        runtime: 'desk',
        model: 'acme-1',
        secrets: { ACME_TOKEN: 'k' },
      });
      for (const stale of ['another registry', 'a later day']) {
        await (stale === 'another registry'
          ? bringIn(elsewhere)
          : bringIn(here, dayOf(new Date(Date.now() + oneDay))));
        const was = await storedAll(http);
        for (const [endpoint, bodies] of Object.entries(endpoints)) {
          const [method = '', path = ''] = endpoint.replace('{workspace_id}', id).split(' ');
          const asked = bodies(id);
          for (const body of asked === 'not concerned' ? [] : asked) {
            const name = path.includes('/workspaces/') ? 'ACME_TOKEN' : 'ACME_KEY';
            const answer = await ask(method as Method, path.replace('{secret_name}', name), body as object);
            const { status, json: problem, text } = answer;
            assert.deepEqual(
              [status, problem.code],
              [503, 'REGISTRY_UNAVAILABLE'],
              `${stale}, ${endpoint}: ${text}`,
            );
            assert.match(problem.detail, /POST \/api\/v1\/sysadmin\/registry\/reload/);
          }
        }
        assert.equal(await storedAll(http), was, stale);
        await bringIn(here);
      }
      await bringIn(elsewhere);
      const state = await http.call('GET', '/api/v1/sysadmin/registry', { key: http.keys.sysadmin });
      assert.deepEqual([state.json.hash, state.json.in_force.hash], [here.hash, elsewhere.hash]);
      assert.equal((await ask('PATCH', `/workspaces/${id}`, { role: 'stays' })).status, 200);
      await bringIn(here);
      assert.equal((await ask('PUT', `/workspaces/${id}/model`, { model: 'acme-1' })).status, 200);
      assert.equal((await ask('DELETE', `/workspaces/${id}`)).status, 204);
    });

    it('binds a request that was judged by the one before', async () => {
      const id = await makeWorkspace(http, { runtime: 'field' });
      await bringIn(elsewhere);
      thenBy = elsewhere;
      for (let looks = 0; looks < 6; looks += 1) {
        readsLeft = looks;
        const { status, text } = await ask('PUT', `/workspaces/${id}/model`, { model: 'mine' });
        assert.ok(status === 503 || status === 422, text);
        assert.equal((await storedRow(http, id))['model'], null, `after ${looks} looks`);
      }
    });

    it('comes in between two menus, never within one', async () => {
      for (const path of ['/runtimes', '/runtimes/desk/models']) {
        readsLeft = 10;
        assert.equal((await ask('GET', path)).status, 200);
        assert.equal(readsLeft, 9, `${path} looked at the registry more than once`);
      }
    });

    it('binds a server whose day is not over yet', async () => {
      await bringIn(here, dayOf(new Date(Date.now() + oneDay)));
      const { status, text } = await ask('POST', '/workspaces', {
        name: 'Yesterday',
        runtime: 'field',
        model: 'x',
      });
      assert.equal(status, 503, text);
    });

    it('is not put aside by a server that only keeps up with the days', async () => {
      let now = new Date();
      const other = await openRegistry({ platform: http.platform, load: () => here, now: () => now });
      await bringIn(elsewhere);
      now = new Date(now.getTime() + oneDay);
      await other.keepUp();
      assert.equal((await inForce()).hash, elsewhere.hash);
      await bringIn(here);
      now = new Date(now.getTime() + oneDay);
      await other.keepUp();
      assert.deepEqual(await inForce(), {
        hash: here.hash,
        version: here.routes.version,
        day: dayOf(now),
      });
    });

    it('is whole, whoever brings another one in at the same moment', async () => {
      for (let round = 0; round < 6; round += 1) {
        await Promise.all([here, elsewhere, here, elsewhere].map((registry) => bringIn(registry)));
        const { hash } = await inForce();
        const wanted = routablePairs(hash === here.hash ? here : elsewhere, today);
        const stored = await http.asSuperuser((tx) => listRegistryPairs(tx, 'migration'));
        assert.deepEqual(sorted(stored), sorted(wanted));
      }
    });

    it('comes in although somebody chooses all the time what it takes away', async () => {
      const ids = [1, 2, 3].map(() => makeWorkspace(http, { runtime: 'desk', model: 'acme-1' }));
      const until = { over: false };
      const writers = ids.map(async (made) => {
        const id = await made;
        for (let n = 0; !until.over || n < 2; n += 1)
          await ask('PUT', `/workspaces/${id}/model`, { model: n % 2 === 0 ? 'Special' : 'acme-1' });
      });
      await Promise.all(ids);
      await bringIn(elsewhere);
      until.over = true;
      await Promise.all(writers);
      const { n } = await http.asSuperuser((tx) =>
        tx.one<{ n: number }>(
          `SELECT count(*)::int AS n FROM migration.workspaces w WHERE model = 'Special' AND NOT EXISTS
             (SELECT FROM migration.workspace_verdicts v WHERE v.workspace_id = w.id AND v.model = w.model AND v.reason = 'ended')`,
        ),
      );
      assert.equal(n, 0);
    });

    for (const { what, pair, next, code } of turns)
      it(`${what}: who has the pair keeps it and is told, and nobody comes to it`, async () => {
        const has = await makeWorkspace(http, pair);
        const other = await makeWorkspace(http, { runtime: 'desk', model: 'acme-1' });
        decidesBy = loaded({ 'runtimes.yaml': next });
        await bringIn(decidesBy);
        const was = await storedAll(http);
        for (const [method, path, body] of [
          ['POST', '/workspaces', { ...pair, name: 'New' }],
          ['PATCH', `/workspaces/${other}`, pair],
          ['PATCH', `/workspaces/${has}`, { runtime: pair.runtime }],
          ['PUT', `/workspaces/${has}/model`, { model: pair.model }],
        ] as const) {
          const { status, json, text } = await ask(method, path, body);
          assert.deepEqual([status, json.code], [422, code], text);
        }
        assert.equal(await storedAll(http), was);
        const checked = await ask('POST', `/workspaces/${has}/preflight`);
        assert.deepEqual([checked.json.status, checked.json.problems[0].code], ['blocked', code]);
        assert.equal((await ask('PATCH', `/workspaces/${has}`, { role: 'stays' })).status, 200);
        const { runtime, model } = await storedRow(http, has);
        assert.deepEqual({ runtime, model }, pair);
        assert.deepEqual(await verdicts(has), ['ended']);
        const away = { runtime: 'desk', model: 'acme-1' };
        assert.equal((await ask('PATCH', `/workspaces/${has}`, away)).status, 200);
        assert.deepEqual(await verdicts(has), []);
      });

    it('takes a verdict away that nothing rests on, and leaves the others to who has them', async () => {
      const has = await makeWorkspace(http, { runtime: 'field', model: 'mine' });
      const had = await makeWorkspace(http, { runtime: 'field', model: 'mine' });
      const back = `runtime = 'field', model = 'mine', route = 'verdict'`;
      await set(had, `runtime = 'desk', model = 'acme-1', route = 'registry'`);
      assert.equal(await set(had, back), 1, 'what was allowed can be taken back');
      await set(had, `runtime = 'desk', model = 'acme-1', route = 'registry'`);
      await bringIn(elsewhere);
      await assert.rejects(set(had, back), refusal('STILL_REFERENCED'));
      assert.deepEqual([await verdicts(had), await verdicts(has)], [[], ['ended']]);
      assert.equal((await storedRow(http, has))['model'], 'mine');
    });

    it('takes what was kept away, too, where nothing rests on it and nothing runs on it', async () => {
      const has = await makeWorkspace(http, { runtime: 'field', model: 'mine' });
      decidesBy = loaded({ 'models.yaml': models.replace('status: withdrawn, ', 'status: active, ') });
      await bringIn(decidesBy);
      const withdrawn = await makeWorkspace(http, { runtime: 'desk', model: 'acme-left' });
      await bringIn(elsewhere);
      assert.deepEqual([await verdicts(has), await verdicts(withdrawn)], [['ended'], ['kept']]);
      const away = `runtime = 'desk', model = 'acme-1', route = 'registry'`;
      for (const id of [has, withdrawn]) await set(id, away);
      await bringIn(elsewhere);
      await assert.rejects(
        set(has, `runtime = 'field', model = 'mine', route = 'verdict'`),
        refusal('STILL_REFERENCED'),
      );
      assert.equal(await set(withdrawn, `runtime = 'desk', model = 'acme-left', route = 'verdict'`), 1);
    });

    it('a secret takes verdicts away, too, that would not be given with it', async () => {
      const all = await http.call('GET', '/api/v1/workspaces', { key: http.keys.admin });
      for (const { id } of all.json.items) await ask('DELETE', `/workspaces/${id}`);
      const id = await makeWorkspace(http, { runtime: 'desk', model: 'acme-1' });
      await ask('PUT', `/workspaces/${id}/secrets/ACME_TOKEN`, { value: 'k' });
      assert.equal((await ask('PUT', `/workspaces/${id}/model`, { model: '' })).status, 200);
      assert.equal((await ask('DELETE', '/secrets/ACME_KEY')).status, 204);
      const chosen = await ask('PATCH', `/workspaces/${id}`, { runtime: 'shed', model: 'acme-new' });
      assert.equal(chosen.status, 200, chosen.text);
      await set(id, `runtime = 'desk', model = 'acme-1', route = 'registry'`);
      assert.deepEqual(await verdicts(id), ['allowed']);
      assert.equal((await ask('PUT', '/secrets/ACME_KEY', { value: 'k' })).status, 200);
      assert.deepEqual(await verdicts(id), []);
      await assert.rejects(
        set(id, `runtime = 'shed', model = 'acme-new', route = 'verdict'`),
        refusal('STILL_REFERENCED'),
      );
    });

    const inForce = async (): Promise<InForce> => {
      const found = await http.asSuperuser((tx) => tx.ask(findInForce('migration')));
      assert.ok(found);
      return found;
    };
  });

  it('a migration that is taken back leaves a workspace whose pair is gone meanwhile, and says so', async () => {
    const http = await httpPlatform(engine);
    try {
      const inbox = '00000001-def0-def0-def0-001300000001';
      const builtIn = testRouting().registry.current();
      assert.ok(builtIn.kind === 'ok');
      const asked = { key: http.keys.admin };
      const migrated = await http.call(
        'POST',
        `/api/v1/completion-models/${completionId(1, 'claude-haiku-4-5')}/migrate`,
        {
          ...asked,
          body: { to_model_id: completionId(1, 'claude-sonnet-4-6'), confirm_migration: true },
        },
      );
      assert.equal(migrated.status, 200, migrated.text);
      assert.equal((await storedRow(http, inbox))['model'], 'claude-sonnet-4-6');
      await bringInRegistry(http.platform, { loaded: withoutHaiku(builtIn), today });
      const { status, json, text } = await http.call(
        'POST',
        `/api/v1/migrations/${migrated.json.migration_id}/rollback`,
        { ...asked, body: {} },
      );
      assert.equal(status, 200, text);
      assert.equal((await storedRow(http, inbox))['model'], 'claude-sonnet-4-6');
      const left = json.skipped.filter(({ table }: { table: string }) => table === 'migration.workspaces');
      assert.deepEqual(
        left.map(({ id }: { id: string }) => id),
        [inbox],
        text,
      );
    } finally {
      await http.close();
    }
  });

  it('the demo brings no pair beside a registry that is in force', async () => {
    const builtIn = testRouting().registry.current();
    assert.ok(builtIn.kind === 'ok');
    // The same pairs, and who has no key of another name cannot have one of them.
    const otherKey = finish({
      ...builtIn.registry,
      providers: builtIn.registry.providers.map((provider) =>
        provider.id === 'anthropic' ? { ...provider, secrets: ['ANOTHER_KEY'] } : provider,
      ),
    });
    for (const [registry, judgedBy, expected] of [
      [here, here, []],
      [builtIn, builtIn, ['Inbox', 'Release notes']],
      [builtIn, here, []],
      [builtIn, undefined, []],
      [otherKey, otherKey, ['Release notes']],
    ] as const) {
      const database = await platformDatabase(engine, 'empty');
      try {
        const home = { database: database.db, schema: 'migration', site: { scope: platformScope } };
        await bringInRegistry(home, { loaded: registry, today });
        const pairs = (tx: Tx) => listRegistryPairs(tx, 'migration');
        const was = await database.asSuperuser(pairs);
        await seedDemo(database.db, judgedBy && { judge: judgeOf(judgedBy, today) });
        assert.deepEqual(await database.asSuperuser(pairs), was);
        const names = await database.asSuperuser((tx) =>
          tx.many<{ name: string }>('SELECT DISTINCT name FROM migration.workspaces ORDER BY 1'),
        );
        assert.deepEqual(
          names.map(({ name }) => name),
          expected,
        );
      } finally {
        await database.drop();
      }
    }
  });
});

/** The built-in registry as if hermes had never reached the model. */
function withoutHaiku({ registry }: LoadedRegistry): LoadedRegistry {
  const models = registry.models.map((model) =>
    model.id === 'claude-haiku-4-5'
      ? { ...model, lifecycle: { ...model.lifecycle, status: 'withdrawn' as const } }
      : model,
  );
  return finish({ ...registry, models });
}

function sorted(pairs: readonly { readonly runtime: string; readonly model: string }[]): string[] {
  return pairs.map(({ runtime, model }) => JSON.stringify([runtime, model])).toSorted();
}
