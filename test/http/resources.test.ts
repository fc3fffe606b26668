/**
 * Every declared resource does what its declaration says: it is made, read, listed, changed by version, taken away, and
 * recorded, in the tenant of the caller and nowhere else.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { catalogue } from '../../src/platform/resources/catalogue.ts';
import type { Values } from '../../src/platform/resources/declaration.ts';
import { digestTenant } from '../../src/postgres/scope/tenants.ts';
import { oneEngine } from '../support/databases.ts';
import { type Answer, type HttpPlatform, httpPlatform } from '../support/http.ts';
import { caseOf, idsOf, type ResourceCase } from './resource-cases.ts';

const nowhere = '0badc0de-0000-4000-8000-000000000000';
const cases = catalogue.map(caseOf);
const writable = cases.filter(({ resource }) => resource.access.write !== undefined);
const ofTenants = cases.filter(({ resource }) => resource.owner === 'tenant');

oneEngine((engine) => {
  let http: HttpPlatform;
  let atFirst: Record<string, string>;
  before(async () => {
    http = await httpPlatform(engine);
    atFirst = await theirs();
  });
  after(() => http.close());

  /** A digest of everything in the database that belongs to the second tenant. */
  const theirs = async (): Promise<Record<string, string>> => {
    const rest = await digestTenant(http.platform.site, http.tenants.other);
    const audit = await http.asSuperuser((tx) =>
      tx.one<{ n: number }>('SELECT count(*) AS n FROM migration.audit_log WHERE tenant_id = $1', [
        http.tenants.other,
      ]),
    );
    return { ...rest, audit: String(audit.n) };
  };

  const create = async ({ writeUrl, body }: ResourceCase, key = http.keys.sysadmin): Promise<Answer> => {
    const made = await http.call('POST', writeUrl, { key, body: body() });
    assert.equal(made.status, 201, made.text);
    return made;
  };

  const listed = async ({ readUrl }: ResourceCase, query = ''): Promise<string[]> => {
    const ids: string[] = [];
    for (let cursor = ''; ;) {
      const url = `${readUrl}?limit=200${query}${cursor}`;
      const { status, json, text } = await http.call('GET', url, { key: http.keys.sysadmin });
      assert.equal(status, 200, text);
      ids.push(...idsOf(json.items as Values[]));
      if (json.next_cursor === null) return ids;
      cursor = `&cursor=${json.next_cursor}`;
    }
  };

  const audited = async (object: string): Promise<{ action: string; actor: string; detail: Values }[]> => {
    const rows = await http.asSuperuser((tx) =>
      tx.many<{ action: string; actor: string; detail: Values }>(
        'SELECT action, actor, detail FROM migration.audit_log WHERE object = $1 ORDER BY at, action',
        [object],
      ),
    );
    return rows;
  };

  for (const each of writable) {
    const { resource, readUrl, writeUrl, changeable } = each;
    describe(resource.path, () => {
      it('is made, found by its Location, and shown the same everywhere', async () => {
        const { json: made, headers } = await create(each);
        assert.equal(headers['location'], `${readUrl}/${made.id}`);
        const {
          status,
          text,
          json,
          headers: got,
        } = await http.call('GET', `${readUrl}/${made.id}`, {
          key: http.keys.sysadmin,
        });
        assert.equal(status, 200, text);
        assert.deepEqual(json, made);
        assert.equal(got['etag'], headers['etag']);
        assert.match(String(got['etag']), /^"[\w-]{27}"$/);
        assert.ok((await listed(each)).includes(String(made.id)));
        assert.ok(
          !('tenant_id' in made) && !Object.keys(made as object).some((name) => name.endsWith('_live')),
        );
      });

      it('refuses an unknown field and an unknown filter by name', async () => {
        const body = { ...each.body(), tenant_id: http.tenants.other };
        const refused = await http.call('POST', writeUrl, { key: http.keys.sysadmin, body });
        assert.equal(refused.status, 400, refused.text);
        assert.match(refused.text, /tenant_id/);
        const list = await http.call('GET', `${readUrl}?nonsense=1`, { key: http.keys.sysadmin });
        assert.equal(list.status, 400);
        assert.match(list.text, /nonsense/);
      });

      it('is taken away as declared, leaves the list, and twice is no error', async () => {
        if (resource.retirement === undefined) return;
        const { json: made, headers } = await create(each);
        const url = `${writeUrl}/${made.id}`;
        const stale = await http.call('DELETE', url, {
          key: http.keys.sysadmin,
          headers: { 'if-match': '"of-another-version"' },
        });
        assert.equal(stale.status, 412, stale.text);
        const gone = await http.call('DELETE', url, {
          key: http.keys.sysadmin,
          headers: { 'if-match': String(headers['etag']) },
        });
        assert.equal(gone.status, 200, gone.text);
        assert.ok(!(await listed(each)).includes(String(made.id)));
        const again = await http.call('DELETE', url, { key: http.keys.sysadmin });
        const removed = resource.retirement.how === 'removal';
        assert.equal(again.status, removed ? 404 : 200, again.text);
        if (!removed) assert.deepEqual(again.json, gone.json);
        const { word } = resource.retirement;
        const actions = (await audited(String(made.id))).map(({ action }) => action.split('.')[1]);
        assert.deepEqual(new Set(actions), new Set([resource.created ?? 'created', word]));
        assert.equal(actions.length, 2);
      });

      it('is changed by version: of two changes of the same version the second one is refused', async () => {
        if (changeable === undefined) return;
        const { json: made, headers } = await create(each);
        const url = `${writeUrl}/${made.id}`;
        const ifMatch = { 'if-match': `"other", ${String(headers['etag'])}` };
        const first = await http.call('PATCH', url, {
          key: http.keys.sysadmin,
          body: { [changeable]: 'First' },
          headers: ifMatch,
        });
        assert.equal(first.status, 200, first.text);
        assert.equal(first.json[changeable], 'First');
        assert.notEqual(first.headers['etag'], headers['etag']);
        const second = await http.call('PATCH', url, {
          key: http.keys.sysadmin,
          body: { [changeable]: 'Second' },
          headers: ifMatch,
        });
        assert.equal(second.status, 412, second.text);
        assert.equal(second.json.code, 'PRECONDITION_FAILED');
        const now = await http.call('GET', `${readUrl}/${made.id}`, { key: http.keys.sysadmin });
        assert.deepEqual(now.json, first.json);
        const records = await audited(String(made.id));
        assert.deepEqual(records.map(({ detail, actor }) => [detail['fields'], actor]).at(-1), [
          [changeable],
          'ada@alder-clinic.example (key test)',
        ]);
      });

      it('is not written, and not recorded, where nothing changes', async () => {
        if (changeable === undefined) return;
        const { json: made, headers } = await create(each);
        const same = await http.call('PATCH', `${writeUrl}/${made.id}`, {
          key: http.keys.sysadmin,
          body: { [changeable]: made[changeable] },
        });
        assert.equal(same.headers['etag'], headers['etag']);
        assert.equal((await audited(String(made.id))).length, 1);
      });

      it('is not written by a lower role, nor with a key of another scope', async () => {
        const { write } = resource.access;
        const lower = { member: http.keys.viewer, admin: http.keys.member, sysadmin: http.keys.admin };
        const key = lower[(write?.role ?? 'admin') as keyof typeof lower];
        const refused = await http.call('POST', writeUrl, { key, body: each.body() });
        assert.equal(refused.status, 403, refused.text);
        const narrow = await http.keyWith('sysadmin', ['keys:write', resource.access.read.scope]);
        const forbidden = await http.call('POST', writeUrl, { key: narrow, body: each.body() });
        assert.equal(forbidden.status, 403, forbidden.text);
        const { status } = await http.call('GET', `${readUrl}?limit=1`, { key: narrow });
        assert.equal(status, 200);
      });

      it('comes back when it is restored, and cannot be changed before', async () => {
        if (resource.retirement?.how !== 'stamp' || changeable === undefined) return;
        const { json: made } = await create(each);
        const url = `${writeUrl}/${made.id}`;
        await http.call('DELETE', url, { key: http.keys.sysadmin });
        const change = { key: http.keys.sysadmin, body: { [changeable]: 'No' } };
        const refused = await http.call('PATCH', url, change);
        assert.deepEqual([refused.status, refused.json.code], [409, 'ROW_DELETED'], refused.text);
        assert.ok((await listed(each, `&${resource.retirement.word}=true`)).includes(String(made.id)));
        assert.ok((await listed(each, `&${resource.retirement.word}=any`)).includes(String(made.id)));
        const restored = await http.call('POST', `${url}/restore`, { key: http.keys.sysadmin });
        assert.equal(restored.status, 200, restored.text);
        assert.ok((await listed(each)).includes(String(made.id)));
        assert.equal((await http.call('PATCH', url, change)).status, 200);
      });
    });
  }

  for (const each of ofTenants) {
    const { resource, readUrl, writeUrl, changeable } = each;
    it(`hides the ${resource.path} of another tenant like those that do not exist`, async () => {
      const [id = ''] = await listed(each);
      const asOther = { key: http.keys.otherAdmin };
      const requests: readonly ((row: string) => Promise<Answer>)[] = [
        (row) => http.call('GET', `${readUrl}/${row}`, asOther),
        ...(changeable === undefined
          ? []
          : [
              (row: string) =>
                http.call('PATCH', `${writeUrl}/${row}`, { ...asOther, body: { [changeable]: 'Mine' } }),
            ]),
        ...(resource.retirement === undefined
          ? []
          : [(row: string) => http.call('DELETE', `${writeUrl}/${row}`, asOther)]),
      ];
      for (const request of requests) {
        const [foreign, missing] = [await request(id), await request(nowhere)];
        assert.equal(foreign.status, 404, foreign.text);
        assert.equal(foreign.text, missing.text);
      }
      const theirs = await http.call('GET', `${readUrl}?limit=200`, asOther);
      const mine = new Set(await listed(each));
      assert.ok((theirs.json.items as Values[]).length > 0);
      assert.deepEqual(
        idsOf(theirs.json.items as Values[]).filter((row) => mine.has(row)),
        [],
      );
    });
  }

  it('has touched no row of another tenant', async () => {
    assert.deepEqual(await theirs(), atFirst);
  });

  it('keeps the audit log to admins, and filters it', async () => {
    assert.equal((await http.call('GET', '/api/v1/audit-log', { key: http.keys.member })).status, 403);
    const url = '/api/v1/audit-log?action=demo.seeded&from=2000-01-01T00:00:00Z';
    const { json } = await http.call('GET', url, { key: http.keys.admin });
    assert.equal(json.items.length, 1);
    const none = await http.call('GET', `${url}&before=2000-01-02T00:00:00Z`, { key: http.keys.admin });
    assert.deepEqual(none.json, { items: [], next_cursor: null });
  });
});
