/** Every endpoint takes what a menu offers. An arm that takes models by name says what it needs. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { type Answer, type HttpPlatform, httpPlatform } from '../support/http.ts';
import { makeWorkspace, storedAll } from '../support/workspaces.ts';

interface Arm {
  readonly provider: string;
  readonly payer: 'platform' | 'tenant';
  readonly needs: readonly string[];
  readonly models: readonly { readonly id: string }[];
  readonly takes: readonly string[];
}

interface Menu {
  readonly id: string;
  readonly kind: string;
  readonly arms: readonly Arm[];
}

oneEngine((engine) => {
  let http: HttpPlatform;
  let menus: readonly Menu[];
  before(async () => {
    http = await httpPlatform(engine);
    menus = (await ask('GET', '/runtimes')).json.items;
  });
  after(() => http.close());

  const ask = (method: 'GET' | 'POST' | 'PUT' | 'PATCH', path: string, body?: object): Promise<Answer> =>
    http.call(method, `/api/v1${path}`, { key: http.keys.admin, ...(body === undefined ? {} : { body }) });
  const secretsOf = ({ needs }: Arm): Record<string, string> =>
    Object.fromEntries(needs.slice(0, 1).map((name) => [name, 'k']));
  const entries = (): { runtime: string; arm: Arm; model: string }[] =>
    menus.flatMap(({ id: runtime, arms }) =>
      arms.flatMap((arm) => arm.models.map(({ id: model }) => ({ runtime, arm, model }))),
    );

  it('every endpoint takes every entry of every menu', async () => {
    assert.ok(entries().length > 100, `${entries().length} entries`);
    const nodes = entries().map(({ runtime, arm, model }, n) => ({
      name: `Imported ${n}`,
      runtime,
      model,
      secrets: secretsOf(arm),
    }));
    const imported = await ask('POST', '/workspaces/import', { workspaces: nodes });
    assert.equal(imported.status, 201, imported.text);
    // The workspace that is imported first walks through all the others.
    const [{ id }] = imported.json.items;
    for (const name of new Set(entries().flatMap(({ arm }) => arm.needs.slice(0, 1)))) {
      const secret = { value: 'k', accept_payer_change: true };
      assert.equal((await ask('PUT', `/workspaces/${id}/secrets/${name}`, secret)).status, 200);
    }
    for (const { runtime, arm, model } of entries()) {
      const about = `${model} on ${runtime} by ${arm.provider}`;
      const pair = { runtime, model, accept_payer_change: true };
      const patched = await ask('PATCH', `/workspaces/${id}`, pair);
      assert.equal(patched.status, 200, `${about}: ${patched.text}`);
      assert.equal((await ask('PUT', `/workspaces/${id}/model`, { model: '' })).status, 200, about);
      const put = await ask('PUT', `/workspaces/${id}/model`, { model });
      assert.equal(put.status, 200, `${about}: ${put.text}`);
    }
  });

  it('a workspace with an entry is ready to start, and somebody pays', async () => {
    const firsts = new Map(entries().map((entry) => [`${entry.runtime} ${entry.arm.provider}`, entry]));
    for (const [about, { runtime, arm, model }] of firsts) {
      const id = await makeWorkspace(http, { runtime, model, secrets: secretsOf(arm) });
      assert.equal((await ask('POST', `/workspaces/${id}/preflight`)).json.status, 'ready', about);
      const { mode } = (await ask('GET', `/workspaces/${id}/billing-mode`)).json;
      assert.ok(['platform_managed', 'byok'].includes(mode), about);
    }
  });

  it('a model that the organisation disabled is neither offered nor taken, in any spelling', async () => {
    const list = await ask('GET', '/completion-models?name=claude-sonnet-4-6');
    const [model] = list.json.items;
    const enable = (is_enabled: boolean): Promise<Answer> =>
      ask('PATCH', `/completion-models/${model.id}`, { is_enabled });
    assert.equal((await enable(false)).status, 200);
    const ids = ['claude-sonnet-4-6', 'anthropic/claude-sonnet-4-6'];
    const before = entries().filter((entry) => ids.includes(entry.model));
    assert.ok(before.length > 2);
    const { items } = (await ask('GET', '/runtimes')).json;
    for (const id of ids) assert.ok(!JSON.stringify(items).includes(`"id":"${id}"`), id);
    for (const { runtime, arm, model: named } of before) {
      const body = { name: 'Disabled', runtime, model: named, secrets: secretsOf(arm) };
      assert.equal((await ask('POST', '/workspaces', body)).json.code, 'MODEL_DISABLED', runtime);
    }
    assert.equal((await enable(true)).status, 200);
  });

  it('no endpoint takes a nonsense twin of an entry', async () => {
    const other = await makeWorkspace(http, { runtime: 'mock' });
    const was = await storedAll(http);
    for (const { runtime, arm, model } of entries().filter(({ arm: { payer } }) => payer === 'platform')) {
      const twin = model.toUpperCase();
      const patched = await ask('PATCH', `/workspaces/${other}`, { runtime, model: twin });
      assert.equal(patched.status, 422, `${twin} on ${runtime} by ${arm.provider}: ${patched.text}`);
    }
    assert.equal(await storedAll(http), was);
  });

  describe('an arm that goes by name', () => {
    it('says what it takes, and which secrets it needs', async () => {
      const named = menus.flatMap(({ arms }) => arms.filter(({ models }) => models.length === 0));
      assert.ok(named.length > 5);
      for (const { provider, payer, needs, takes } of named) {
        assert.equal(payer, 'tenant', provider);
        assert.ok(needs.length > 0 && takes.length > 0, provider);
      }
      const missing = await ask('POST', '/workspaces', { name: 'Kimi', runtime: 'hermes', model: 'kimi-k9' });
      assert.deepEqual([missing.status, missing.json.code], [422, 'MISSING_BYOK_CREDENTIAL']);
      const arm = menus
        .find(({ id }) => id === 'hermes')
        ?.arms.find(({ provider }) => provider === missing.json.data.provider);
      assert.deepEqual(missing.json.data.needs, arm?.needs);
    });
  });
});
