/** Rules of single resources: the end of a model, the models of a space, defaults, roles, tenants, global templates. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { demoId } from '../../src/platform/demo/ids.ts';
import { completionId } from '../../src/platform/demo/models.ts';
import { oneEngine } from '../support/databases.ts';
import { type Answer, type HttpPlatform, httpPlatform, type Method } from '../support/http.ts';
import { meanwhile } from './meanwhile.ts';

const source = completionId(1, 'claude-3-7-sonnet');
const haiku = completionId(1, 'claude-haiku-4-5');
const unused = completionId(1, 'gpt-5-mini');
const disabled = completionId(1, 'gpt-4o');
const nobodys = '0badc0de-0000-4000-8000-000000000000';
const ada = demoId(1, 'users', 0);

oneEngine((engine) => {
  let http: HttpPlatform;
  before(async () => {
    http = await httpPlatform(engine);
  });
  after(() => http.close());

  const as =
    (role: keyof HttpPlatform['keys']) =>
    (method: Method, path: string, body?: unknown): Promise<Answer> =>
      http.call(method, `/api/v1${path}`, { key: http.keys[role], ...(body === undefined ? {} : { body }) });
  const admin = as('admin');
  const sysadmin = as('sysadmin');
  const expect = (answer: Answer, status: number, code?: string): void => {
    assert.deepEqual([answer.status, answer.json?.code], [status, code], answer.text);
  };

  describe('models', () => {
    it('are listed with where they are used, by lifecycle and by whether they are enabled', async () => {
      const { json } = await admin('GET', '/completion-models');
      const found = json.items.find(({ id }: { id: string }) => id === source);
      assert.ok(
        found.usage.assistants.live > 0 && found.usage.questions.history > 0,
        JSON.stringify(found.usage),
      );
      const names = async (query: string): Promise<string[]> =>
        (await admin('GET', `/completion-models?usage=false&${query}`)).json.items.map(
          ({ name, usage }: { name: string; usage?: unknown }) => (usage === undefined ? name : 'counted'),
        );
      assert.deepEqual(await names('lifecycle=deprecated'), ['claude-3-7-sonnet']);
      assert.deepEqual(await names('enabled=false'), ['gpt-4o']);
      assert.deepEqual(await names('lifecycle=retired'), []);
      assert.equal((await admin('GET', '/completion-models?lifecycle=gone')).status, 400);
    });

    it('say in their headers that they go away, until when, and what follows', async () => {
      expect(await admin('PATCH', `/completion-models/${source}`, { successor_id: haiku }), 200);
      const { headers } = await admin('GET', `/completion-models/${source}`);
      assert.equal(headers['deprecation'], `@${Date.parse('2025-10-28T00:00:00Z') / 1000}`);
      assert.equal(headers['sunset'], 'Thu, 19 Feb 2026 00:00:00 GMT');
      assert.equal(headers['link'], `</api/v1/completion-models/${haiku}>; rel="successor-version"`);
      const { headers: lasting } = await admin('GET', `/completion-models/${haiku}`);
      for (const name of ['deprecation', 'sunset', 'link']) assert.equal(lasting[name], undefined, name);
      const deprecate = (is_deprecated: boolean): Promise<Answer> =>
        admin('PATCH', `/completion-models/${disabled}`, { is_deprecated });
      const { json, headers: now } = await deprecate(true);
      assert.equal(now['deprecation'], `@${Math.floor(Date.parse(json.deprecated_at as string) / 1000)}`);
      const again = await admin('PATCH', `/completion-models/${disabled}`, { lifecycle: 'deprecated' });
      assert.equal(again.json.deprecated_at, json.deprecated_at);
      await admin('PATCH', `/completion-models/${disabled}`, { lifecycle: 'active' });
      assert.equal((await deprecate(false)).json.deprecated_at, null);
    });

    it('are not retired while something live names them, documents included', async () => {
      const refused = await admin('DELETE', `/completion-models/${source}`);
      expect(refused, 409, 'MODEL_IN_USE');
      const used = refused.json.data.used.map(({ type }: { type: string }) => type);
      for (const type of ['assistants', 'apps', 'services', 'app_templates', 'tenant_defaults'])
        assert.ok(used.includes(type), type);
      assert.ok(refused.json.data.rows.length > 0);
      const pipeline = { nodes: [{ data: { model: { id: unused } } }] };
      const { json: template } = await admin('POST', '/app-templates', { name: 'Only inside', pipeline });
      const inside = await admin('DELETE', `/completion-models/${unused}`);
      expect(inside, 409, 'MODEL_IN_USE');
      assert.deepEqual(inside.json.data.used, [{ type: 'app_templates', rows: 1, deleted: 0 }]);
      await admin('PATCH', `/app-templates/${template.id}`, { pipeline: { nodes: [] } });
    });

    it('are retired when nothing names them, keep their records, and come back by their lifecycle', async () => {
      const url = `/completion-models/${unused}`;
      const retired = await admin('DELETE', `${url}?successor_id=${haiku}`);
      expect(retired, 200);
      assert.equal(retired.json.lifecycle, 'retired');
      assert.equal(retired.json.successor_id, haiku);
      assert.match(String(retired.headers['link']), /successor-version/);
      assert.match(retired.json.retired_at, /^20/);
      const back = await admin('PATCH', url, { lifecycle: 'active' });
      assert.deepEqual([back.json.lifecycle, back.json.retired_at], ['active', null]);
      expect(await admin('POST', '/assistant-templates', { name: 'x', completion_model_id: unused }), 201);
      expect(await admin('PATCH', url, { lifecycle: 'retired' }), 400, 'REQUEST_INVALID');
      expect(await admin('PATCH', url, { successor_id: unused }), 422, 'REFERENCE_INVALID');
    });

    it('have a name once in a family of a provider, also where they come to it from another', async () => {
      const [anthropic, openai] = [0, 1].map((n) => demoId(1, 'model_providers', n));
      const body = { name: 'gpt-4o', family: 'gpt', provider_id: openai };
      const { json: other, ...made } = await admin('POST', '/completion-models', {
        ...body,
        provider_id: anthropic,
      });
      expect({ json: other, ...made }, 201);
      for (const taken of [
        await admin('POST', '/completion-models', body),
        await admin('PATCH', `/completion-models/${other.id}`, { provider_id: openai }),
      ]) {
        expect(taken, 409, 'ALREADY_EXISTS');
        assert.deepEqual(taken.json.data, { field: 'name' });
      }
    });

    it('keep numbers as they were given', async () => {
      const facts = { price_in: 0.0375, price_out: 99_999_999.9999, context_tokens: 2_147_483_647 };
      const { json } = await admin('PATCH', `/completion-models/${unused}`, facts);
      for (const [name, value] of Object.entries(facts)) assert.equal(json[name], value);
      for (const wrong of [
        { price_in: 0.00001 },
        { price_in: 1e-300 },
        { price_in: -1 },
        { context_tokens: 2_147_483_648 },
        { price_in: 1e9 },
      ])
        expect(await admin('PATCH', `/completion-models/${unused}`, wrong), 400, 'REQUEST_INVALID');
    });
  });

  describe('the models of a space', () => {
    const space = demoId(1, 'spaces', 2);

    it('are linked and taken away, twice without harm, and recorded once', async () => {
      const url = `/spaces/${space}/completion-models`;
      const linked = async (): Promise<string[]> =>
        (await admin('GET', url)).json.items.map(({ model_id }: { model_id: string }) => model_id);
      for (const _ of [1, 2]) assert.equal((await admin('PUT', `${url}/${unused}`)).status, 204);
      assert.ok((await linked()).includes(unused));
      assert.equal((await admin('DELETE', `${url}/${unused}`)).status, 204);
      assert.ok(!(await linked()).includes(unused));
      expect(await admin('DELETE', `${url}/${unused}`), 404, 'NOT_FOUND');
      const { json } = await admin('GET', `/audit-log?object=${space}&limit=10`);
      const actions = json.items.map(({ action }: { action: string }) => action);
      assert.deepEqual(actions, ['space.model_unlinked', 'space.model_linked']);
    });

    it('are those of the tenant: a foreign space or model is answered like one that does not exist', async () => {
      const theirs = completionId(2, 'claude-haiku-4-5');
      const pairs = [
        [`/spaces/${space}/completion-models/${theirs}`, `/spaces/${space}/completion-models/${nobodys}`],
        [
          `/spaces/${demoId(2, 'spaces', 0)}/completion-models/${haiku}`,
          `/spaces/${nobodys}/completion-models/${haiku}`,
        ],
      ] as const;
      for (const [foreign, missing] of pairs)
        for (const method of ['PUT', 'DELETE'] as const) {
          const [one, other] = [await admin(method, foreign), await admin(method, missing)];
          expect(one, 404, 'NOT_FOUND');
          assert.equal(one.text, other.text);
        }
      const [one, other] = [
        await admin('GET', `/spaces/${demoId(2, 'spaces', 0)}/completion-models`),
        await admin('GET', `/spaces/${nobodys}/completion-models`),
      ];
      expect(one, 404, 'NOT_FOUND');
      assert.equal(one.text, other.text);
    });

    it('can be chosen, and stay while something in the space uses them', async () => {
      const first = demoId(1, 'spaces', 0);
      expect(await admin('PUT', `/spaces/${first}/completion-models/${disabled}`), 422, 'MODEL_DISABLED');
      const used = await admin('DELETE', `/spaces/${first}/completion-models/${source}`);
      expect(used, 409, 'MODEL_IN_USE');
      assert.ok(
        used.json.data.used.some(({ field }: { field: string }) => field === 'pipeline'),
        used.text,
      );
      expect(
        await admin('PUT', `/spaces/${demoId(1, 'spaces', 4)}/completion-models/${haiku}`),
        409,
        'ROW_DELETED',
      );
    });
  });

  describe('defaults', () => {
    it('are changed by version, and null is none', async () => {
      const { json, headers } = await admin('GET', '/defaults');
      assert.equal(json.completion_model_id, source);
      const change = (body: object, etag: unknown): Promise<Answer> =>
        http.call('PATCH', '/api/v1/defaults', {
          key: http.keys.admin,
          body,
          headers: { 'if-match': String(etag) },
        });
      const changed = await change({ completion_model_id: haiku, embedding_model_id: null }, headers['etag']);
      expect(changed, 200);
      assert.deepEqual([changed.json.completion_model_id, changed.json.embedding_model_id], [haiku, null]);
      assert.equal(changed.json.transcription_model_id, json.transcription_model_id);
      expect(await change({ completion_model_id: source }, headers['etag']), 412, 'PRECONDITION_FAILED');
      expect(await admin('PATCH', '/defaults', { completion_model_id: disabled }), 422, 'MODEL_DISABLED');
      expect(await as('member')('PATCH', '/defaults', {}), 403, 'FORBIDDEN');
      const { json: audit } = await admin('GET', '/audit-log?action=defaults.updated');
      assert.deepEqual(audit.items[0].detail, { fields: ['completion_model_id', 'embedding_model_id'] });
    });
  });

  describe('people and roles', () => {
    const person = async (more: object = {}): Promise<string> => {
      const body = { email: `n${Math.random()}@example.org`, display_name: 'New', ...more };
      const { json, status, text } = await admin('POST', '/users', body);
      assert.equal(status, 201, text);
      return json.id;
    };
    const roleOf = async (user: string, role: string): Promise<string> =>
      (await sysadmin('GET', `/user-roles?user_id=${user}&role=${role}`)).json.items[0].id;

    it('have an address once, however it is spelled', async () => {
      await person({ email: 'Once@Example.ORG' });
      const again = await admin('POST', '/users', { email: 'oNCE@example.org', display_name: 'Again' });
      expect(again, 409, 'ALREADY_EXISTS');
      assert.deepEqual(again.json.data, { field: 'email' });
    });

    it('are granted up to one’s own role, and only a sysadmin makes sysadmins', async () => {
      const user = await person();
      for (const role of ['viewer', 'member', 'admin'])
        expect(await admin('POST', '/user-roles', { user_id: user, role }), 201);
      expect(await admin('POST', '/user-roles', { user_id: user, role: 'sysadmin' }), 403, 'FORBIDDEN');
      const granted = await sysadmin('POST', '/user-roles', { user_id: user, role: 'sysadmin' });
      assert.equal(granted.json.scope, 'system');
      expect(await admin('DELETE', `/user-roles/${granted.json.id}`), 403, 'FORBIDDEN');
      expect(await sysadmin('DELETE', `/user-roles/${granted.json.id}`), 200);
    });

    it('are not changed from below: an admin cannot take over the person of a sysadmin', async () => {
      expect(await admin('PATCH', `/users/${ada}`, { email: 'mine@example.org' }), 403, 'FORBIDDEN');
      expect(await admin('DELETE', `/users/${ada}`), 403, 'FORBIDDEN');
      expect(await sysadmin('DELETE', `/users/${ada}`), 409, 'LOCKOUT_REFUSED');
      expect(
        await sysadmin('DELETE', `/user-roles/${await roleOf(ada, 'sysadmin')}`),
        409,
        'LOCKOUT_REFUSED',
      );
    });

    it('leave a tenant an admin, whoever is taken away, at whichever endpoint, and at the same time', async () => {
      const other = as('otherAdmin');
      const theirs = demoId(2, 'users', 0);
      const { json } = await other('GET', `/user-roles?user_id=${theirs}&role=admin`);
      const last = json.items[0].id as string;
      expect(await other('DELETE', `/user-roles/${last}`), 409, 'LOCKOUT_REFUSED');
      const second = demoId(2, 'users', 1);
      const until = '2999-01-01T00:00:00Z';
      const body = { user_id: second, role: 'admin', expires_at: until };
      const { json: expiring } = await other('POST', '/user-roles', body);
      expect(await other('DELETE', `/user-roles/${last}`), 409, 'LOCKOUT_REFUSED');
      expect(await other('DELETE', `/user-roles/${expiring.id}`), 200);
      const { json: grant } = await other('POST', '/user-roles', { user_id: second, role: 'admin' });
      const params = [grant.id];
      const refused = await meanwhile(http, {
        change: 'UPDATE migration.user_roles SET is_active = false WHERE id = $1',
        params,
        request: () => other('DELETE', `/user-roles/${last}`),
      });
      expect(refused, 409, 'LOCKOUT_REFUSED');
      expect(await other('POST', '/user-roles', { user_id: second, role: 'admin' }), 201);
      expect(await other('DELETE', `/user-roles/${last}`), 200);
      expect(await other('GET', '/users'), 403, 'FORBIDDEN');
      const again = 'UPDATE migration.user_roles SET is_active = true WHERE id = $1';
      await http.asSuperuser((tx) => tx.run(again, [last]));
    });

    it('lose access with their last role and with their person', async () => {
      const user = await person();
      expect(await admin('DELETE', `/users/${user}`), 200);
      expect(await admin('POST', '/user-roles', { user_id: user, role: 'viewer' }), 422, 'REFERENCE_INVALID');
      const { json } = await admin('PATCH', `/users/${user}`, { is_active: true });
      assert.equal(json.is_active, true);
    });
  });

  describe('tenants', () => {
    it('are a sysadmin’s, and each sees its own', async () => {
      expect(await admin('GET', '/sysadmin/tenants'), 403, 'FORBIDDEN');
      const { json, headers } = await as('viewer')('GET', '/tenant');
      assert.deepEqual([json.id, json.name], [http.tenants.mine, 'Alder Clinic']);
      assert.match(String(headers['etag']), /^"/);
      expect(
        await sysadmin('POST', '/sysadmin/tenants', { name: 'Twice', slug: 'alder-clinic' }),
        409,
        'ALREADY_EXISTS',
      );
    });

    it('begin with one admin, who is alone there', async () => {
      const { json: made } = await sysadmin('POST', '/sysadmin/tenants', { name: 'Elm', slug: 'elm' });
      const url = `/sysadmin/tenants/${made.id}/admins`;
      const first = await sysadmin('POST', url, { email: 'First@elm.example', display_name: 'First' });
      expect(first, 201);
      const again = await sysadmin('POST', url, { email: 'first@elm.example', display_name: 'Other' });
      assert.deepEqual(again.json, { ...first.json, updated_at: again.json.updated_at });
      const rows = await http.asSuperuser((tx) =>
        tx.many<{ role: string; user_id: string }>(
          'SELECT role, user_id FROM migration.user_roles WHERE tenant_id = $1',
          [made.id],
        ),
      );
      assert.deepEqual(rows, [{ role: 'admin', user_id: first.json.id }]);
      expect(
        await sysadmin('POST', `/sysadmin/tenants/${nobodys}/admins`, {
          email: 'a@b.example',
          display_name: 'x',
        }),
        404,
        'NOT_FOUND',
      );
    });

    it('are suspended and resumed, with a record in their log; nobody suspends their own', async () => {
      const url = `/sysadmin/tenants/${http.tenants.other}`;
      expect(await sysadmin('PATCH', url, { state: 'suspended' }), 200);
      expect(await as('otherAdmin')('GET', '/tenant'), 403, 'TENANT_SUSPENDED');
      expect(await sysadmin('PATCH', url, { state: 'active' }), 200);
      const { json } = await as('otherAdmin')('GET', '/audit-log?action=tenant.updated');
      assert.deepEqual(
        json.items.map(({ actor }: { actor: string }) => actor),
        Array(2).fill('ada@alder-clinic.example (key test)'),
      );
      expect(
        await sysadmin('PATCH', `/sysadmin/tenants/${http.tenants.mine}`, { state: 'suspended' }),
        409,
        'LOCKOUT_REFUSED',
      );
    });
  });

  describe('templates for everybody', () => {
    it('are read by all, written by sysadmins, and name a model by name and family', async () => {
      const path = '/global-app-templates';
      assert.ok((await as('otherAdmin')('GET', path)).json.items.length > 0);
      expect(await admin('POST', `/sysadmin${path}`, { name: 'x' }), 403, 'FORBIDDEN');
      const half = await sysadmin('POST', `/sysadmin${path}`, { name: 'x', completion_model_name: 'm' });
      expect(half, 422, 'REFERENCE_INVALID');
      const { json } = await sysadmin('POST', `/sysadmin${path}`, {
        name: 'Whole',
        completion_model_name: 'm',
        completion_model_family: 'f',
      });
      expect(
        await sysadmin('PATCH', `/sysadmin${path}/${json.id}`, { completion_model_family: null }),
        422,
        'REFERENCE_INVALID',
      );
      expect(await admin('POST', path, { name: 'x' }), 405, 'METHOD_NOT_ALLOWED');
    });
  });
});
