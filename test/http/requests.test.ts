/** Every bad request is answered with a problem document that names the fault and nothing internal. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { createLog, strikeSecrets } from '../../src/http/server/log.ts';
import { DroverError } from '../../src/errors.ts';
import { waitUntil } from '../support/guarantee.ts';
import { type HttpPlatform, httpPlatform } from '../support/http.ts';
import { targets } from './hostile-schemas.ts';
import { refused } from './moving.ts';

const keysUrl = '/api/v1/api-keys';

describe('a request', () => {
  let http: HttpPlatform;
  const lines: string[] = [];
  before(async () => {
    const log = createLog({ level: 'trace', destination: { write: (line) => void lines.push(line) } });
    http = await httpPlatform('server', { log });
    http.app.log.level = 'trace';
  });
  after(() => http.close());

  const post = (payload: string, headers: Record<string, string> = {}): ReturnType<HttpPlatform['call']> =>
    http.app
      .inject({
        method: 'POST',
        url: keysUrl,
        headers: {
          authorization: `Bearer ${http.keys.admin}`,
          'content-type': 'application/json',
          ...headers,
        },
        payload,
      })
      .then(({ statusCode: status, body: text, headers }) => ({
        status,
        text,
        headers,
        json: JSON.parse(text),
      }));

  const deep = `${'{"a":'.repeat(60)}1${'}'.repeat(60)}`;
  const bodies: Readonly<Record<string, readonly [payload: string, status: number, code: string]>> = {
    'of broken JSON': ['{"name":', 400, 'REQUEST_INVALID'],
    'that is empty': ['', 400, 'REQUEST_INVALID'],
    'of another type': ['[1]', 400, 'REQUEST_INVALID'],
    'with __proto__': ['{"name":"x","__proto__":{"role":"sysadmin"}}', 400, 'REQUEST_INVALID'],
    'with constructor.prototype': ['{"constructor":{"prototype":{"x":1}}}', 400, 'REQUEST_INVALID'],
    'with an unknown field': ['{"name":"x","tenant_id":"y"}', 400, 'REQUEST_INVALID'],
    'with a zero character': ['{"name":"a\\u0000b"}', 400, 'REQUEST_INVALID'],
    'with half a character': ['{"name":"a\\ud800"}', 400, 'REQUEST_INVALID'],
    'that is too deep': [deep, 400, 'REQUEST_INVALID'],
    'that is far too deep': [`${'['.repeat(400_000)}${']'.repeat(400_000)}`, 400, 'REQUEST_INVALID'],
    'of ten megabytes': [JSON.stringify({ name: 'x'.repeat(10_485_760) }), 413, 'BODY_TOO_LARGE'],
  };
  for (const [name, [payload, status, code]] of Object.entries(bodies)) {
    it(`with a body ${name} is refused`, async () => {
      const answer = await post(payload);
      refused(answer, status, code);
      assert.ok(answer.text.length < 2000);
    });
  }

  it('with a body that is no JSON by its type is refused', async () => {
    for (const type of ['text/plain', 'application/xml', 'multipart/form-data; boundary=x'])
      refused(await post('name=x', { 'content-type': type }), 415, 'MEDIA_TYPE_UNSUPPORTED');
  });

  it('that does not fit the schema gets all its faults, each with its place', async () => {
    const { errors, detail } = refused(
      await http.call('POST', keysUrl, {
        key: http.keys.admin,
        body: { name: '', scopes: ['x'], expires_at: 'soon' },
      }),
      400,
      'REQUEST_INVALID',
    );
    const pointers: string[] = errors.map((each: { pointer: string }) => each.pointer);
    assert.deepEqual([...new Set(pointers)].toSorted(), ['/expires_at', '/name', '/scopes/0']);
    assert.ok(errors.every((each: { in: string }) => each.in === 'body'));
    assert.match(detail, /and \d more/);
  });

  it('with a wrong query or path is told so', async () => {
    const query = await http.call('GET', `${keysUrl}?limit=0`, { key: http.keys.admin });
    assert.equal(refused(query, 400, 'REQUEST_INVALID').errors[0].in, 'query');
    const path = await http.call('GET', `${keysUrl}/1%27%20OR%201=1`, { key: http.keys.admin });
    assert.equal(refused(path, 400, 'REQUEST_INVALID').errors[0].in, 'path');
    refused(await http.call('GET', '/%E0%A4%A'), 400, 'REQUEST_INVALID');
    refused(await http.call('GET', `/api/v1/me/${'x'.repeat(5000)}`), 404, 'ROUTE_NOT_FOUND');
  });

  it('for an unknown path is told so, and for a known one which methods it has', async () => {
    for (const path of ['/api/v1/nothing', '/api/v1/spaces/a/b/c', '/api/v1/', '//livez'])
      refused(await http.call('GET', path, { key: http.keys.admin }), 404, 'ROUTE_NOT_FOUND');
    // `/workspaces/import` is also an id of a workspace, as far as a path says.
    const fits = (pattern: string, path: string): boolean =>
      new RegExp(`^${pattern.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path);
    for (const path of new Set(targets.map((target) => target.path.replaceAll(/\{\w+\}/g, 'x')))) {
      const listed = new Set<string>(
        targets.filter((target) => fits(target.path, path)).map(({ method }) => method),
      );
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const) {
        if (listed.has(method)) continue;
        const answer = await http.call(method, `${path}?y=1`);
        refused(answer, 405, 'METHOD_NOT_ALLOWED');
        const allowed = String(answer.headers['allow']).split(', ');
        assert.deepEqual(new Set(allowed.filter((word) => word !== 'HEAD')), listed, path);
      }
    }
  });

  it('keeps a valid id that it came with', async () => {
    const id = 'trace-1.2:3';
    const kept = await http.call('GET', '/livez', { headers: { 'x-request-id': id } });
    assert.equal(kept.headers['x-request-id'], id);
    await waitUntil(() => lines.some((line) => line.includes(`"reqId":"${id}"`)), 'its line in the log');
    for (const wrong of ['', 'a b', 'x'.repeat(129), '{"level":"fatal"}']) {
      const made = await http.call('GET', '/livez', { headers: { 'x-request-id': wrong } });
      assert.match(String(made.headers['x-request-id']), /^[0-9a-f-]{36}$/);
    }
    assert.ok((await http.call('GET', '/nothing')).headers['x-request-id']);
  });

  it('has answers that no page can load or frame', async () => {
    const { headers } = await http.call('GET', '/api/v1/me', { key: http.keys.viewer });
    assert.equal(headers['content-security-policy'], "default-src 'none';frame-ancestors 'none'");
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['access-control-allow-origin'], undefined);
    assert.equal(headers['x-powered-by'], undefined);
  });

  it('that meets an error inside learns nothing about it, and the log tells it without secrets', async () => {
    await http.asSuperuser((tx) => tx.run('ALTER TABLE migration.api_keys RENAME COLUMN name TO label'));
    const answer = await http.call('GET', `${keysUrl}?name=${http.keys.viewer}`, { key: http.keys.admin });
    await http.asSuperuser((tx) => tx.run('ALTER TABLE migration.api_keys RENAME COLUMN label TO name'));
    assert.deepEqual([answer.status, answer.json.code], [500, 'DATABASE_ERROR']);
    assert.doesNotMatch(answer.text, /column|api_keys|SELECT|label/);
    await waitUntil(() => lines.some((line) => line.includes('"level":"error"')), 'the error in the log');
    assert.match(lines.find((line) => line.includes('"level":"error"')) ?? '', /"sqlState":"42703"/);
    const log = lines.join('');
    for (const key of Object.values(http.keys))
      assert.ok(!log.includes(key.slice(40)), 'a key is in the log');
  });
});

describe('budgets', () => {
  it('are one for each credential, and say when to try again', async () => {
    const http = await httpPlatform('server', { settings: { requestsPerMinute: 3 } });
    for (let n = 0; n < 3; n += 1)
      assert.equal((await http.call('GET', '/api/v1/me', { key: http.keys.viewer })).status, 200);
    const over = await http.call('GET', '/api/v1/me', { key: http.keys.viewer });
    refused(over, 429, 'RATE_LIMITED');
    assert.ok(Number(over.headers['retry-after']) > 0);
    assert.equal((await http.call('GET', '/api/v1/me', { key: http.keys.member })).status, 200);
    // Another key of the same person with the same name, and the same key from another address.
    const twin = await http.keyWith('viewer', ['*']);
    assert.equal((await http.call('GET', '/api/v1/me', { key: twin })).status, 200);
    const headers = { authorization: `Bearer ${http.keys.viewer}` };
    const elsewhere = await http.app.inject({ url: '/api/v1/me', headers, remoteAddress: '10.1.2.3' });
    assert.equal(elsewhere.statusCode, 429);
    for (let n = 0; n < 10; n += 1) assert.equal((await http.call('GET', '/livez')).status, 200);
    await http.close();
  });

  it('of wrong credentials are counted by address', async () => {
    const http = await httpPlatform('server', { settings: { wrongCredentialsPerMinute: 2 } });
    const wrong = (n: number): string => `drover_${'0'.repeat(32)}_${String(n).padStart(43, 'x')}`;
    const codes: string[] = [];
    for (let n = 0; n < 4; n += 1)
      codes.push((await http.call('GET', '/api/v1/me', { key: wrong(n) })).json.code);
    assert.deepEqual(codes, ['UNAUTHENTICATED', 'UNAUTHENTICATED', 'RATE_LIMITED', 'RATE_LIMITED']);
    await http.close();
  });
});

describe('other origins', () => {
  it('may read answers only if they are listed', async () => {
    const http = await httpPlatform('server', { settings: { corsOrigins: ['https://console.example'] } });
    const preflight = (origin: string): ReturnType<HttpPlatform['call']> =>
      http.call('OPTIONS', '/api/v1/me', { headers: { origin, 'access-control-request-method': 'GET' } });
    assert.equal(
      (await preflight('https://console.example')).headers['access-control-allow-origin'],
      'https://console.example',
    );
    assert.equal((await preflight('https://evil.example')).headers['access-control-allow-origin'], undefined);
    await http.close();
  });
});

describe('what is no request', () => {
  it('is answered with a problem document, too', async () => {
    const http = await httpPlatform('server');
    const address = await http.app.listen({ host: '127.0.0.1', port: 0 });
    const say = (text: string): Promise<string> =>
      new Promise((resolve, reject) => {
        let heard = '';
        const socket = connect(Number(new URL(address).port), '127.0.0.1', () => socket.write(text));
        socket.setEncoding('utf8').on('data', (part: string) => (heard += part));
        socket.on('error', reject).on('close', () => resolve(heard));
      });
    assert.match(await say('hello\r\n\r\n'), /^HTTP\/1\.1 400 [^]*problem\+json[^]*"code":"REQUEST_INVALID"/);
    const large = `GET /livez HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`;
    assert.match(await say(large), /^HTTP\/1\.1 431 [^]*"code":"HEADERS_TOO_LARGE"/);
    const smuggled =
      'POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
    assert.match(await say(smuggled), /^HTTP\/1\.1 400 /);
    await http.close();
  });
});

describe('a line of the log', () => {
  it('holds no credential, of whatever form', () => {
    const secret = 'S3cr3t-valueS3cr3t-valueS3cr3t-valueS3cr3t1';
    const forms = [
      `drover_${'a'.repeat(32)}_${secret}`,
      `Bearer ${secret}`,
      `{"authorization":"${secret}"}`,
      `{"password":"${secret}"}`,
      `{\\"api_key\\":\\"${secret}\\"}`,
      `postgres://user:${secret}@host:5432/db`,
      `eyJhbGciOi.${secret}.${secret}`,
    ];
    for (const form of forms) assert.ok(!strikeSecrets(`{"msg":"${form}"}`).includes(secret), form);
  });

  it('says about an error what happened, and no values of rows', () => {
    const lines: string[] = [];
    const log = createLog({ level: 'info', destination: { write: (line) => void lines.push(line) } });
    const cause = new Error('connection to postgres://me:hidden@host/db failed');
    log.error({
      err: new DroverError(
        'ALREADY_EXISTS',
        'Taken.',
        { detail: 'Key (email)=(a@b.c)', sqlState: '23505' },
        { cause },
      ),
    });
    const { err } = JSON.parse(lines[0] ?? '') as { err: Record<string, unknown> };
    assert.deepEqual([err['code'], err['sqlState'], err['detail']], ['ALREADY_EXISTS', '23505', undefined]);
    assert.ok(!lines[0]?.includes('hidden'));
  });
});
