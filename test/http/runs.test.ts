/** Runs over HTTP, for sysadmins only: start, follow, order, roll back. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { workThrough } from '../../src/fleet/work-through.ts';
import { completionId } from '../../src/platform/demo/models.ts';
import { demoId } from '../../src/platform/demo/ids.ts';
import { sharedRows } from '../../src/engine/tenant.ts';
import { oneEngine } from '../support/databases.ts';
import { waitUntil } from '../support/guarantee.ts';
import { type Answer, type HttpPlatform, httpPlatform } from '../support/http.ts';

const old = completionId(1, 'claude-3-7-sonnet');
const successor = completionId(1, 'claude-sonnet-4-6');
const all = (id = old): string => `/api/v1/sysadmin/system/completion-models/${id}/migrate-all-tenants`;
const tenant = (n: number): string => demoId(n, 'tenants', 0);

interface Sent {
  readonly id?: string;
  readonly event?: string;
  readonly data?: Record<string, unknown>;
}

/** The events of a stream, comments left out. */
function eventsOf(text: string): Sent[] {
  return text
    .split('\n\n')
    .map((block) =>
      Object.fromEntries(
        [...block.matchAll(/^(id|event|data): (.*)$/gm)].map(([, name, value]) => [name, value]),
      ),
    )
    .filter(({ id }) => id !== undefined)
    .map(({ id = '', event = '', data = '{}' }) => ({
      id,
      event,
      data: JSON.parse(data) as Record<string, unknown>,
    }));
}

