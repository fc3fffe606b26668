/** A key is shown once, may do what its scopes and its person may, and ends when it is revoked or expires. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { demoId } from '../../src/platform/demo/ids.ts';
import { oneEngine } from '../support/databases.ts';
import { type Answer, type HttpPlatform, httpPlatform } from '../support/http.ts';
import { refused } from './moving.ts';

const url = '/api/v1/api-keys';
const sysadmin = demoId(1, 'users', 0);
const viewer = demoId(1, 'users', 3);

oneEngine((engine) => {
  let http: HttpPlatform;
  before(async () => {
    http = await httpPlatform(engine);
  });
  after(() => http.close());

  const make = (body: Record<string, unknown>, key = http.keys.admin): Promise<Answer> =>
    http.call('POST', url, { key, body: { name: 'made', ...body } });
  const me = (key: string): Promise<Answer> => http.call('GET', '/api/v1/me', { key });
  const sql = (text: string, params: readonly unknown[]): Promise<number> =>
    http.asSuperuser((tx) => tx.run(text, params));

  it('is shown when it is made and nowhere else, and only its hash is stored', async () => {
    const made = await make({ scopes: ['models:read'] });
    assert.equal(made.status, 201, made.text);
    const { key, api_key: row } = made.json;
    const secret = key.split('_').slice(2).join('_');
    assert.equal(secret.length, 43);
    assert.equal(row.prefix, secret.slice(0, 8));
    assert.equal(made.headers['cache-control'], 'no-store');
    const got = await http.call('GET', `${url}/${row.id}`, { key: http.keys.admin });
    const listed = await http.call('GET', url, { key: http.keys.admin });
    for (const { text } of [got, listed]) {
      assert.ok(text.includes(row.id));
      assert.ok(!text.includes(secret) && !text.includes('hash'));
    }
    const stored = await http.asSuperuser((tx) =>
      tx.one<{ row: string }>('SELECT k::text AS row FROM migration.api_keys k WHERE id = $1', [row.id]),
    );
    assert.ok(!stored.row.includes(secret.slice(8)));
    assert.deepEqual((await me(key)).json.scopes, ['models:read']);
  });

  it('acts as its person, with the role that they have now', async () => {
    const { key } = (await make({ user_id: viewer })).json;
    assert.equal((await me(key)).json.role, 'viewer');
    const role = `UPDATE migration.user_roles SET role = $2 WHERE user_id = $1 AND scope = 'tenant'`;
    await sql(role, [viewer, 'member']);
    assert.equal((await me(key)).json.role, 'member');
    const expires = `UPDATE migration.user_roles SET role = 'viewer', expires_at = $2 WHERE user_id = $1`;
    await sql(expires, [viewer, '2020-01-01T00:00:00Z']);
    refused(await me(key), 403, 'FORBIDDEN');
    await sql(expires, [viewer, null]);
  });

  it('that ends makes none that lasts longer, and becomes none', async () => {
    const [soon, later] = ['2100-01-01T00:00:00.000Z', '2100-01-01T00:00:00.001Z'];
    const { key, api_key: own } = (await make({ expires_at: soon })).json;
    const { api_key: other } = (await make({ expires_at: '2099-01-01T00:00:00.000Z' })).json;
    const { api_key: forGood } = (await make({})).json;
    const longer = [{}, { expires_at: null }, { expires_at: later }, { expires_at: later, user_id: viewer }];
    for (const body of longer) {
      const answer = refused(await make(body, key), 403, 'FORBIDDEN');
      assert.match(answer.detail, /ends at 2100-01-01.*give expires_at, at most 2100-01-01T00:00:00\.000Z/);
    }
    const change = (id: string, body: object): Promise<Answer> =>
      http.call('PATCH', `${url}/${id}`, { key, body });
    for (const { id } of [own, other])
      for (const expires of [null, later])
        refused(await change(id, { expires_at: expires }), 403, 'FORBIDDEN');
    assert.equal((await make({ expires_at: soon }, key)).status, 201);
    assert.equal((await change(other.id, { expires_at: soon })).status, 200);
    assert.equal((await change(forGood.id, { name: 'renamed' })).status, 200);
    assert.equal(
      (await change(forGood.id, { expires_at: later })).status,
      200,
      'that is shorter than for good',
    );
    // The same of a role: who is admin for a while makes nobody admin for good.
    const admin = demoId(1, 'users', 99);
    const until = 'UPDATE migration.user_roles SET expires_at = $2 WHERE user_id = $1';
    await sql(until, [admin, soon]);
    const grant = (body: object): Promise<Answer> =>
      http.call('POST', '/api/v1/user-roles', { key: http.keys.admin, body: { user_id: viewer, ...body } });
    refused(await grant({ role: 'admin' }), 403, 'FORBIDDEN');
    assert.equal((await grant({ role: 'admin', expires_at: soon })).status, 201);
    await sql(`DELETE FROM migration.user_roles WHERE user_id = $1 AND role = 'admin'`, [viewer]);
    await sql(until, [admin, null]);
    const byKey = (expires: string): Promise<Answer> =>
      http.call('POST', '/api/v1/user-roles', {
        key,
        body: { user_id: viewer, role: 'admin', expires_at: expires },
      });
    assert.match(refused(await byKey(later), 403, 'FORBIDDEN').detail, /Your own key ends at 2100-01-01/);
    assert.equal((await byKey(soon)).status, 201);
    await sql(until, [admin, soon]);
    await sql(`DELETE FROM migration.user_roles WHERE user_id = $1 AND role = 'admin'`, [viewer]);
    // Nor a key of somebody else, which would outlive the role; whichever of the two ends first.
    const { api_key: theirs } = (await make({ user_id: viewer, expires_at: soon })).json;
    const sooner = '2099-06-01T00:00:00.000Z';
    const short = (await make({ expires_at: sooner })).json.key;
    const patch = (id: string, body: object): Promise<Answer> =>
      http.call('PATCH', `${url}/${id}`, { key: http.keys.admin, body });
    for (const expires of [null, later]) {
      const body = { user_id: viewer, expires_at: expires };
      assert.match(refused(await make(body), 403, 'FORBIDDEN').detail, /Your own role ends at 2100-01-01/);
      assert.match(refused(await make(body, short), 403, 'FORBIDDEN').detail, /Your own key ends at 2099-06/);
      refused(await patch(theirs.id, { expires_at: expires }), 403, 'FORBIDDEN');
      assert.equal((await make({ expires_at: expires })).status, 201, 'the own key has the role for as long');
    }
    await sql(until, [admin, null]);
    await sql(until, [sysadmin, soon]);
    const path = `/api/v1/sysadmin/tenants/${http.tenants.mine}/admins/${admin}/api-keys`;
    const asSysadmin = (body: object): Promise<Answer> =>
      http.call('POST', path, { key: http.keys.sysadmin, body: { name: 'made', ...body } });
    refused(await asSysadmin({}), 403, 'FORBIDDEN');
    assert.equal((await asSysadmin({ expires_at: soon })).status, 201);
    await sql(until, [sysadmin, null]);
  });

  it('is the first of a new tenant’s admin, made by a sysadmin', async () => {
    const as = (key: string, path: string, body: object): Promise<Answer> =>
      http.call('POST', `/api/v1/sysadmin/tenants${path}`, { key, body });
    const { json: tenant } = await as(http.keys.sysadmin, '', { name: 'New', slug: 'new-one' });
    const person = { email: 'first@new.example', display_name: 'First' };
    const { json: admin } = await as(http.keys.sysadmin, `/${tenant.id}/admins`, person);
    const path = `/${tenant.id}/admins/${admin.id}/api-keys`;
    const made = await as(http.keys.sysadmin, path, { name: 'first' });
    assert.equal(made.status, 201, made.text);
    assert.equal(made.headers['cache-control'], 'no-store');
    assert.partialDeepStrictEqual((await me(made.json.key)).json, {
      tenant_id: tenant.id,
      user_id: admin.id,
      role: 'admin',
    });
    const log = await http.call('GET', '/api/v1/audit-log?action=key.created', { key: made.json.key });
    assert.match(log.json.items[0].actor, /^ada@alder-clinic/);
    for (const key of [http.keys.admin, made.json.key])
      refused(await as(key, path, { name: 'x' }), 403, 'FORBIDDEN');
    // Nobody but an admin of that tenant, and nobody of another.
    for (const who of [
      `${http.tenants.mine}/admins/${viewer}`,
      `${http.tenants.mine}/admins/${sysadmin}`,
      `${tenant.id}/admins/${viewer}`,
    ])
      refused(await as(http.keys.sysadmin, `/${who}/api-keys`, { name: 'x' }), 404, 'NOT_FOUND');
    const narrow = await http.keyWith('sysadmin', ['keys:write']);
    refused(await as(narrow, path, { name: 'x' }), 403, 'FORBIDDEN');
    assert.equal((await as(narrow, path, { name: 'x', scopes: ['keys:read'] })).status, 201);
  });

  describe('ends', () => {
    it('when it is revoked, at once and for good', async () => {
      const { key, api_key: row } = (await make({})).json;
      assert.equal((await me(key)).status, 200);
      const revoked = await http.call('DELETE', `${url}/${row.id}`, { key: http.keys.admin });
      assert.ok(revoked.json.revoked_at, revoked.text);
      refused(await me(key), 401, 'UNAUTHENTICATED');
      const listed = await http.call('GET', `${url}?limit=200`, { key: http.keys.admin });
      assert.ok(!listed.text.includes(row.id));
      const change = { key: http.keys.admin, body: { expires_at: null } };
      refused(await http.call('PATCH', `${url}/${row.id}`, change), 409, 'ROW_DELETED');
      assert.equal(
        (await http.call('POST', `${url}/${row.id}/restore`, change)).json.code,
        'ROUTE_NOT_FOUND',
      );
    });

    it('when its time is over, which an admin may change', async () => {
      const { key, api_key: row } = (await make({ expires_at: '2999-01-01T00:00:00Z' })).json;
      assert.equal((await me(key)).status, 200);
      const body = { name: 'other', expires_at: '2020-01-01T00:00:00Z' };
      const changed = await http.call('PATCH', `${url}/${row.id}`, { key: http.keys.admin, body });
      assert.equal(changed.json.name, 'other', changed.text);
      refused(await me(key), 401, 'UNAUTHENTICATED');
      refused(await make({ expires_at: '2020-01-01T00:00:00Z' }), 400, 'REQUEST_INVALID');
    });

    it('when its person is deactivated or its tenant suspended', async () => {
      const { key } = (await make({ user_id: viewer })).json;
      const active = 'UPDATE migration.users SET is_active = $2 WHERE id = $1';
      await sql(active, [viewer, false]);
      refused(await me(key), 401, 'UNAUTHENTICATED');
      await sql(active, [viewer, true]);
      const state = 'UPDATE migration.tenants SET state = $2 WHERE id = $1';
      await sql(state, [http.tenants.mine, 'suspended']);
      refused(await me(key), 403, 'TENANT_SUSPENDED');
      await sql(state, [http.tenants.mine, 'active']);
      assert.equal((await me(key)).status, 200);
    });
  });

  describe('never leads above', () => {
    it('the role of the person who makes or changes it', async () => {
      refused(await make({ user_id: sysadmin }), 403, 'FORBIDDEN');
      const { api_key: row } = (await make({}, http.keys.sysadmin)).json;
      const body = { name: 'taken' };
      refused(await http.call('PATCH', `${url}/${row.id}`, { key: http.keys.admin, body }), 403, 'FORBIDDEN');
      refused(await http.call('DELETE', `${url}/${row.id}`, { key: http.keys.admin }), 403, 'FORBIDDEN');
    });

    it('the scopes of the key that makes it', async () => {
      const narrow = await http.keyWith('admin', ['keys:write', 'models:read']);
      refused(await make({ scopes: ['*'] }, narrow), 403, 'FORBIDDEN');
      refused(await make({ scopes: ['models:write'] }, narrow), 403, 'FORBIDDEN');
      refused(await make({}, narrow), 403, 'FORBIDDEN');
      assert.equal((await make({ scopes: ['models:read', 'keys:read'] }, narrow)).status, 201);
    });

    it('the tenant: a person of another tenant is answered like one that does not exist', async () => {
      const other = refused(await make({ user_id: demoId(2, 'users', 0) }), 422, 'REFERENCE_INVALID');
      const nobody = refused(await make({ user_id: demoId(9, 'users', 0) }), 422, 'REFERENCE_INVALID');
      assert.deepEqual(other, nobody);
    });

    it('the known scopes', async () => {
      const { errors } = refused(await make({ scopes: ['models:delete'] }), 400, 'REQUEST_INVALID');
      assert.equal(errors[0].pointer, '/scopes/0');
      refused(await make({ scopes: [] }), 400, 'REQUEST_INVALID');
      refused(await make({ tenant_id: http.tenants.other }), 400, 'REQUEST_INVALID');
    });
  });

  it('notes its use at most once a minute', async () => {
    const { key, api_key: row } = (await make({})).json;
    const lastUse = async (): Promise<string> =>
      (await http.call('GET', `${url}/${row.id}`, { key: http.keys.admin })).json.last_used_at;
    assert.equal(await lastUse(), null);
    await me(key);
    const first = await lastUse();
    assert.ok(first);
    await me(key);
    assert.equal(await lastUse(), first);
    await sql(`UPDATE migration.api_keys SET last_used_at = now() - interval '2 minutes' WHERE id = $1`, [
      row.id,
    ]);
    await me(key);
    assert.ok(Date.parse(await lastUse()) >= Date.parse(first));
  });

  it('leaves a record of who made and revoked it', async () => {
    const { api_key: row } = (await make({})).json;
    await http.call('DELETE', `${url}/${row.id}`, { key: http.keys.admin });
    const log = await http.call('GET', `/api/v1/audit-log?object=${row.id}`, { key: http.keys.admin });
    const actions = log.json.items.map((each: { action: string }) => each.action);
    assert.deepEqual(actions.toSorted(), ['key.created', 'key.revoked']);
    assert.match(log.json.items[0].actor, /^harriet@alder-clinic\.example \(key test\)$/);
  });
});
