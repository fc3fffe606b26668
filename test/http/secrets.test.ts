/** No answer, log line or row ever holds the value of a secret, and a sealed value opens only in its own place. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { createLog } from '../../src/http/server/log.ts';
import { readSecretKeys } from '../../src/platform/secrets/key-file.ts';
import { rotateSecrets } from '../../src/platform/secrets/rotate.ts';
import { seal, unseal, type SecretPlace } from '../../src/platform/secrets/seal.ts';
import { keyRing, newSecretKey } from '../../src/platform/secrets/keys.ts';
import { oneEngine } from '../support/databases.ts';
import { type Answer, type HttpPlatform, httpPlatform, type Method } from '../support/http.ts';
import { refusal } from '../support/platform.ts';
import { testKey } from '../support/routing.ts';
import { makeWorkspace, onHermes, storedAll } from '../support/workspaces.ts';

const value = 'sk-very-secret-0123456789';
const ring = keyRing(testKey('test'));
const place: SecretPlace = { tenantId: 'tenant', workspaceId: 'workspace', name: 'NAME' };

describe('a sealed value', () => {
  it('opens in its own place, and in no other', () => {
    const sealed = seal(ring, place, value);
    assert.equal(unseal(ring, place, sealed), value);
    const others = [
      { tenantId: 'other' },
      { workspaceId: 'other' },
      { workspaceId: undefined },
      { name: 'OTHER' },
    ];
    for (const other of others)
      assert.throws(() => unseal(ring, { ...place, ...other }, sealed), refusal('SECRET_UNREADABLE'));
  });

  it('does not open after a bit of it was changed, or with another key', () => {
    const sealed = seal(ring, place, value);
    for (const part of ['nonce', 'sealed'] as const) {
      const bytes = Buffer.from(sealed[part], 'base64');
      for (let at = 0; at < bytes.length; at += 1) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ 1;
        const stored = { ...sealed, [part]: changed.toString('base64') };
        assert.throws(() => unseal(ring, place, stored), refusal('SECRET_UNREADABLE'));
      }
    }
    for (const cut of ['', 'AAAA'])
      assert.throws(() => unseal(ring, place, { ...sealed, sealed: cut }), refusal('SECRET_UNREADABLE'));
    assert.throws(
      () => unseal(keyRing(testKey('other')), place, sealed),
      refusal('SECRET_UNREADABLE', /key/),
    );
  });
});

describe('the key of a server', () => {
  const source = { olderSecretKeys: [], production: true };

  it('must be given in production', () => {
    assert.throws(() => readSecretKeys(source), refusal('SECRET_KEY_MISSING', /DROVER_SECRET_KEY/));
    const secretKey = newSecretKey();
    assert.equal(readSecretKeys({ ...source, secretKey })('/nowhere').all.size, 1);
    for (const wrong of ['short', `${secretKey}AAAA`])
      assert.throws(
        () => readSecretKeys({ ...source, secretKey: wrong }),
        refusal('CONFIG_INVALID', /32 bytes/),
      );
  });

  it('is made once in development, for the owner alone', () => {
    const folder = mkdtempSync(join(tmpdir(), 'drover-key-'));
    try {
      const made = readSecretKeys({ ...source, production: false })(folder);
      assert.equal(readSecretKeys({ ...source, production: false })(folder).current.id, made.current.id);
      const file = join(folder, 'drover-secret.key');
      assert.equal(statSync(file).mode & 0o777, 0o600);
      assert.equal(Buffer.from(readFileSync(file, 'utf8'), 'base64').length, 32);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

oneEngine((engine) => {
  let http: HttpPlatform;
  let logged = '';
  let said = '';

  before(async () => {
    const destination = new Writable({
      write(chunk: Buffer, _encoding, done) {
        logged += chunk.toString();
        done();
      },
    });
    http = await httpPlatform(engine, { log: createLog({ level: 'trace', destination }) });
  });
  after(() => http.close());

  const ask = async (
    method: Method,
    path: string,
    body?: unknown,
    key = http.keys.admin,
  ): Promise<Answer> => {
    const answer = await http.call(method, `/api/v1${path}`, {
      key,
      ...(body === undefined ? {} : { body }),
    });
    said += answer.text;
    return answer;
  };

  async function refused(asked: () => Promise<Answer>, status: number, code: string): Promise<void> {
    const was = await storedAll(http);
    const answer = await asked();
    assert.deepEqual([answer.status, answer.json?.code], [status, code], answer.text);
    assert.equal(await storedAll(http), was, 'a refusal has written something');
  }

  it('are in no answer, no line of the log and no row, whatever goes wrong', async () => {
    const id = await makeWorkspace(http, { runtime: 'mock', secrets: { FIRST: value } });
    await ask('PUT', `/workspaces/${id}/secrets/SECOND`, { value });
    await ask('PUT', '/secrets/THIRD', { value });
    await ask('PUT', `/workspaces/${id}/secrets/MODEL`, { value });
    await ask('PUT', '/secrets/bad-name', { value });
    await ask('POST', '/workspaces', {
      name: 'x',
      runtime: 'nowhere',
      secrets: { KEY: value },
      extra: value,
    });
    await ask('POST', '/workspaces/import', {
      workspaces: [{ name: 'x', runtime: 'no', secrets: { KEY: value } }],
    });
    const headers = { authorization: `Bearer ${http.keys.admin}`, 'content-type': 'application/json' };
    const posted = { method: 'POST', url: '/api/v1/workspaces' } as const;
    for (const payload of [
      `{"name":"Twice","runtime":"mock","secrets":{"KEY":"${value}"}}`,
      `{"name":"Broken","secrets":{"KEY":"${value}"`,
      `"${value}"`,
    ])
      for (const again of ['first', 'again']) {
        const answer = await http.app.inject({
          ...posted,
          headers: { ...headers, 'idempotency-key': String(payload.length) },
          payload,
        });
        assert.ok(answer.statusCode < 500, `${again}: ${answer.body}`);
        said += answer.body;
      }
    await http.asSuperuser((tx) => tx.script('ALTER TABLE migration.tenant_secrets RENAME sealed TO hidden'));
    try {
      assert.equal((await ask('PUT', '/secrets/FOURTH', { value })).status, 500);
    } finally {
      await http.asSuperuser((tx) =>
        tx.script('ALTER TABLE migration.tenant_secrets RENAME hidden TO sealed'),
      );
    }
    for (const path of [
      '/workspaces',
      `/workspaces/${id}`,
      `/workspaces/${id}/secrets`,
      '/secrets',
      '/audit-log',
    ]) {
      const { status } = await ask('GET', path);
      assert.equal(status, 200, path);
    }
    await ask('POST', `/workspaces/${id}/preflight`);
    assert.doesNotMatch(said.replaceAll('"extra"', ''), /sk-very-secret/);
    assert.ok(logged.length > 0);
    assert.doesNotMatch(logged, /sk-very-secret/);
    const rows = await http.asSuperuser((tx) =>
      tx.many<{ text: string }>(
        'SELECT t::text AS text FROM migration.workspace_secrets t UNION ALL SELECT t::text FROM migration.tenant_secrets t UNION ALL SELECT t::text FROM migration.audit_log t UNION ALL SELECT t::text FROM migration.idempotency_keys t',
      ),
    );
    assert.doesNotMatch(JSON.stringify(rows), /sk-very-secret/);
  });

  it('cannot be named like a model or like an endpoint, at any endpoint', async () => {
    const id = await makeWorkspace(http, { runtime: 'mock' });
    const models =
      'MODEL ANTHROPIC_MODEL ANTHROPIC_DEFAULT_OPUS_MODEL MODEL_ID models MODELID OPENAI_MODEL2 OPENAIMODEL';
    const endpoints =
      'OPENAI_BASE_URL ANTHROPIC_BASEURL OPENAI_API_BASE OPENAI_HOST AZURE_OPENAI_ENDPOINT API_URL HTTPS_PROXY';
    const before = await storedAll(http);
    for (const name of `${models} ${endpoints}`.split(' '))
      for (const path of [`/workspaces/${id}/secrets/${name}`, `/secrets/${name}`]) {
        const { status, json } = await ask('PUT', path, { value });
        assert.deepEqual([status, json.code], [422, 'SECRET_NAME_RESERVED'], path);
      }
    assert.equal(await storedAll(http), before);
    await refused(() => ask('PUT', '/secrets/lower_case', { value }), 400, 'REQUEST_INVALID');
    await refused(() => ask('PUT', '/secrets/BLANK', { value: ' \n' }), 400, 'REQUEST_INVALID');
    for (const name of ['REMODEL_TOKEN', 'MODELSCOPE_API_KEY', 'DATABASE_URL', 'JIRA_BASE_URL'])
      assert.equal((await ask('PUT', `/secrets/${name}`, { value })).status, 200);
    const sql = `INSERT INTO migration.tenant_secrets (tenant_id, name, key_id, nonce, sealed) SELECT id, 'X_MODEL', '', '', '' FROM migration.tenants`;
    await assert.rejects(
      http.asSuperuser((tx) => tx.run(sql)),
      refusal('INVALID_VALUE'),
    );
  });

  it('stay if they are the last key of a model, and can be deleted otherwise', async () => {
    const id = await onHermes(http);
    const own = `/workspaces/${id}/secrets/ANTHROPIC_API_KEY`;
    await refused(() => ask('DELETE', own), 409, 'SECRET_IN_USE');
    assert.equal(
      (await ask('PUT', '/secrets/ANTHROPIC_API_KEY', { value, accept_payer_change: true })).status,
      200,
    );
    assert.equal((await ask('DELETE', own)).status, 204);
    await refused(() => ask('DELETE', own), 404, 'NOT_FOUND');
    await refused(() => ask('DELETE', '/secrets/ANTHROPIC_API_KEY'), 409, 'SECRET_IN_USE');
    assert.equal((await ask('PUT', `/workspaces/${id}/model`, { model: '' })).status, 200);
    // A workspace that the platform could pay runs on this key now.
    await refused(() => ask('DELETE', '/secrets/ANTHROPIC_API_KEY'), 409, 'SECRET_IN_USE');
    const release = '/workspaces/00000001-def0-def0-def0-001300000000';
    assert.equal((await ask('PUT', `${release}/model`, { model: '' })).status, 200);
    assert.equal((await ask('DELETE', '/secrets/ANTHROPIC_API_KEY')).status, 204);
  });

  it('cannot be deleted while somebody chooses a model that needs them', async () => {
    const id = await makeWorkspace(http, {
      runtime: 'hermes',
      model: 'kimi-x',
      secrets: { KIMI_API_KEY: value },
    });
    await ask('PUT', `/workspaces/${id}/secrets/DEEPSEEK_API_KEY`, { value });
    for (let round = 0; round < 20; round += 1) {
      await ask('PUT', `/workspaces/${id}/secrets/DEEPSEEK_API_KEY`, { value });
      await Promise.all([
        ask('PUT', `/workspaces/${id}/model`, { model: 'deepseek-next-preview' }),
        ask('DELETE', `/workspaces/${id}/secrets/DEEPSEEK_API_KEY`),
      ]);
      const { json } = await ask('GET', `/workspaces/${id}/billing-mode`);
      assert.equal(json.mode, 'byok', JSON.stringify(json));
      assert.equal((await ask('PUT', `/workspaces/${id}/model`, { model: 'kimi-x' })).status, 200);
    }
  });

  it('of the workspace and of its organisation cannot both be deleted if a model needs one of them', async () => {
    const id = await makeWorkspace(http, { runtime: 'mock' });
    const paths = [`/workspaces/${id}/secrets/MOONSHOT_API_KEY`, '/secrets/MOONSHOT_API_KEY'];
    for (let round = 0; round < 15; round += 1) {
      for (const path of paths) await ask('PUT', path, { value, accept_payer_change: true });
      const chosen = { runtime: 'hermes', model: 'kimi-x', accept_payer_change: true };
      assert.equal((await ask('PATCH', `/workspaces/${id}`, chosen)).status, 200);
      const gone = await Promise.all(paths.map((path) => ask('DELETE', path)));
      assert.deepEqual(
        gone.map(({ status }) => status).toSorted((a, b) => a - b),
        [204, 409],
      );
    }
    assert.equal((await ask('DELETE', `/workspaces/${id}`)).status, 204);
  });

  it('are limited in number', async () => {
    const secrets = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`KEY_${n}`, 'k']));
    const body = { name: 'Many', runtime: 'mock', secrets };
    await refused(() => ask('POST', '/workspaces', body), 400, 'REQUEST_INVALID');
  });

  it('are sealed anew when the key changes, and the old key is no longer needed', async () => {
    const tidy = `DELETE FROM migration.workspace_secrets WHERE key_id = 'demo'; DELETE FROM migration.tenant_secrets WHERE key_id = 'demo'`;
    await http.asSuperuser((tx) => tx.script(tidy));
    const fresh = keyRing(testKey('fresh'), [testKey('test')]);
    const { sealed } = await rotateSecrets(http.platform, fresh);
    assert.ok(sealed > 3);
    assert.equal((await rotateSecrets(http.platform, fresh)).sealed, 0);
    const row = await http.asSuperuser((tx) =>
      tx.one<{ tenant_id: string; name: string; key_id: string; nonce: string; sealed: string }>(
        `SELECT tenant_id, name, key_id, nonce, sealed FROM migration.tenant_secrets WHERE name = 'THIRD'`,
      ),
    );
    const third = { tenantId: row.tenant_id, workspaceId: undefined, name: row.name };
    assert.equal(unseal(keyRing(testKey('fresh')), third, row), value);
  });
});