oneEngine((engine) => {
  let http: HttpPlatform;
  beforeEach(async () => {
    http = await httpPlatform(engine);
  });
  afterEach(() => http.close());

  const post = (path: string, body?: unknown): Promise<Answer> =>
    http.call('POST', path, { key: http.keys.sysadmin, ...(body === undefined ? {} : { body }) });
  const get = (path: string): Promise<Answer> => http.call('GET', path, { key: http.keys.sysadmin });
  const body = { to_model_id: successor, confirm_migration: true };
  const work = (runId: string): Promise<unknown> => workThrough(http.platform.site, runId, { pollMs: 20 });

  it('moves all tenants, and answers with each result if the request waits', async () => {
    const { status, json } = await post(`${all()}?wait=true`, body);
    assert.equal(status, 200, JSON.stringify(json));
    assert.deepEqual([json.total_tenants, json.succeeded, json.failed, json.skipped], [4, 3, 0, 1]);
    const results = Object.fromEntries(
      json.results.map((one: { tenant_id: string }) => [one.tenant_id, one]),
    );
    assert.deepEqual(
      [results[tenant(1)].resolved_from_model_id, results[tenant(1)].resolved_to_model_id],
      [old, successor],
    );
    assert.equal(results[tenant(2)].resolved_from_model_id, completionId(2, 'claude-3-7-sonnet'));
    assert.equal(results[tenant(4)].note.code, 'TENANT_SUSPENDED');
    assert.equal(
      json.migrated_count,
      json.results.reduce((sum: number, one: { migrated_count: number }) => sum + one.migrated_count, 0),
    );
    assert.ok(
      json.results.every(
        (one: { tenant_name: string; findings: unknown[] }) =>
          one.tenant_name !== '' && Array.isArray(one.findings),
      ),
    );
    const history = await http.call('GET', '/api/v1/migrations', { key: http.keys.admin });
    assert.match(history.json.items[0].actor, /@/, 'the operator is the actor');
  });

  it('answers 202 with an id, and the run is followed by its events and lists', async () => {
    const started = await post(all(), { ...body, include_suspended: true });
    assert.equal(started.status, 202);
    const { run_id: id } = started.json;
    assert.equal(started.headers['location'], `/api/v1/runs/${id}`);
    assert.deepEqual([started.json.status, started.json.pending], ['queued', 4]);
    await work(id);
    const run = await get(`/api/v1/runs/${id}`);
    assert.deepEqual([run.json.status, run.json.succeeded, run.json.from.id], ['succeeded', 4, old]);
    const stream = await get(`/api/v1/runs/${id}/events`);
    assert.match(String(stream.headers['content-type']), /^text\/event-stream/);
    const events = eventsOf(stream.text);
    assert.deepEqual(
      events.map((event) => event.id),
      events.map((_, at) => String(at + 1)),
    );
    assert.deepEqual(
      [events.filter(({ event }) => event === 'tenant').length, events.at(-1)?.event],
      [4, 'end'],
    );
    assert.equal(events.at(-1)?.data?.['succeeded'], 4);
    const replay = await http.call('GET', `/api/v1/runs/${id}/events`, {
      key: http.keys.sysadmin,
      headers: { 'last-event-id': '2' },
    });
    assert.deepEqual(eventsOf(replay.text), events.slice(2));
    const over = await http.call('GET', `/api/v1/runs/${id}/events`, {
      key: http.keys.sysadmin,
      headers: { 'last-event-id': String(events.length) },
    });
    assert.equal(over.status, 204);
    const wrong = await http.call('GET', `/api/v1/runs/${id}/events`, {
      key: http.keys.sysadmin,
      headers: { 'last-event-id': 'x' },
    });
    assert.equal(wrong.status, 400);
  });

  it('plans without writing in a dry run', async () => {
    const planned = await post(all(), { ...body, dry_run: true });
    assert.equal(planned.status, 200, planned.text);
    assert.deepEqual([planned.json.ready, planned.json.skipped, planned.json.run_id], [3, 1, null]);
    assert.ok(planned.json.migrated_count > 0 && planned.json.results[0].plan_hash !== null);
    const [first] = planned.json.results;
    const single = await post(
      `/api/v1/sysadmin/tenants/${first.tenant_id}/completion-models/${first.resolved_from_model_id}/migrate`,
      { to_model_id: first.resolved_to_model_id, dry_run: true },
    );
    assert.equal(single.json.migrated_count, first.migrated_count, single.text);
    const pages: Answer['json'][] = [];
    for (let cursor = ''; pages.length < 5; cursor = `&cursor=${pages.at(-1).next_cursor}`) {
      pages.push((await post(`${all()}?limit=2${cursor}`, { ...body, dry_run: true })).json);
      if (pages.at(-1).next_cursor === null) break;
    }
    assert.deepEqual(
      pages.flatMap(({ results }) => results),
      planned.json.results,
    );
    for (const { results, next_cursor: _, ...counts } of pages) {
      assert.ok(results.length <= 2);
      const { results: __, next_cursor: ___, ...all } = planned.json;
      assert.deepEqual(counts, all);
    }
    assert.deepEqual((await get('/api/v1/runs')).json.items, []);
    const astray = await post(`${all()}?wait=true&cursor=${pages[0].next_cursor}`, body);
    assert.deepEqual([astray.status, (await get('/api/v1/runs')).json.items], [400, []], astray.text);
    const done = await post(`${all()}?wait=true&limit=2`, body);
    assert.equal(done.json.migrated_count, planned.json.migrated_count);
    const rest = await get(`/api/v1/runs/${done.json.run_id}/tenants?cursor=${done.json.next_cursor}`);
    assert.equal(done.json.results.length, 2);
    assert.deepEqual(
      [...done.json.results, ...rest.json.items].map((one: Answer['json']) => one.tenant_id),
      planned.json.results.map((one: Answer['json']) => one.tenant_id),
    );
  });

  it('obeys: canary, continue, pause, resume, cancel, rollback', async () => {
    const started = await post(all(), { ...body, canary: { tenants: 1 }, wave_size: 1 });
    const id: string = started.json.run_id;
    const tell = (order: string, text?: unknown): Promise<Answer> =>
      post(`/api/v1/runs/${id}/${order}`, text);
    await work(id);
    assert.equal((await get(`/api/v1/runs/${id}`)).json.status, 'waiting');
    assert.equal((await tell('resume')).status, 409);
    assert.equal((await tell('continue')).json.status, 'running');
    assert.equal((await tell('pause', { reason: ' ' })).status, 400);
    assert.equal((await tell('pause', { reason: 'the launch' })).json.status, 'paused');
    assert.equal((await tell('resume')).json.status, 'running');
    assert.equal((await tell('cancel')).json.status, 'cancelled');
    assert.equal((await tell('pause')).status, 409);
    const { orders } = (await get(`/api/v1/runs/${id}`)).json;
    assert.deepEqual(
      orders.map(({ action }: Answer['json']) => action),
      ['run.created', 'run.continued', 'run.paused', 'run.resumed', 'run.cancelled'],
    );
    assert.deepEqual(
      orders.map(({ reason }: Answer['json']) => reason),
      [null, null, 'the launch', null, null],
    );
    for (const { actor } of orders) assert.equal(actor, orders[0].actor);
    await http.asSuperuser((tx) =>
      tx.run(
        `INSERT INTO migration.audit_log (tenant_id, id, actor, action, object, at)
         SELECT $1, gen_random_uuid(), 'op', 'run.paused', $2, now() + n * interval '1 minute' FROM generate_series(1, 120) n`,
        [sharedRows, id],
      ),
    );
    const { orders: newest, total_orders: total } = (await get(`/api/v1/runs/${id}`)).json;
    assert.deepEqual([newest.length, total], [100, 125]);
    assert.ok(newest[0].at < newest[99].at, 'the newest, in their order');
    const undo = await tell('rollback', { reason: 'it was a trial' });
    assert.equal(undo.status, 202, undo.text);
    await work(undo.json.run_id);
    const undone = await get(`/api/v1/runs/${undo.json.run_id}`);
    assert.deepEqual(
      [undone.json.kind, undone.json.parent_id, undone.json.status, undone.json.succeeded],
      ['rollback', id, 'succeeded', 1],
    );
    assert.equal((await tell('rollback')).status, 409);
  });

  it('lists runs and their tenants page by page', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 3; n += 1)
      ids.push((await post(all(), { ...body, tenant_ids: [tenant(3)] })).json.run_id);
    const first = await get('/api/v1/runs?limit=2');
    assert.deepEqual(
      first.json.items.map((run: { id: string }) => run.id),
      [ids[2], ids[1]],
    );
    const second = await get(`/api/v1/runs?limit=2&cursor=${first.json.next_cursor}`);
    assert.deepEqual(
      [second.json.items.map((run: { id: string }) => run.id), second.json.next_cursor],
      [[ids[0]], null],
    );
    assert.equal((await get('/api/v1/runs?cursor=nonsense')).status, 400);
    assert.equal(
      (await get(`/api/v1/runs?cursor=${Buffer.from('["x","y"]').toString('base64url')}`)).status,
      400,
    );
    assert.equal((await get('/api/v1/runs?status=failed')).json.items.length, 0);
    const whole = await post(`${all()}?wait=true`, body);
    const page = await get(`/api/v1/runs/${whole.json.run_id}/tenants?limit=3`);
    const rest = await get(
      `/api/v1/runs/${whole.json.run_id}/tenants?limit=3&cursor=${page.json.next_cursor}`,
    );
    assert.deepEqual([...page.json.items, ...rest.json.items], whole.json.results);
  });

  it('refuses before it begins what is wrong for all tenants', async () => {
    const cases: [path: string, change: object, status: number, code: string][] = [
      [all(), { to_model_id: old }, 400, 'SAME_MODEL'],
      [all(), { to_model_id: demoId(1, 'users', 0) }, 404, 'MODEL_NOT_FOUND'],
      [all(demoId(1, 'users', 0)), {}, 404, 'MODEL_NOT_FOUND'],
      [all(demoId(1, 'transcription_models', 0)), {}, 404, 'MODEL_NOT_FOUND'],
      [all(), { entity_types: ['app'] }, 400, 'ENTITY_TYPE_UNKNOWN'],
      [all(), { entity_types: [] }, 400, 'ENTITY_TYPE_UNKNOWN'],
      [all(), { force_override: true }, 400, 'FORCE_NEEDS_REASON'],
      [all(), { tenant_ids: [demoId(1, 'users', 0)] }, 404, 'TENANT_NOT_FOUND'],
      [all(), { canary: {} }, 400, 'RUN_INVALID'],
      [all(), { wave_size: 0 }, 400, 'REQUEST_INVALID'],
      [all(), { surprise: 1 }, 400, 'REQUEST_INVALID'],
    ];
    for (const [path, change, status, code] of cases) {
      const answer = await post(path, { ...body, ...change });
      assert.deepEqual([answer.status, answer.json.code], [status, code], answer.text);
    }
    await post(`${all()}?wait=true`, body);
    const retired = await post(all(completionId(1, 'gpt-4o')), { to_model_id: old });
    assert.deepEqual(
      [retired.status, retired.json.code, retired.json.data.successor.id],
      [410, 'MODEL_RETIRED', successor],
    );
    for (const path of ['', '/tenants', '/events'])
      assert.equal((await get(`/api/v1/runs/00000000-0000-4000-8000-000000000009${path}`)).status, 404);
  });

  it('is for sysadmins', async () => {
    const { json } = await post(all(), { ...body, tenant_ids: [tenant(3)] });
    const run = `/api/v1/runs/${json.run_id}`;
    const routes = [
      ['POST', all()],
      ['GET', '/api/v1/runs'],
      ['GET', run],
      ['GET', `${run}/tenants`],
      ['GET', `${run}/events`],
      ...['pause', 'resume', 'continue', 'cancel', 'rollback'].map(
        (order) => ['POST', `${run}/${order}`] as const,
      ),
    ] as const;
    for (const [method, path] of routes) {
      assert.equal((await http.call(method, path)).status, 401, path);
      assert.equal((await http.call(method, path, { key: http.keys.admin })).status, 403, path);
    }
  });
});

