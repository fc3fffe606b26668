/** Attempts to get in, or to exhaust the server. Each of these was possible once, or might be. */
import assert from 'node:assert/strict';
import { get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { encodeCursor } from '../../src/http/api/paging.ts';
import type { App, AppSettings } from '../../src/http/contract.ts';
import { streamEvents } from '../../src/http/routes/runs/events.ts';
import { buildApp } from '../../src/http/server/app.ts';
import { demoId } from '../../src/platform/demo/ids.ts';
import { completionId } from '../../src/platform/demo/models.ts';
import type { Database } from '../../src/postgres/driver/database.ts';
import { oneEngine } from '../support/databases.ts';
import { waitUntil, within } from '../support/guarantee.ts';
import { type HttpPlatform, httpPlatform } from '../support/http.ts';
import { migrated, refused, valueOf } from './moving.ts';

oneEngine((engine) => {
  let http: HttpPlatform;
  before(async () => {
    http = await httpPlatform(engine);
  });
  after(() => http.close());

  /** Another application on the same database, with other limits. */
  async function withApp(settings: Partial<AppSettings>, work: (app: App) => Promise<void>): Promise<void> {
    const app = await buildApp({ platform: http.platform, version: 'test', settings });
    try {
      await work(app);
    } finally {
      await app.close();
    }
  }

  const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });

  describe('a limit', () => {
    it('counts requests for what is forbidden, too', () =>
      withApp({ requestsPerMinute: 3 }, async (app) => {
        const statuses: number[] = [];
        for (let n = 0; n < 5; n += 1) {
          const headers = bearer(http.keys.viewer);
          statuses.push((await app.inject({ url: '/api/v1/audit-log', headers })).statusCode);
        }
        assert.deepEqual(statuses, [403, 403, 403, 429, 429]);
        const other = await app.inject({ url: '/api/v1/me', headers: bearer(http.keys.member) });
        assert.equal(other.statusCode, 200, 'the budget is the caller’s own');
      }));

    it('counts wrong credentials, also on routes that ask for none', () =>
      withApp({ wrongCredentialsPerMinute: 3 }, async (app) => {
        const wrong = `${http.keys.sysadmin.slice(0, -1)}-`;
        for (const url of ['/api/v1/me', '/readiness']) {
          const statuses: number[] = [];
          for (let n = 0; n < 5; n += 1)
            statuses.push((await app.inject({ url, headers: bearer(wrong) })).statusCode);
          assert.deepEqual(statuses.slice(3), [429, 429], `${url} ${String(statuses)}`);
          const probe = await app.inject({ url: '/livez' });
          assert.equal(probe.statusCode, 200);
        }
        const probe = await app.inject({ url: '/readiness' });
        assert.equal(probe.statusCode, 200, 'a probe without a credential is answered as often as it comes');
      }));

    it('counts by the address that the proxy saw, not by what a caller writes', () =>
      withApp({ wrongCredentialsPerMinute: 2, trustProxy: true }, async (app) => {
        const statuses: number[] = [];
        for (let n = 0; n < 4; n += 1) {
          const headers = { ...bearer('wrong'), 'x-forwarded-for': `10.0.0.${n}, 192.0.2.7` };
          statuses.push((await app.inject({ url: '/api/v1/me', headers })).statusCode);
        }
        assert.deepEqual(statuses, [401, 401, 429, 429]);
        const headers = { ...bearer('wrong'), 'x-forwarded-for': '192.0.2.7, 192.0.2.8' };
        assert.equal((await app.inject({ url: '/api/v1/me', headers })).statusCode, 401);
      }));

    it('ignores the header of a proxy if no proxy is trusted', () =>
      withApp({ wrongCredentialsPerMinute: 1 }, async (app) => {
        const ask = async (n: number): Promise<{ readonly statusCode: number }> =>
          app.inject({
            url: '/api/v1/me',
            headers: {
              ...bearer('wrong'),
              'x-forwarded-for': `10.0.0.${n}`,
              'x-real-ip': `10.0.0.${n}`,
              forwarded: `for=10.0.0.${n}`,
            },
          });
        assert.deepEqual([(await ask(1)).statusCode, (await ask(2)).statusCode], [401, 429]);
      }));
  });

  describe('an Idempotency-Key', () => {
    const named = { 'idempotency-key': 'the-same' };

    it('keeps no secret', async () => {
      const request = { key: http.keys.admin, headers: named, body: { name: 'once' } };
      const first = await http.call('POST', '/api/v1/api-keys', request);
      assert.equal(first.status, 201, first.text);
      const secret = String(first.json.key).split('_').slice(2).join('_');
      refused(await http.call('POST', '/api/v1/api-keys', request), 409, 'ANSWER_SHOWN_ONCE');
      const kept = await valueOf<string>(
        http,
        `SELECT string_agg(k::text, ' ') AS value FROM migration.idempotency_keys k`,
      );
      assert.ok(kept.includes('ANSWER_SHOWN_ONCE') && !kept.includes(secret));
      const made = await valueOf<number>(
        http,
        `SELECT count(*)::int AS value FROM migration.api_keys WHERE name = 'once'`,
      );
      assert.equal(made, 1);
    });

    it('belongs to one person of one tenant: others get their own answers under the same key', async () => {
      const names = { member: 'of Eli', admin: 'of Harriet', otherAdmin: 'of Birch' } as const;
      const headers = { 'idempotency-key': 'shared' };
      for (const who of ['member', 'otherAdmin'] as const) {
        const tenant = who === 'member' ? 1 : 2;
        const body = { name: names[who], space_id: demoId(tenant, 'spaces', 0) };
        const call = { key: http.keys[who], headers, body };
        const [first, again] = [
          await http.call('POST', '/api/v1/assistants', call),
          await http.call('POST', '/api/v1/assistants', call),
        ];
        assert.deepEqual([first.status, first.json.name, again.text], [201, names[who], first.text]);
      }
      const body = { name: names.member, space_id: demoId(1, 'spaces', 0) };
      const other = await http.call('POST', '/api/v1/assistants', { key: http.keys.admin, headers, body });
      assert.equal(other.status, 201);
      assert.equal(other.headers['idempotency-replayed'], undefined);
    });

    it('gives no answer to a key that may not ask', async () => {
      const narrow = await http.keyWith('admin', ['models:read']);
      const answer = await http.call('POST', '/api/v1/api-keys', {
        key: narrow,
        headers: named,
        body: { name: 'once' },
      });
      refused(answer, 403, 'FORBIDDEN');
    });
  });

  describe('another tenant', () => {
    it('is answered like a row that does not exist, whatever the tag', async () => {
      const own = await http.call('GET', `/api/v1/spaces/${demoId(2, 'spaces', 0)}`, {
        key: http.keys.otherAdmin,
      });
      const missing = '0000000f-def0-def0-def0-000300000000';
      const answers: string[] = [];
      for (const id of [demoId(2, 'spaces', 0), missing])
        for (const tag of [String(own.headers['etag']), '"wrong"', '*']) {
          const call = { key: http.keys.admin, headers: { 'if-match': tag }, body: { name: 'mine' } };
          const { status, text: said } = await http.call('PATCH', `/api/v1/spaces/${id}`, call);
          answers.push(`${status} ${said}`);
        }
      assert.equal(new Set(answers).size, 1, answers.join('\n'));
      assert.match(answers[0] ?? '', /^404 /);
    });

    it('is answered like a row that does not exist, whatever the cursor', async () => {
      const { migration_id: theirs } = await migrated(
        http,
        { to_model_id: completionId(2, 'claude-sonnet-4-6') },
        {
          path: `/api/v1/completion-models/${completionId(2, 'claude-3-7-sonnet')}/migrate`,
          key: http.keys.otherAdmin,
        },
      );
      const ask = async (id: string): Promise<string> => {
        const cursor = encodeCursor([id]);
        return (await http.call('GET', `/api/v1/migrations?cursor=${cursor}`, { key: http.keys.admin })).text;
      };
      assert.equal(await ask(theirs), await ask('0000000f-def0-def0-def0-000f00000000'));
    });

    it('shows nothing through the cursor of a list', async () => {
      const page = await http.call('GET', '/api/v1/assistants?limit=1', { key: http.keys.otherAdmin });
      const url = `/api/v1/assistants?cursor=${page.json.next_cursor}&limit=200`;
      const { status, text: said } = await http.call('GET', url, { key: http.keys.admin });
      assert.equal(status, 200);
      assert.doesNotMatch(said, /00000002-def0/);
    });
  });

  it('says nothing about an error inside', async () => {
    const table = (from: string, to: string): Promise<void> =>
      http.asSuperuser((tx) => tx.script(`ALTER TABLE migration.${from} RENAME TO ${to}`));
    await table('services', 'services_away');
    const answer = await http.call('GET', '/api/v1/services', { key: http.keys.viewer });
    await table('services_away', 'services');
    refused(answer, 500, 'DATABASE_ERROR');
    assert.doesNotMatch(answer.text, /services|relation|SELECT|drover_app|42P01/);
    assert.deepEqual(Object.keys(answer.json), ['type', 'title', 'status', 'code', 'detail']);
  });

  it('says about a migration that failed inside no more than the catalogue', async () => {
    const id = 'ffffffff-0000-4000-8000-000000000001';
    await http.asSuperuser(async (tx) => {
      const columns = `tenant_id, kind, from_key, to_key, actor, started_at, finished_at`;
      const changed = await tx.run(
        `INSERT INTO migration.migrations (id, ${columns}, status, error_code, error_message)
         SELECT $1, ${columns}, 'failed', 'DATABASE_ERROR', 'value "of a row" of relation secrets' FROM migration.migrations
         WHERE tenant_id = $2 LIMIT 1`,
        [id, http.tenants.other],
      );
      assert.equal(changed, 1, 'the other tenant has a migration');
    });
    const { json, text: said } = await http.call('GET', `/api/v1/migrations/${id}`, {
      key: http.keys.otherAdmin,
    });
    assert.equal(json.error?.code, 'DATABASE_ERROR', said);
    assert.doesNotMatch(said, /of a row|relation/);
  });

  it('does not turn a key that an admin made for somebody into a key of a sysadmin', async () => {
    const eli = demoId(1, 'users', 2);
    const made = await http.call('POST', '/api/v1/api-keys', {
      key: http.keys.admin,
      body: { name: 'theirs', user_id: eli },
    });
    assert.equal(made.status, 201, made.text);
    const grant = (): ReturnType<HttpPlatform['call']> =>
      http.call('POST', '/api/v1/user-roles', {
        key: http.keys.sysadmin,
        body: { user_id: eli, role: 'sysadmin' },
      });
    refused(await grant(), 422, 'REFERENCE_INVALID');
    const { status } = await http.call('DELETE', `/api/v1/api-keys/${made.json.api_key.id}`, {
      key: http.keys.admin,
    });
    assert.equal(status, 200);
    assert.equal((await grant()).status, 201);
    refused(
      await http.call('POST', '/api/v1/api-keys', {
        key: http.keys.admin,
        body: { name: 'late', user_id: eli },
      }),
      403,
      'FORBIDDEN',
    );
  });

  it('lets no cache and no page of another origin keep or read an answer', async () => {
    const headers = {
      origin: 'https://evil.example',
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
    };
    for (const method of ['GET', 'OPTIONS'] as const) {
      const answer = await http.call(method, '/api/v1/spaces', { key: http.keys.viewer, headers });
      assert.equal(answer.headers['access-control-allow-origin'], undefined);
      assert.doesNotMatch(JSON.stringify(answer.headers) + answer.text, /evil/);
      if (method === 'GET') assert.match(String(answer.headers['cache-control']), /no-store/);
    }
    const made = { key: http.keys.admin, headers, body: { name: 'a space' } };
    const { headers: said } = await http.call('POST', '/api/v1/spaces', made);
    assert.match(String(said['location']), /^\/api\/v1\/spaces\//);
  });

  describe('a stream of events', () => {
    let runId = '';
    before(async () => {
      const body = { to_model_id: completionId(1, 'claude-sonnet-4-6'), confirm_migration: true };
      const from = completionId(1, 'claude-haiku-4-5');
      const url = `/api/v1/sysadmin/system/completion-models/${from}/migrate-all-tenants`;
      const made = await http.call('POST', url, { key: http.keys.sysadmin, body });
      assert.equal(made.status, 202, made.text);
      runId = made.json.run_id as string;
    });

    it('ends when its client has gone, and does not begin for HEAD', async () => {
      let asked = 0;
      const { database } = http.platform;
      const counted: Database = {
        engine: database.engine,
        transaction: (opening, work) => {
          asked += 1;
          return database.transaction(opening, work);
        },
        alone: (work) => database.alone(work),
        close: () => database.close(),
      };
      const platform = { ...http.platform, site: { ...http.platform.site, database: counted } };
      const app = await buildApp({ platform, version: 'test' });
      await app.listen({ host: '127.0.0.1', port: 0 });
      const { port } = app.server.address() as AddressInfo;
      const url = `http://127.0.0.1:${port}/api/v1/runs/${runId}/events`;
      const headers = bearer(http.keys.sysadmin);
      assert.equal((await fetch(url, { method: 'HEAD', headers })).status, 405);
      await new Promise<void>((resolve, reject) => {
        const request = get(url, { headers, agent: false }, (response) => {
          response.once('data', () => {
            response.destroy();
            resolve();
          });
        });
        request.once('error', reject);
      });
      // An open stream asks the database four times a second.
      let [last, since] = [asked, Date.now()];
      await waitUntil(
        async () => {
          if (asked !== last) [last, since] = [asked, Date.now()];
          return Promise.resolve(Date.now() - since > 1500);
        },
        'the stream asks no more',
        8000,
      );
      await app.close();
    });

    it('ends after a while, so that an expired credential is noticed', async () => {
      const stream = streamEvents(http.platform.site, {
        runId,
        after: 0,
        signal: new AbortController().signal,
        lifeMs: 50,
      });
      const said = await within(text(stream), 'the stream ends');
      assert.doesNotMatch(said, /event: end/);
    });
  });
});
