/** History over HTTP: who did what and why, every changed value, and rollback. It outlives the models and users it names. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { oneEngine } from '../support/databases.ts';
import { type Answer, type HttpPlatform, httpPlatform } from '../support/http.ts';
import { configured, haiku, migrate, migrated, refused, source, target } from './moving.ts';

type Json = Answer['json'];

oneEngine((engine) => {
  let http: HttpPlatform;
  let start: Record<string, unknown>;
  /** Done in this order: refused, there, back, there in two parts (the second by an operator). */
  let story: { refused: Json; whole: Json; back: Json; part: Json; rest: Json };

  const get = async (path: string, key = http.keys.admin): Promise<Answer> =>
    http.call('GET', `/api/v1${path}`, { key });
  const list = async (query = ''): Promise<Json[]> => {
    const { status, json, text } = await get(`/migrations${query}`);
    assert.equal(status, 200, text);
    return json.items;
  };
  const rollBack = (id: string, body?: unknown): Promise<Answer> =>
    http.call('POST', `/api/v1/migrations/${id}/rollback`, { key: http.keys.admin, body });
  const ids = (items: readonly Json[]): string[] => items.map(({ id }) => id);
  /** All pages of a list, a few items at a time. */
  const pages = async (path: string): Promise<Json[]> => {
    const items: Json[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const more: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const { status, json, text } = await get(`${path}${more}`);
      assert.equal(status, 200, text);
      items.push(...json.items);
      cursor = json.next_cursor as string | null;
    }
    return items;
  };

  before(async () => {
    http = await httpPlatform(engine);
    start = await configured(http);
    const refusal = (await migrate(http)).json;
    const whole = await migrated(http, { reason: 'It retires in February' });
    const back = (await rollBack(whole.migration_id, { reason: 'Too early' })).json;
    const part = await migrated(http, { entity_types: ['apps'] });
    const path = `/api/v1/sysadmin/tenants/${http.tenants.mine}/completion-models/${source}/migrate`;
    const rest = await migrated(http, {}, { path, key: http.keys.sysadmin });
    story = { refused: refusal, whole, back, part, rest };
  });
  after(() => http.close());

  describe('the list', () => {
    it('is newest first, with who did it and why', async () => {
      const items = await list();
      const { whole, back, part, rest } = story;
      assert.deepEqual(
        ids(items).slice(0, 4),
        [rest, part, back, whole].map(({ migration_id: id }) => id),
      );
      assert.equal(items.length, 5);
      const [byOperator] = items;
      assert.match(byOperator.actor, /^ada@/);
      const first = items[3];
      assert.deepEqual(
        [first.reason, first.status, first.rolled_back],
        ['It retires in February', 'succeeded', true],
      );
      assert.match(first.actor, /^harriet@alder-clinic\.example \(key test\)$/);
      assert.equal(items[4].error.code, 'CONFIRMATION_REQUIRED');
      assert.match(items[4].error.message, /The source is the default of/);
    });

    it('has every migration once, whatever the size of a page', async () => {
      const all = ids(await list());
      for (const limit of [1, 2, 4, 5]) assert.deepEqual(ids(await pages(`/migrations?limit=${limit}`)), all);
    });

    it('is filtered by status, kind, model, actor and time', async () => {
      const { whole, back, part, rest } = story;
      const [r, p, b, w] = [rest, part, back, whole].map(({ migration_id: id }) => id as string);
      assert.deepEqual(ids(await list('?status=succeeded&kind=model')), [r, p, w]);
      assert.deepEqual(ids(await list('?kind=rollback')), [b]);
      assert.equal((await list('?status=failed')).length, 1);
      assert.equal((await list(`?model=${target}`)).length, 5);
      assert.equal((await list('?model=claude-3-7-sonnet')).length, 5);
      assert.deepEqual(await list(`?model=${haiku}`), []);
      assert.deepEqual(await list('?model_kind=embedding'), []);
      const [{ actor, started_at: at }] = await list('?limit=1');
      assert.deepEqual(ids(await list(`?actor=${encodeURIComponent(actor)}`)), [r]);
      const since = await list(`?since=${encodeURIComponent(at)}`);
      assert.ok(ids(since).includes(r ?? ''));
      assert.equal((await list(`?until=${encodeURIComponent(at)}`)).length, 5 - since.length);
    });

    it('refuses the cursor of another list, and unknown filters', async () => {
      const foreign = Buffer.from('["00000009-def0-def0-def0-000000000000"]').toString('base64url');
      for (const query of [
        'cursor=xyz',
        `cursor=${foreign}`,
        'cursor=WyIxIl0',
        'status=done',
        'since=yesterday',
        'limit=0',
      ])
        refused(await get(`/migrations?${query}`), 400, 'REQUEST_INVALID');
    });

    it('is each tenant’s own; an operator names the tenant', async () => {
      assert.deepEqual((await get('/migrations', http.keys.otherAdmin)).json.items, []);
      const ofTenant = `/sysadmin/tenants/${http.tenants.mine}/migrations`;
      assert.deepEqual((await get(ofTenant, http.keys.sysadmin)).json, (await get('/migrations')).json);
      refused(await get(ofTenant), 403, 'FORBIDDEN');
      const nowhere = '/sysadmin/tenants/00000009-def0-def0-def0-000000000000/migrations';
      refused(await get(nowhere, http.keys.sysadmin), 404, 'NOT_FOUND');
    });
  });

  describe('one migration', () => {
    it('has its steps, findings, what it left behind, and its rollbacks', async () => {
      const { json } = await get(`/migrations/${story.whole.migration_id}`);
      assert.deepEqual(json.details, story.whole.details);
      assert.deepEqual(json.findings, story.whole.findings);
      assert.deepEqual(json.left_behind, story.whole.left_behind);
      assert.ok(json.steps.every(({ expected, actual }: Json) => expected === actual));
      assert.deepEqual(ids(json.children), [story.back.migration_id]);
      assert.equal(json.children[0].reason, 'Too early');
      const rollback = (await get(`/migrations/${story.back.migration_id}`)).json;
      assert.deepEqual([rollback.kind, rollback.parent_id], ['rollback', story.whole.migration_id]);
    });

    it('of another tenant is answered like one that does not exist', async () => {
      const missing = await get('/migrations/00000009-def0-def0-def0-000000000000');
      refused(missing, 404, 'NOT_FOUND');
      for (const tail of ['', '/changes']) {
        const theirs = await get(`/migrations/${story.whole.migration_id}${tail}`, http.keys.otherAdmin);
        assert.equal(theirs.text, missing.text);
      }
      const theirs = await http.call('POST', `/api/v1/migrations/${story.whole.migration_id}/rollback`, {
        key: http.keys.otherAdmin,
      });
      assert.deepEqual([theirs.status, theirs.text], [404, missing.text]);
    });
  });

  it('lists every changed value once, before and after, whatever the size of a page', async () => {
    const path = `/migrations/${story.whole.migration_id}/changes`;
    const all = await pages(`${path}?limit=200`);
    assert.deepEqual(await pages(`${path}?limit=7`), all);
    assert.equal(all.length, story.whole.migrated_count + 1);
    const assistant = all.find(({ table }) => table === 'migration.assistants');
    assert.equal(assistant.before.completion_model_id, source);
    assert.equal(assistant.after.completion_model_id, target);
    const edit = all.find(({ action }) => action === 'edit');
    assert.ok(Object.values(edit.before.pipeline).includes(source));
    assert.ok(Object.values(edit.after.pipeline).includes(target));
    const merged = all.find(({ action }) => action === 'delete');
    assert.equal(merged.table, 'migration.space_completion_models');
    const steps = new Set(all.map(({ step }) => step));
    const byStep = await Promise.all([...steps].map((step) => pages(`${path}?limit=200&step=${step}`)));
    assert.deepEqual(byStep.flat(), all);
  });

  describe('a rollback', () => {
    it('restored every row of every tenant, and happens once', async () => {
      assert.equal(story.back.success, true);
      assert.equal(story.back.restored_count, story.whole.migrated_count);
      refused(await rollBack(story.whole.migration_id), 409, 'ROLLBACK_IMPOSSIBLE');
      const [failed] = await list('?status=failed');
      refused(await rollBack(failed.id), 409, 'ROLLBACK_IMPOSSIBLE');
      refused(await rollBack(story.whole.migration_id, { why: 1 }), 400, 'REQUEST_INVALID');
      const member = await http.call('POST', `/api/v1/migrations/${story.whole.migration_id}/rollback`, {
        key: http.keys.member,
      });
      refused(member, 403, 'FORBIDDEN');
    });

    it('spares rows that somebody changed since, lists them with the reason, and can itself be taken back', async () => {
      const { restored_count: rest } = (await rollBack(story.rest.migration_id)).json;
      assert.equal(rest, story.rest.migrated_count);
      const changed = (await get(`/migrations/${story.part.migration_id}/changes?limit=200`)).json.items.find(
        ({ action }: Json) => action === 'set',
      );
      await http.asSuperuser((tx) =>
        tx.run(`UPDATE migration.apps SET completion_model_id = $2 WHERE tenant_id = $1 AND id = $3`, [
          http.tenants.mine,
          haiku,
          changed.row_id,
        ]),
      );
      const back = (await rollBack(story.part.migration_id)).json;
      assert.equal(back.complete, false);
      assert.equal(back.skipped_count, back.skipped.length);
      const spared = back.skipped.find(({ id }: Json) => id === changed.row_id);
      assert.match(spared.reason, /changed/);
      const again = (await rollBack(back.migration_id)).json;
      assert.equal(again.restored_count, back.restored_count);
      const { json: parent } = await get(`/migrations/${story.part.migration_id}`);
      assert.equal(parent.rolled_back, false);
    });
  });

  it('outlives the model, the people and the names in it', async () => {
    const { json: record } = await get(`/migrations/${story.whole.migration_id}`);
    const path = `/migrations/${story.whole.migration_id}`;
    const changes = (await get(`${path}/changes?limit=200`)).json;
    const tenant = `tenant_id = '${http.tenants.mine}'`;
    await http.asSuperuser((tx) =>
      tx.script(`SET LOCAL session_replication_role = replica;
        DELETE FROM migration.completion_models WHERE ${tenant} AND id IN ('${source}', '${target}');
        DELETE FROM migration.users WHERE ${tenant} AND email NOT LIKE 'axel%'`),
    );
    const seen = await get(path, http.keys.viewer);
    assert.deepEqual(seen.json, record);
    assert.deepEqual((await get(`${path}/changes?limit=200`, http.keys.viewer)).json, changes);
    assert.equal(seen.json.from.name, 'claude-3-7-sonnet');
    assert.equal(
      (await get('/migrations?model=claude-3-7-sonnet&limit=1', http.keys.viewer)).json.items.length,
      1,
    );
  });

  it('changed nothing of any other tenant', async () => {
    const now = await configured(http);
    for (const tenant of Object.keys(start).filter((id) => id !== http.tenants.mine))
      assert.deepEqual(now[tenant], start[tenant]);
  });
});
