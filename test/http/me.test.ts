/** A credential says who calls. Every wrong credential gets the same answer. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { type HttpPlatform, httpPlatform } from '../support/http.ts';

oneEngine((engine) => {
  let http: HttpPlatform;
  before(async () => {
    http = await httpPlatform(engine);
  });
  after(() => http.close());

  it('tells each caller their tenant, role and name', async () => {
    for (const role of ['sysadmin', 'admin', 'member', 'viewer'] as const) {
      const { status, json } = await http.call('GET', '/api/v1/me', { key: http.keys[role] });
      assert.equal(status, 200, JSON.stringify(json));
      assert.equal(json.role, role);
      assert.equal(json.tenant_id, http.tenants.mine);
      assert.match(json.actor, /^\w+@alder-clinic\.example \(key test\)$/);
    }
    const { json } = await http.call('GET', '/api/v1/me', { key: http.keys.otherAdmin });
    assert.equal(json.tenant_id, http.tenants.other);
    assert.equal(json.role, 'admin');
  });

  it('answers every wrong credential alike', async () => {
    const good = http.keys.viewer;
    const wrong = [
      '',
      'x',
      good.slice(0, -1),
      `${good.slice(0, -2)}xx`,
      good.replace(/_[0-9a-f]{32}_/, `_${'0'.repeat(32)}_`),
      good.replace(/_[0-9a-f]{32}_/, `_${http.tenants.other.replaceAll('-', '')}_`),
    ];
    const answers = await Promise.all(wrong.map((key) => http.call('GET', '/api/v1/me', { key })));
    const none = await http.call('GET', '/api/v1/me');
    assert.equal(none.status, 401);
    assert.equal(none.headers['www-authenticate'], 'Bearer');
    assert.match(String(none.headers['content-type']), /^application\/problem\+json/);
    for (const answer of answers) assert.deepEqual([answer.status, answer.text], [none.status, none.text]);
  });
});
