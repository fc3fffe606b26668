/**
 * Rows get other ids over HTTP: planned, refused, applied, taken back; the old id answers 308 to every method, another tenant's is like none,
 * and the keys that rows had are listed and exported.
 */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { movableSegments } from '../../src/http/api/moved-rows.ts';
import { demoId } from '../../src/platform/demo/ids.ts';
import { completionId } from '../../src/platform/demo/models.ts';
import { oneEngine } from '../support/databases.ts';
import { httpPlatform } from '../support/http.ts';
import type { Answer, HttpPlatform, Method } from '../support/http.ts';

const old = demoId(1, 'assistants', 0);
const next = '0badc0de-0000-4000-8000-00000000000a';
const last = '0badc0de-0000-4000-8000-00000000000b';

oneEngine((engine) => {
  let http: HttpPlatform;
  beforeEach(async () => {
    http = await httpPlatform(engine);
  });
  afterEach(() => http.close());

  const rekey = (body: object, { path = '/api/v1/rekeys', key = http.keys.admin } = {}): Promise<Answer> =>
    http.call('POST', path, { key, body: { table: 'assistants', confirm_migration: true, ...body } });
  const done = async (body: object, how?: Parameters<typeof rekey>[1]): Promise<Answer['json']> => {
    const answer = await rekey(body, how);
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
  };
  const refused = (answer: Answer, status: number, code: string): Answer['json'] => {
    assert.deepEqual([answer.status, answer.json.code], [status, code], answer.text);
    return answer.json;
  };

  describe('POST /rekeys', () => {
    it('plans, wants to be confirmed, applies what was shown, replays it, and is taken back by its migration', async () => {
      const pairs = [{ from: old.toUpperCase(), to: next }];
      const before = await http.call('GET', `/api/v1/assistants/${old}`, { key: http.keys.admin });
      const planned = await done({ pairs, dry_run: true, confirm_migration: false });
      assert.deepEqual([planned.success, planned.pairs, planned.table], [false, 1, 'assistants']);
      assert.ok(planned.migrated_count > 1, 'what people asked the assistant follows');
      if (planned.requires_confirmation === true)
        refused(await rekey({ pairs, confirm_migration: false }), 409, 'CONFIRMATION_REQUIRED');
      const applied = await done({ pairs, plan_hash: planned.plan_hash, reason: 'new rule for ids' });
      assert.equal(applied.migrated_count, planned.migrated_count);
      assert.equal((await done({ pairs, plan_hash: planned.plan_hash })).replayed, true);
      const after = await http.call('GET', `/api/v1/assistants/${next}`, { key: http.keys.admin });
      assert.deepEqual(after.json, { ...before.json, id: next });
      const path = `/api/v1/migrations/${applied.migration_id}`;
      const { json: record } = await http.call('GET', path, { key: http.keys.admin });
      assert.deepEqual(
        [record.kind, record.reason, record.status],
        ['rekey', 'new rule for ids', 'succeeded'],
      );
      const back = await http.call('POST', `${path}/rollback`, { key: http.keys.admin, body: {} });
      assert.equal(back.status, 200, back.text);
      assert.equal(
        (await http.call('GET', `/api/v1/assistants/${old}`, { key: http.keys.admin })).status,
        200,
      );
    });

    it('refuses before anything is written, with the same words for another tenant’s row as for none', async () => {
      const theirs = await rekey({ pairs: [{ from: demoId(2, 'assistants', 0), to: next }] });
      const nobodys = await rekey({ pairs: [{ from: demoId(9, 'assistants', 0), to: next }] });
      refused(theirs, 404, 'ROW_NOT_FOUND');
      assert.equal(theirs.text.replaceAll('00000002', '00000009'), nobodys.text);
      refused(await rekey({ table: 'users', pairs: [{ from: old, to: next }] }), 400, 'ROWS_UNKNOWN');
      const other = demoId(1, 'assistants', 1);
      const { findings } = refused(
        await rekey({ pairs: [{ from: old, to: other }] }),
        422,
        'PLAN_REFUSED',
      ).data;
      assert.ok(findings.some(({ code }: { code: string }) => code === 'BOTH_ROWS_EXIST'));
      const many = [
        { from: old, to: next },
        { from: old, to: last },
        { from: other, to: other },
      ];
      const { detail } = refused(await rekey({ pairs: many }), 400, 'MAPPING_INVALID');
      assert.match(detail, /pair 2: .*\npair 3: /);
      refused(await rekey({ pairs: [] }), 400, 'REQUEST_INVALID');
      refused(
        await rekey({ pairs: [{ from: old, to: next }], force_override: true }),
        400,
        'FORCE_NEEDS_REASON',
      );
      refused(await rekey({ pairs: [{ from: old, to: next }] }, { key: http.keys.member }), 403, 'FORBIDDEN');
    });

    it('makes two spaces one as somebody decides, sets aside what cannot stay, and gives it back', async () => {
      const [one, two] = [demoId(1, 'spaces', 0), demoId(1, 'spaces', 1)];
      const pairs = [{ from: one, to: two }];
      const count = (): Promise<unknown> =>
        http.asSuperuser((tx) =>
          tx.many(
            `SELECT space_id, count(*) FROM migration.space_completion_models WHERE tenant_id = '${http.tenants.mine}' GROUP BY 1 ORDER BY 1`,
          ),
        );
      const start = await count();
      const merge = { table: 'spaces', pairs, merge: true };
      const asked = await rekey({ ...merge, dry_run: true });
      assert.equal(asked.status, 200, asked.text);
      const open = (asked.json.findings as { code: string; place?: string }[]).filter(
        ({ code }) => code === 'COLLISION_OPEN',
      );
      assert.ok(open.length > 0);
      const answers = Object.fromEntries(open.map(({ place = '' }) => [place, 'keep-target']));
      const merged = await done({ ...merge, answers });
      const gone = await http.call('GET', `/api/v1/spaces/${one}`, { key: http.keys.admin });
      assert.deepEqual([gone.status, gone.headers['location']], [308, `/api/v1/spaces/${two}`]);
      const back = await http.call('POST', `/api/v1/migrations/${merged.migration_id}/rollback`, {
        key: http.keys.admin,
        body: {},
      });
      assert.equal(back.status, 200, back.text);
      assert.deepEqual(await count(), start);
    });

    it('works for the tenant that an operator names, and is answered once for one idempotency key', async () => {
      const path = `/api/v1/sysadmin/tenants/${http.tenants.other}/rekeys`;
      const pairs = [{ from: demoId(2, 'assistants', 0), to: next }];
      const call = (): Promise<Answer> =>
        http.call('POST', path, {
          key: http.keys.sysadmin,
          headers: { 'idempotency-key': 'once' },
          body: { table: 'assistants', pairs, confirm_migration: true },
        });
      const [first, second] = [await call(), await call()];
      assert.deepEqual([first.status, second.text], [200, first.text]);
      const moved = await http.call('GET', `/api/v1/assistants/${demoId(2, 'assistants', 0)}`, {
        key: http.keys.otherAdmin,
      });
      assert.equal(moved.status, 308);
      refused(await rekey({ pairs }, { path }), 403, 'FORBIDDEN');
    });
  });

  describe('an id that a row had', () => {
    it('leads to the row in one hop, for every method, with its query; another tenant’s is like none', async () => {
      await done({ pairs: [{ from: old, to: next }] });
      await done({ pairs: [{ from: next, to: last }] });
      const location = `/api/v1/assistants/${last}?x=%2F&y=1`;
      for (const [method, body] of [
        ['GET', undefined],
        ['HEAD', undefined],
        ['PATCH', { name: 'Another name' }],
        ['DELETE', undefined],
      ] as readonly (readonly [Method, unknown])[])
        for (const id of [old, next.toUpperCase()]) {
          const path = `/api/v1/assistants/${id}`;
          const answer = await http.call(method, path, {
            key: http.keys.admin,
            ...(body === undefined ? {} : { body }),
          });
          assert.deepEqual([answer.status, answer.text], [308, ''], `${method} ${id}`);
          assert.equal(answer.headers['location'], location.split('?')[0]);
          assert.equal(answer.headers['link'], `<${location.split('?')[0]}>; rel="canonical"`);
          assert.equal(answer.headers['cache-control'], 'no-store');
        }
      const theirs = await http.call('GET', `/api/v1/assistants/${old}`, { key: http.keys.otherAdmin });
      const nobodys = await http.call('GET', `/api/v1/assistants/${demoId(9, 'assistants', 0)}`, {
        key: http.keys.otherAdmin,
      });
      refused(theirs, 404, 'NOT_FOUND');
      assert.equal(theirs.text, nobodys.text);
      refused(
        await rekey({ pairs: [{ from: demoId(1, 'assistants', 1), to: old }] }),
        409,
        'KEY_ISSUED_BEFORE',
      );
    });

    it('stands in the middle of a path, too, keeps the query, and keeps no answer for an idempotency key', async () => {
      const model = completionId(1, 'claude-3-7-sonnet');
      await done({ table: 'completion_models', pairs: [{ from: model, to: next }] });
      const usage = await http.call('GET', `/api/v1/completion-models/${model}/usage?limit=2`, {
        key: http.keys.admin,
      });
      assert.deepEqual(
        [usage.status, usage.headers['location'], usage.headers['link']],
        [
          308,
          `/api/v1/completion-models/${next}/usage?limit=2`,
          `</api/v1/completion-models/${next}/usage>; rel="canonical"`,
        ],
      );
      const move = (id: string): Promise<Answer> =>
        http.call('POST', `/api/v1/completion-models/${id}/migrate`, {
          key: http.keys.admin,
          headers: { 'idempotency-key': 'moves' },
          body: { to_model_id: completionId(1, 'claude-haiku-4-5'), confirm_migration: true },
        });
      assert.equal((await move(model)).status, 308);
      const moved = await move(next);
      assert.equal(moved.status, 200, moved.text);
    });

    it('stands for the row in filters and bodies, too, and another tenant’s for nothing', async () => {
      const [space, model] = [demoId(1, 'spaces', 0), completionId(1, 'claude-haiku-4-5')];
      const list = (id: string): Promise<Answer> =>
        http.call('GET', `/api/v1/assistants?space_id=${id}`, { key: http.keys.admin });
      const ids = (answer: Answer): unknown => answer.json.items.map(({ id }: { id: string }) => id);
      const before = ids(await list(space));
      await done({ table: 'spaces', pairs: [{ from: space, to: next }] });
      await done({ table: 'completion_models', pairs: [{ from: model, to: last }] });
      assert.deepEqual(ids(await list(space.toUpperCase())), before);
      const theirs = await http.call('GET', `/api/v1/assistants?space_id=${space}`, {
        key: http.keys.otherAdmin,
      });
      assert.deepEqual(theirs.json.items, []);
      const change = { key: http.keys.admin, body: { space_id: space, completion_model_id: model } };
      const changed = await http.call('PATCH', `/api/v1/assistants/${old}`, change);
      assert.deepEqual(
        [changed.status, changed.json.space_id, changed.json.completion_model_id],
        [200, next, last],
        changed.text,
      );
      const moved = await http.call(
        'POST',
        `/api/v1/completion-models/${completionId(1, 'gpt-4o')}/migrate`,
        {
          key: http.keys.admin,
          body: { to_model_id: model, dry_run: true },
        },
      );
      assert.equal(moved.status, 200, moved.text);
    });

    it('may be of every table whose rows get other keys, by the configuration', () => {
      const tables = (http.platform.site.config.rows ?? []).map(({ table }) => table.replaceAll('_', '-'));
      assert.deepEqual([...movableSegments].toSorted(), tables.toSorted());
    });
  });

  it('GET /aliases lists the keys that rows had, a page at a time, and as CSV', async () => {
    const many = [0, 1, 2].map((n) => ({
      from: demoId(1, 'assistants', n),
      to: next.replace(/a$/, String(n)),
    }));
    const { migration_id } = await done({ pairs: many });
    const list = (query: string, headers = {}): Promise<Answer> =>
      http.call('GET', `/api/v1/aliases${query}`, { key: http.keys.admin, headers });
    const first = (await list('?limit=2')).json;
    const second = (await list(`?limit=2&cursor=${first.next_cursor}`)).json;
    assert.deepEqual(
      [...first.items, ...second.items].map(({ since: _since, ...alias }) => alias),
      many.map(({ from, to }) => ({ table: 'assistants', from, to, migration_id })),
    );
    assert.equal(second.next_cursor, null);
    assert.deepEqual((await list('?table=apps')).json.items, []);
    assert.deepEqual((await list('?since=2999-01-01T00:00:00Z')).json.items, []);
    const csv = await list('?table=assistants', { accept: 'text/csv' });
    assert.match(String(csv.headers['content-type']), /^text\/csv/);
    const [head, ...lines] = csv.text.split('\r\n');
    assert.equal(head, 'table,from,to,since');
    assert.deepEqual(
      lines.map((line) => line.split(',').slice(0, 3).join(',')),
      [...many.map(({ from, to }) => `assistants,${from},${to}`), ''],
    );
    const theirs = await http.call('GET', '/api/v1/aliases', { key: http.keys.otherAdmin });
    assert.deepEqual(theirs.json.items, []);
    assert.equal((await http.call('GET', '/api/v1/aliases', { key: http.keys.member })).status, 403);
  });
});
