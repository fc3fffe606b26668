/** Health is true with the database there, busy, hanging, and gone. Only operators learn the reason. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Worker } from 'node:worker_threads';
import type { LightMyRequestResponse } from 'fastify';
import { openNotice } from '../../src/cli/server/serve.ts';
import type { App, Gauge } from '../../src/http/contract.ts';
import { buildApp } from '../../src/http/server/app.ts';
import { openPlatform } from '../../src/platform/open.ts';
import { type Database } from '../../src/postgres/driver/database.ts';
import { openDatabase, openServer } from '../../src/postgres/driver/connect.ts';
import { eachEngine } from '../support/databases.ts';
import { waitUntil, within } from '../support/guarantee.ts';
import { type HttpPlatform, httpPlatform } from '../support/http.ts';
import { platformDatabase } from '../support/platform.ts';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';
import { openTollGate, type TollGate } from '../support/toll-gate.ts';

const critical = ['database', 'migrations', 'isolation', 'registry'];
const other = ['workers', 'resources', 'retirement_feed'];

eachEngine((engine) => {
  let http: HttpPlatform;
  before(async () => {
    http = await httpPlatform(engine);
  });
  after(() => http.close());

  it('is alive, with version and build, and ready, with every check', async () => {
    const { status, json } = await http.call('GET', '/livez');
    assert.deepEqual([status, json], [200, { status: 'alive', version: 'test', build: 'source' }]);
    // The doctor's first judgement may take longer than an answer.
    await waitUntil(async () => {
      const { json } = await http.call('GET', '/readiness');
      return json.status === 'ready';
    }, 'the server is ready');
    for (const path of ['/readiness', '/readyz']) {
      const answer = await http.call('GET', path);
      assert.deepEqual([answer.status, answer.json.status, answer.json.version], [200, 'ready', 'test']);
      assert.deepEqual(Object.keys(answer.json.checks).toSorted(), [...critical, ...other].toSorted());
      assert.equal(answer.headers['cache-control'], 'no-store');
    }
  });
});

describe('a check that fails', () => {
  let http: HttpPlatform;
  before(async () => {
    const why = 'the registry has mistakes: /etc/registry/secret.yaml';
    const run = (): Promise<never> => Promise.reject(new Error(why));
    const figure = (name: string, read: Gauge['read']): Gauge => ({ name, help: name, label: 'kind', read });
    http = await httpPlatform('server', {
      checks: [{ name: 'resources', critical: false, run }],
      gauges: [
        figure('drover_refused', run),
        figure('drover_hanging', () => new Promise(() => undefined)),
        figure('drover_known', () => Promise.resolve([{ word: 'a', value: 7 }])),
      ],
    });
  });
  after(() => http.close());

  it('is shown to everybody, its reason only to a sysadmin', async () => {
    for (const key of [undefined, http.keys.admin, 'drover_wrong']) {
      const { status, json } = await http.call('GET', '/readiness', key === undefined ? {} : { key });
      assert.deepEqual([status, json.status], [200, 'degraded']);
      assert.deepEqual(json.checks.resources, { status: 'fail' });
    }
    const { json } = await http.call('GET', '/readiness', { key: http.keys.sysadmin });
    assert.match(json.checks.resources.detail, /the registry has mistakes/);
  });

  it('does not keep other figures from being read', async () => {
    const { status, text } = await within(http.call('GET', '/metrics'), 'the figures', 5000);
    assert.equal(status, 200);
    assert.match(text, /^drover_known\{kind="a"\} 7$/m);
    assert.doesNotMatch(text, /^drover_(refused|hanging)/m);
    assert.match(text, /^process_cpu_seconds_total /m);
  });

  it('keeps figures for sysadmins where they are closed', async () => {
    const app = await buildApp({ platform: http.platform, version: 'test', settings: { metrics: 'closed' } });
    const statusOf = async (key?: string): Promise<number> => {
      const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
      return (await app.inject({ url: '/metrics', headers })).statusCode;
    };
    assert.deepEqual(
      [await statusOf(), await statusOf(http.keys.admin), await statusOf(http.keys.sysadmin)],
      [401, 403, 200],
    );
    assert.ok(!app.known.open.includes('/metrics') && http.app.known.open.includes('/metrics'));
    assert.deepEqual(openNotice('127.0.0.1', http.app.known.open), []);
    const said = openNotice('0.0.0.0', http.app.known.open).join('\n');
    for (const path of ['/livez', '/readiness', '/openapi.json', '/docs', '/metrics'])
      assert.ok(said.includes(` ${path}`), said);
    assert.match(said, /without TLS[^]*DROVER_METRICS=closed/);
    assert.doesNotMatch(openNotice('::', app.known.open).join('\n'), /metrics/i);
    await app.close();
  });

  it('notices that isolation was taken away, and that the schema is outdated', async () => {
    await http.asSuperuser((tx) => tx.run('ALTER TABLE migration.users NO FORCE ROW LEVEL SECURITY'));
    await http.asSuperuser((tx) =>
      tx.run(`DELETE FROM migration.schema_migrations WHERE version = 'generated'`),
    );
    const app = await buildApp({ platform: http.platform, version: 'test' });
    const { statusCode, body } = await app.inject('/readiness');
    await app.close();
    assert.equal(statusCode, 503);
    const { status, checks } = JSON.parse(body);
    assert.deepEqual(
      [status, checks.isolation, checks.migrations, checks.database],
      ['not-ready', { status: 'fail' }, { status: 'fail' }, { status: 'ok' }],
    );
  });
});

describe('with a database that', () => {
  let server: PostgresServer;
  let gate: TollGate;
  let database: Database;
  let app: App;
  before(async () => {
    server = await startPostgres();
    gate = await openTollGate(server.url);
    database = await openServer({ url: gate.url, poolSize: 2 });
    const platform = await openPlatform(database, { install: true, asked: true });
    app = await buildApp({ platform, version: 'test' });
  });
  after(async () => {
    await gate.close();
    await app.close();
    await database.close();
    await server.stop();
  });

  const ask = async (): Promise<{
    status: number;
    json: { status: string; checks: Record<string, object> };
  }> => {
    const response = await within(app.inject('/readiness'), 'an answer about readiness', 2000);
    return { status: response.statusCode, json: JSON.parse(response.body) };
  };

  it('is busy in every connection, is ready', async () => {
    assert.equal((await ask()).status, 200);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const work = [1, 2].map(() => database.transaction({}, () => held));
    await waitUntil(() => database.connections?.().busy === 2, 'all connections are busy');
    const { status, json } = await ask();
    assert.deepEqual([status, json.checks['database']], [200, { status: 'ok' }]);
    release();
    await Promise.all(work);
  });

  it('does not answer any more, is not ready, reports all checks in time, and the server stays alive', async () => {
    gate.block();
    await waitUntil(async () => (await ask()).status === 503, 'the database is missed');
    const { json } = await ask();
    assert.equal(json.status, 'not-ready');
    assert.deepEqual(json.checks['database'], { status: 'fail' });
    assert.deepEqual(Object.keys(json.checks).toSorted(), [...critical, ...other].toSorted());
    assert.equal((await within(app.inject('/livez'), 'a sign of life', 2000)).statusCode, 200);
  });

  it('answers again, is ready by itself', async () => {
    gate.reopen();
    await waitUntil(async () => (await ask()).status === 200, 'the database is found again');
  });

  it('was stopped, is not ready, and callers are told to try again; started again, all is as before by itself', async () => {
    const authorization = `Bearer drover_${'0'.repeat(32)}_${'x'.repeat(43)}`;
    const call = (): Promise<LightMyRequestResponse> =>
      app.inject({ url: '/api/v1/me', headers: { authorization } });
    await server.restart(async () => {
      await waitUntil(async () => (await ask()).status === 503, 'the database is missed');
      assert.deepEqual((await ask()).json.checks['database'], { status: 'fail' });
      const refused = await call();
      assert.deepEqual([refused.statusCode, refused.headers['retry-after']], [503, '1']);
      assert.ok(!refused.body.includes('127.0.0.1'), refused.body);
    });
    await waitUntil(async () => (await ask()).status === 200, 'the database is there again');
    assert.equal((await call()).statusCode, 401);
    const work = [1, 2].map(() => database.transaction({}, (tx) => tx.one('SELECT 1 AS one')));
    assert.deepEqual(await Promise.all(work), [{ one: 1 }, { one: 1 }]);
  });
});

it('an embedded database whose thread has ended is not ready, with every check, and the server lives', async () => {
  const folder = await platformDatabase('embedded', 'demo');
  const { target } = folder;
  if (!('dataDir' in target)) throw new Error('an embedded database has a folder');
  await folder.db.close();
  const threads: Worker[] = [];
  const seen = (thread: Worker): number => threads.push(thread);
  process.on('worker', seen);
  const database = await openDatabase({ ...target, ownThread: true });
  process.off('worker', seen);
  const app = await buildApp({
    platform: await openPlatform(database, { install: false }),
    version: 'test',
  });
  try {
    assert.equal((await app.inject('/readiness')).statusCode, 200);
    assert.equal(threads.length, 1);
    await threads[0]?.terminate();
    let report = JSON.parse('{}');
    await waitUntil(async () => {
      const { statusCode, body } = await within(app.inject('/readiness'), 'an answer', 2000);
      report = JSON.parse(body);
      return statusCode === 503;
    }, 'the thread is missed');
    assert.deepEqual(report.checks.database, { status: 'fail' });
    assert.deepEqual(Object.keys(report.checks).toSorted(), [...critical, ...other].toSorted());
    assert.equal((await app.inject('/livez')).statusCode, 200);
  } finally {
    await app.close();
    await database.close().catch(() => undefined);
    await folder.drop();
  }
});
