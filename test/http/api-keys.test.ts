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
