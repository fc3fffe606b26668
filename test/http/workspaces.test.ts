/** Every endpoint of workspaces: what the registry allows is stored, and what it refuses changes nothing at all. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { type Answer, type HttpPlatform, httpPlatform, type Method } from '../support/http.ts';
import { makeWorkspace, onHermes, storedAll, storedRow } from '../support/workspaces.ts';

const nonsense = 'claudette-9-nonsense';

oneEngine((engine) => {
  let http: HttpPlatform;
  before(async () => {
    http = await httpPlatform(engine);
  });
  after(() => http.close());

  const ask = (
    method: Method,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> =>
    http.call(method, `/api/v1${path}`, {
      key: http.keys.admin,
      headers,
      ...(body === undefined ? {} : { body }),
    });

  /** The request is refused with this status and code, and changes nothing. */
  async function refused(asked: () => Promise<Answer>, status: number, code: string): Promise<Answer> {
    const before = await storedAll(http);
    const answer = await asked();
    assert.deepEqual([answer.status, answer.json?.code], [status, code], answer.text);
    assert.equal(await storedAll(http), before, 'a refusal has written something');
    return answer;
  }

  describe('POST /workspaces', () => {
    const create = (body: object): Promise<Answer> => ask('POST', '/workspaces', { name: 'New', ...body });

    it('stores row, model and secrets together', async () => {
      const answer = await create({
        runtime: 'hermes',
        model: '  claude-opus-4-7 ',
        secrets: { ANTHROPIC_API_KEY: 'sk-1' },
      });
      assert.equal(answer.status, 201, answer.text);
      assert.equal(answer.headers.location, `/api/v1/workspaces/${answer.json.id}`);
      assert.equal(answer.json.model, 'claude-opus-4-7');
      assert.equal(
        (await ask('GET', `/workspaces/${answer.json.id}/secrets`)).json.items[0].name,
        'ANTHROPIC_API_KEY',
      );
      await refused(() => create({ runtime: 'mock' }), 409, 'ALREADY_EXISTS');
    });

    it('takes a model by its name, and no name that only looks like it', async () => {
      const secrets = { MOONSHOT_API_KEY: 'k' };
      assert.equal(
        (await create({ name: 'Kimi', runtime: 'hermes', model: 'kimi-k9-preview', secrets })).status,
        201,
      );
      await refused(
        () => create({ name: 'K', runtime: 'hermes', model: 'kimini-k9', secrets }),
        422,
        'UNREGISTERED_MODEL_FOR_RUNTIME',
      );
    });

    it('takes any model for an open runtime, and no unknown runtime', async () => {
      assert.equal((await create({ name: 'Open', runtime: 'external', model: nonsense })).status, 201);
      assert.equal((await create({ name: 'Open too', runtime: 'external' })).status, 201);
      await refused(
        () => create({ name: 'O', runtime: 'externally', model: nonsense }),
        422,
        'RUNTIME_UNSUPPORTED',
      );
      await refused(() => create({ name: 'O', runtime: 'externally' }), 422, 'RUNTIME_UNSUPPORTED');
    });

    it('refuses with the reason of the registry', async () => {
      await refused(() => create({ name: 'R', runtime: 'hermes' }), 422, 'MODEL_REQUIRED');
      await refused(() => create({ name: 'R', runtime: 'hermes', model: '   ' }), 422, 'MODEL_REQUIRED');
      await refused(
        () => create({ name: 'R', runtime: 'hermes', model: 'claude-opus-5' }),
        422,
        'MISSING_BYOK_CREDENTIAL',
      );
      const retired = await refused(
        () => create({ name: 'R', runtime: 'moltbot', model: 'x' }),
        422,
        'RUNTIME_UNSUPPORTED',
      );
      assert.equal(retired.json.data.successor, 'openclaw');
      await refused(() => create({ name: 'R', runtime: 'moltbot' }), 422, 'RUNTIME_UNSUPPORTED');
      const unknown = await refused(
        () => create({ name: 'R', runtime: 'claude-code', model: nonsense }),
        422,
        'UNREGISTERED_MODEL_FOR_RUNTIME',
      );
      const { runtime, model, field, registry_version, suggestions } = unknown.json.data;
      assert.deepEqual([runtime, model, field], ['claude-code', nonsense, 'model']);
      assert.ok(registry_version.length > 10 && suggestions.length > 0);
    });

    it('takes no secret whose name carries a model', async () => {
      for (const name of ['MODEL', 'ANTHROPIC_MODEL', 'LLM_MODEL_NAME', 'openai_model'])
        await refused(
          () => create({ name: 'S', runtime: 'mock', secrets: { [name]: 'gpt' } }),
          422,
          'SECRET_NAME_RESERVED',
        );
      const made = await create({ name: 'S', runtime: 'mock', secrets: { REMODELLED: 'x' } });
      assert.equal(made.status, 201);
      for (const compute of [
        { env: { ANTHROPIC_MODEL: 'x' } },
        { env: [{ name: 'OPENAI_BASE_URL', value: 'x' }] },
        { args: ['run', '-e OPENAI_MODEL2=gpt'] },
        { https_proxy: 'x' },
      ]) {
        await refused(() => create({ name: 'T', runtime: 'mock', compute }), 422, 'SECRET_NAME_RESERVED');
        await refused(
          () => ask('PATCH', `/workspaces/${made.json.id}`, { compute }),
          422,
          'SECRET_NAME_RESERVED',
        );
      }
      const card = { gpu: { model: 'a100', MEMORY: 80 } };
      assert.equal((await ask('PATCH', `/workspaces/${made.json.id}`, { compute: card })).status, 200);
    });
  });

  describe('PATCH /workspaces/{id}', () => {
    it('judges a new runtime with the stored model', async () => {
      const id = await onHermes(http);
      await refused(
        () => ask('PATCH', `/workspaces/${id}`, { runtime: 'codex', name: 'Never' }),
        422,
        'UNREGISTERED_MODEL_FOR_RUNTIME',
      );
      const moved = await ask('PATCH', `/workspaces/${id}`, { runtime: 'claude-code' });
      assert.equal(moved.status, 200, moved.text);
      assert.deepEqual(
        [moved.json.runtime, moved.json.model, moved.json.version],
        ['claude-code', 'claude-opus-4-7', 2],
      );
      assert.equal(moved.json.needs_restart, true);
      assert.match(moved.json.restart_reasons[0], /runtime changed from hermes to claude-code/);
    });

    it('judges runtime and model together as the new pair', async () => {
      const id = await onHermes(http);
      const model = 'anthropic/claude-opus-4-7';
      assert.equal(
        (await ask('PATCH', `/workspaces/${id}`, { runtime: 'openclaw', model, role: 'reads' })).status,
        200,
      );
      const { runtime, role } = await storedRow(http, id);
      assert.deepEqual([runtime, role], ['openclaw', 'reads']);
      await refused(
        () => ask('PATCH', `/workspaces/${id}`, { runtime: 'hermes', model: nonsense }),
        422,
        'UNREGISTERED_MODEL_FOR_RUNTIME',
      );
      await refused(
        () => ask('PATCH', `/workspaces/${id}`, { runtime: 'hermes', model: null }),
        422,
        'MODEL_REQUIRED',
      );
    });

    it('changes what is on the list and nothing else', async () => {
      const id = await onHermes(http);
      const patched = await ask('PATCH', `/workspaces/${id}`, {
        name: `Named ${engine}`,
        tier: 'large',
        compute: { cpus: 4 },
      });
      assert.equal(patched.status, 200, patched.text);
      assert.equal(patched.json.needs_restart, false);
      for (const body of [
        { model: 'claude-opus-5' },
        { id },
        { version: 9 },
        { route: 'verdict' },
        { tenant_id: id },
        { name: 'x', secrets: {} },
      ])
        await refused(() => ask('PATCH', `/workspaces/${id}`, body), 400, 'FIELD_NOT_PATCHABLE');
      await refused(() => ask('PATCH', `/workspaces/${id}`, { tier: 'huge' }), 400, 'REQUEST_INVALID');
    });

    it('changes who pays only if the request accepts that', async () => {
      const id = await makeWorkspace(http, { runtime: 'claude-code', model: 'claude-sonnet-5-5' });
      const body = { runtime: 'hermes', model: 'claude-sonnet-5-5' };
      await refused(() => ask('PATCH', `/workspaces/${id}`, body), 422, 'MISSING_BYOK_CREDENTIAL');
      await refused(
        () => ask('PUT', `/workspaces/${id}/secrets/ANTHROPIC_API_KEY`, { value: 'k' }),
        422,
        'PAYER_CHANGE_NOT_ACCEPTED',
      );
      const put = await ask('PUT', `/workspaces/${id}/secrets/DEEPSEEK_API_KEY`, { value: 'k' });
      assert.equal(put.status, 200, put.text);
      const other = { runtime: 'hermes', model: 'deepseek-next-preview' };
      const answer = await refused(
        () => ask('PATCH', `/workspaces/${id}`, other),
        422,
        'PAYER_CHANGE_NOT_ACCEPTED',
      );
      assert.deepEqual([answer.json.data.payer_before, answer.json.data.payer_after], ['platform', 'tenant']);
      assert.equal(
        (await ask('PATCH', `/workspaces/${id}`, { ...other, accept_payer_change: true })).status,
        200,
      );
    });

    it('compares If-Match under the lock', async () => {
      const id = await onHermes(http);
      const seen = await ask('GET', `/workspaces/${id}`);
      const ifMatch = { 'if-match': String(seen.headers['etag']) };
      const first = await ask('PATCH', `/workspaces/${id}`, { runtime: 'claude-code' }, ifMatch);
      assert.equal(first.status, 200);
      assert.equal(first.headers['etag'], (await ask('GET', `/workspaces/${id}`)).headers['etag']);
      await refused(
        () => ask('PATCH', `/workspaces/${id}`, { runtime: 'hermes' }, ifMatch),
        412,
        'PRECONDITION_FAILED',
      );
      await refused(
        () => ask('PUT', `/workspaces/${id}/model`, { model: '' }, ifMatch),
        412,
        'PRECONDITION_FAILED',
      );
    });

    it('writes nothing if the stored model cannot be read', async () => {
      const id = await onHermes(http);
      await http.asSuperuser((tx) =>
        tx.script('ALTER TABLE migration.workspaces RENAME COLUMN model TO model_gone'),
      );
      try {
        await refused(
          () => ask('PATCH', `/workspaces/${id}`, { runtime: 'claude-code' }),
          500,
          'DATABASE_ERROR',
        );
      } finally {
        await http.asSuperuser((tx) =>
          tx.script('ALTER TABLE migration.workspaces RENAME COLUMN model_gone TO model'),
        );
      }
      assert.equal((await ask('PATCH', `/workspaces/${id}`, { runtime: 'claude-code' })).status, 200);
    });
  });

  describe('PUT /workspaces/{id}/model', () => {
    it('takes what the runtime reaches, refuses its nonsense twin, and clears by an empty text', async () => {
      const id = await onHermes(http);
      assert.equal(
        (await ask('PUT', `/workspaces/${id}/model`, { model: 'claude-haiku-5-5' })).json.model,
        'claude-haiku-5-5',
      );
      await refused(
        () => ask('PUT', `/workspaces/${id}/model`, { model: 'claude-haiku-5-5x' }),
        422,
        'UNREGISTERED_MODEL_FOR_RUNTIME',
      );
      await refused(
        () => ask('PUT', `/workspaces/${id}/model`, { model: nonsense }),
        422,
        'UNREGISTERED_MODEL_FOR_RUNTIME',
      );
      await refused(
        () => ask('PUT', `/workspaces/${id}/model`, { model: 'CLAUDE-HAIKU-5-5' }),
        422,
        'UNREGISTERED_MODEL_FOR_RUNTIME',
      );
      assert.equal((await ask('PUT', `/workspaces/${id}/model`, { model: '' })).json.model, null);
      const moved = await ask('PATCH', `/workspaces/${id}`, { runtime: 'claude-code' });
      assert.deepEqual([moved.status, moved.json.runtime, moved.json.model], [200, 'claude-code', null]);
      const chosen = await ask('PATCH', `/workspaces/${id}`, { runtime: 'hermes', model: 'claude-opus-4-7' });
      assert.equal(chosen.status, 200, chosen.text);
    });

    it('takes one line of text, whatever the runtime takes', async () => {
      const id = await makeWorkspace(http, { runtime: 'mock', model: 'one' });
      for (const model of ['one\ntwo', 'one\u2028two', 'one\u0000', 'x'.repeat(201), null, ['one']])
        await refused(() => ask('PUT', `/workspaces/${id}/model`, { model }), 400, 'REQUEST_INVALID');
      assert.equal((await ask('PUT', `/workspaces/${id}/model`, { model: ' two\n' })).json.model, 'two');
    });
  });

  describe('what follows from the pair', () => {
    it('says who pays, and why', async () => {
      const billing = async (id: string): Promise<unknown[]> => {
        const { json } = await ask('GET', `/workspaces/${id}/billing-mode`);
        return [json.mode, json.decided_by, json.provider];
      };
      const platform = await makeWorkspace(http, { runtime: 'claude-code', model: 'claude-opus-5-5' });
      assert.deepEqual(await billing(platform), ['platform_managed', 'platform-arm', 'platform']);
      assert.deepEqual(await billing(await onHermes(http)), ['byok', 'tenant-arm', 'anthropic']);
      const open = await makeWorkspace(http, { runtime: 'mock', model: 'x' });
      assert.deepEqual(await billing(open), ['byok', 'open-runtime', null]);
      await ask('PUT', `/workspaces/${open}/model`, { model: '' });
      assert.deepEqual(await billing(open), ['disabled', 'no-model', null]);
    });

    it('judges again before a launch, secrets included', async () => {
      const id = await onHermes(http);
      const preflight = async (): Promise<unknown[]> => {
        const { json } = await ask('POST', `/workspaces/${id}/preflight`);
        return [json.status, ...json.problems.map(({ code }: { code: string }) => code)];
      };
      assert.deepEqual(await preflight(), ['ready']);
      // From before such names were reserved, or by SQL.
      const store = 'UPDATE migration.workspaces SET compute = $2::text::jsonb WHERE id = $1';
      const stored = (compute: object): Promise<number> =>
        http.asSuperuser((tx) => tx.run(store, [id, JSON.stringify(compute)]));
      await stored({ env: { OPENAI_URL: 'x' }, run: 'export https_proxy=x' });
      assert.deepEqual(await preflight(), ['blocked', 'SECRET_NAME_RESERVED', 'SECRET_NAME_RESERVED']);
      await stored({ memory: '2Gi' });
      assert.deepEqual(await preflight(), ['ready']);
      await ask('PUT', `/workspaces/${id}/model`, { model: '' });
      assert.deepEqual(await preflight(), ['blocked', 'MODEL_REQUIRED']);
      await ask('PUT', `/workspaces/${id}/model`, { model: 'claude-opus-5' });
      const tamper = `UPDATE migration.workspace_secrets
        SET sealed = CASE left(sealed, 1) WHEN 'A' THEN 'B' ELSE 'A' END || substr(sealed, 2) WHERE workspace_id = $1`;
      await http.asSuperuser((tx) => tx.run(tamper, [id]));
      assert.deepEqual(await preflight(), ['blocked', 'SECRET_UNREADABLE']);
      await http.asSuperuser((tx) =>
        tx.run('DELETE FROM migration.workspace_secrets WHERE workspace_id = $1', [id]),
      );
      assert.deepEqual(await preflight(), ['blocked', 'MISSING_BYOK_CREDENTIAL']);
    });

    it('shows menus that enforcement keeps', async () => {
      const { json } = await ask('GET', '/runtimes');
      const ids = json.items.map(({ id }: { id: string }) => id);
      assert.ok(ids.includes('hermes') && ids.includes('moltbot'));
      const menu = (await ask('GET', '/runtimes/codex/models')).json;
      for (const { payer, models } of menu.arms as { payer: string; models: { id: string }[] }[])
        for (const { id } of payer === 'platform' ? models : [])
          assert.ok(await makeWorkspace(http, { runtime: 'codex', model: id }));
      assert.equal((await ask('GET', '/runtimes/codexx/models')).status, 404);
    });
  });

  describe('POST /workspaces/import', () => {
    const node = (name: string, more: object): object => ({ name: `${name} ${engine}`, ...more });
    const good = [
      node('One', { runtime: 'codex', model: 'gpt-5.6-sol' }),
      node('Two', { runtime: 'hermes', model: 'kimi-two', secrets: { KIMI_API_KEY: 'k' } }),
      node('Three', { runtime: 'mock' }),
    ];

    it('stores the whole document, or reports every bad node and stores nothing', async () => {
      const bad = [
        node('Four', { runtime: 'codex', model: nonsense }),
        node('Five', { runtime: 'nowhere', model: 'x' }),
        node('Six', { runtime: 'codex' }),
        node('One', { runtime: 'mock' }),
      ];
      const answer = await refused(
        () => ask('POST', '/workspaces/import', { workspaces: [...good, ...bad] }),
        422,
        'IMPORT_REFUSED',
      );
      const nodes = answer.json.data.nodes.map(({ at, code }: { at: number; code: string }) => [at, code]);
      assert.deepEqual(nodes, [
        [3, 'UNREGISTERED_MODEL_FOR_RUNTIME'],
        [4, 'RUNTIME_UNSUPPORTED'],
        [5, 'MODEL_REQUIRED'],
        [6, 'ALREADY_EXISTS'],
      ]);
      const stored = await ask('POST', '/workspaces/import', { workspaces: good });
      assert.equal(stored.status, 201, stored.text);
      assert.equal(stored.json.items.length, 3);
    });
  });

  describe('DELETE /workspaces/{id}', () => {
    it('takes the secrets and the verdict along', async () => {
      const id = await makeWorkspace(http, { runtime: 'mock', model: 'mine', secrets: { A_KEY: 'x' } });
      assert.equal((await ask('DELETE', `/workspaces/${id}`)).status, 204);
      assert.equal((await ask('DELETE', `/workspaces/${id}`)).status, 404);
      const left = `SELECT (SELECT count(*) FROM migration.workspace_secrets WHERE workspace_id = $1)
        + (SELECT count(*) FROM migration.workspace_verdicts WHERE workspace_id = $1) AS n`;
      assert.equal((await http.asSuperuser((tx) => tx.one<{ n: number }>(left, [id]))).n, 0);
    });
  });
});