describe('an open stream', () => {
  let http: HttpPlatform;
  before(async () => {
    http = await httpPlatform('server');
    await http.app.listen({ port: 0, host: '127.0.0.1' });
  });
  after(() => http.close());

  it('sends events as they happen, and is released when the client goes', async () => {
    const started = await http.call('POST', all(), {
      key: http.keys.sysadmin,
      body: { to_model_id: successor, confirm_migration: true, wave_size: 1, canary: { tenants: 1 } },
    });
    const runId: string = started.json.run_id;
    const { port } = http.app.server.address() as AddressInfo;
    let text = '';
    const headers = { authorization: `Bearer ${http.keys.sysadmin}` };
    const client = request({ port, path: `/api/v1/runs/${runId}/events`, headers }, (answer) => {
      answer.setEncoding('utf8').on('data', (part: string) => (text += part));
      answer.on('error', () => undefined);
    });
    client.on('error', () => undefined);
    client.end();
    await waitUntil(() => text.startsWith('retry:'), 'the stream begins before the run does');
    assert.deepEqual(eventsOf(text), []);
    await workThrough(http.platform.site, runId, { pollMs: 20 });
    await waitUntil(
      () => eventsOf(text).some(({ data }) => data?.['status'] === 'waiting'),
      'the canary is told of',
    );
    client.destroy();
    const connections = (): Promise<number> =>
      new Promise((resolve, reject) =>
        http.app.server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      );
    await waitUntil(async () => (await connections()) === 0, 'the connection is gone');
    assert.ok(!eventsOf(text).some(({ event }) => event === 'end'));
  });
});
