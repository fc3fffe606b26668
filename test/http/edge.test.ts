/**
 * The edge lets through what routes declare for others than the operator, unchanged both ways, and nothing else, however it is written.
 * The server behind it is a recorder where what it gets is compared, and Drover's own where nothing inside may come out.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'node:test';
import type { DeclaredRoute } from '../../src/http/contract.ts';
import { caddyfileOf } from '../../src/http/edge/caddyfile.ts';
import { type EdgeInput, type RunningEdge, startEdge } from '../../src/http/edge/edge.ts';
import { exposedOf } from '../../src/http/edge/exposure.ts';
import { describeApp } from '../../src/http/server/app.ts';
import { createLog } from '../../src/http/server/log.ts';
import { waitUntil, within } from '../support/guarantee.ts';
import { type HttpPlatform, httpPlatform } from '../support/http.ts';

const app = await describeApp('test');
const { declared } = app.known;
await app.close();

/** Two routes that nobody declared yet: one for the operator beside one for everybody. */
const planted: readonly DeclaredRoute[] = [
  ...declared,
  { method: 'GET', url: '/api/v1/planted/:id', exposure: 'public' },
  { method: 'GET', url: '/api/v1/planted/inside', exposure: 'internal' },
];

interface Heard {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly raw: readonly string[];
  readonly text: string;
}

interface Said {
  readonly method?: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: Buffer | string;
  readonly agent?: http.Agent;
}

/** The target goes out byte for byte. */
function ask(url: string, path: string, said: Said = {}): Promise<Heard> {
  const { method = 'GET', headers = {}, body, agent } = said;
  const { hostname, port, protocol } = new URL(url);
  const { request } = protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const asked = request(
      { hostname, port, method, path, headers, agent, rejectUnauthorized: false },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.once('error', reject);
        answer.once('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            raw: answer.rawHeaders,
            text: Buffer.concat(parts).toString('utf8'),
          }),
        );
      },
    );
    asked.once('error', reject);
    asked.end(body);
  });
}

interface Recorded {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly hash: string;
}

/** Says back what it heard, with the status that `x-answer` asks for. */
async function startRecorder(): Promise<{
  url: URL;
  heard: Recorded[];
  server: http.Server;
  gone: () => number;
}> {
  const heard: Recorded[] = [];
  let gone = 0;
  const server = http.createServer((request, response) => {
    const hash = createHash('sha256');
    request.on('data', (part: Buffer) => hash.update(part));
    response.once('close', () => (gone += response.writableFinished ? 0 : 1));
    request.once('end', () => {
      const { method = '', url = '', headers } = request;
      heard.push({ method, url, headers, hash: hash.digest('hex') });
      answerAs(String(headers['x-answer'] ?? '200'), response);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { url: new URL(`http://127.0.0.1:${port}`), heard, server, gone: () => gone };
}

const said = 'a body\n';

function answerAs(how: string, response: http.ServerResponse): void {
  if (how === 'cut') return void response.destroy();
  if (how === 'never') return;
  if (how === 'half') {
    response.writeHead(200, { 'content-length': 100 });
    response.write('half');
    return void setTimeout(() => response.destroy(), 20);
  }
  if (how === 'stream') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    return void response.write('id: 1\ndata: one\n\n');
  }
  const status = Number(how);
  response.writeHead(status, [
    'ETag',
    '"one"',
    'Set-Cookie',
    'a=1',
    'Set-Cookie',
    'b=2',
    'X-Odd-Case',
    'kept',
    'Connection',
    'x-private',
    'X-Private',
    'of the connection',
    'Retry-After',
    '1',
    ...(status === 204 ? [] : ['Content-Length', String(said.length)]),
  ]);
  response.end(status === 204 ? undefined : said);
}

const input = {
  declared: planted,
  host: '127.0.0.1',
  port: 0,
  answerWithinMs: 10_000,
  stopTimeoutMs: 2000,
  version: 'test',
  log: createLog({ level: 'silent' }),
} satisfies Omit<EdgeInput, 'upstream'>;

/** A slash, a blank and a question mark inside one segment; two steps for a wildcard. */
function targetOf(url: string): string {
  return `${url.replaceAll(/:\w+/g, 'a%2Fb%20%3F').replace('*', 'x/y.css')}?q=%2F..%2F&q=1`;
}

function declareMatrix(
  name: string,
  at: () => { edge: string; recorder: Awaited<ReturnType<typeof startRecorder>> },
): void {
  describe(`each route through ${name}`, () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
    after(() => agent.destroy());
    const exposed = exposedOf(declared);

    for (const answer of ['200', '404', '503'])
      it(`passes ${answer} with everything that belongs to it`, async () => {
        const { edge, recorder } = at();
        recorder.heard.length = 0;
        await Promise.all(
          exposed.map(async ({ method, url }) => {
            const target = targetOf(url);
            const heard = await ask(edge, target, {
              method,
              headers: { 'x-answer': answer, 'x-id': `${method} ${target}` },
              agent,
            });
            assert.equal(heard.status, Number(answer), `${method} ${url}`);
            assert.equal(heard.text, method === 'HEAD' ? '' : said, `${method} ${url}`);
            assert.deepEqual(heard.headers['set-cookie'], ['a=1', 'b=2']);
            assert.equal(heard.headers.etag, '"one"');
            assert.equal(heard.headers['x-private'], undefined);
          }),
        );
        assert.equal(recorder.heard.length, exposed.length, 'each once');
        for (const { method, url, headers } of recorder.heard) {
          assert.equal(headers['x-id'], `${method} ${url}`);
          assert.match(String(headers['x-forwarded-for']), /127\.0\.0\.1$/);
          assert.equal(headers['x-forwarded-proto'], 'http');
        }
      });

    it('asks the server about preflights, on every path', async () => {
      const { edge, recorder } = at();
      const paths = new Set(exposed.map(({ url }) => targetOf(url)));
      recorder.heard.length = 0;
      for (const path of paths)
        assert.equal(
          (await ask(edge, path, { method: 'OPTIONS', headers: { 'x-answer': '204' }, agent })).status,
          204,
          path,
        );
      assert.equal(recorder.heard.length, paths.size);
    });

    it(`lets a stream flow${name === 'Caddy' ? '' : ', and takes the request back when the client goes'}`, async () => {
      const { edge, recorder } = at();
      const before = recorder.gone();
      const asked = http.get(`${edge}/api/v1/runs/1/events`, { headers: { 'x-answer': 'stream' } });
      asked.on('error', () => undefined);
      const first = await within(
        new Promise<string>((resolve) => {
          asked.once('response', (answer) => answer.once('data', (part: Buffer) => resolve(part.toString())));
        }),
        'the first event, before the stream ends',
        5000,
      );
      assert.match(first, /data: one/);
      asked.destroy();
      // Caddy keeps a request without a buffer after its client has gone.
      if (name !== 'Caddy')
        await waitUntil(() => recorder.gone() > before, 'the server sees that the client is gone');
    });
  });
}

let recorder: Awaited<ReturnType<typeof startRecorder>>;
let edge: RunningEdge;

before(async () => {
  recorder = await startRecorder();
  edge = await startEdge({ ...input, upstream: recorder.url });
});
after(async () => {
  await edge.stop();
  recorder.server.closeAllConnections();
  recorder.server.close();
});

declareMatrix('the edge', () => ({ edge: edge.url, recorder }));

describe('the edge', () => {
  it('answers by itself what no route declares for others, and where the planted route is for nobody', async () => {
    recorder.heard.length = 0;
    const inside = [
      '/metrics',
      '/api/v1/planted/inside',
      '/api/v1/planted/%69nside',
      '/api/v1/none',
      '/edge',
      '/edge/livez/',
    ];
    for (const path of inside) {
      const { status, headers, text } = await ask(edge.url, path);
      assert.deepEqual([path, status, JSON.parse(text).code], [path, 404, 'ROUTE_NOT_FOUND']);
      assert.match(String(headers['content-type']), /^application\/problem\+json/);
    }
    for (const [method, path] of [
      ['DELETE', '/livez'],
      ['OPTIONS', '/metrics'],
      ['TRACE', '/livez'],
    ] as const)
      assert.equal((await ask(edge.url, path, { method })).status, 404, `${method} ${path}`);
    assert.deepEqual(recorder.heard, []);
    assert.equal((await ask(edge.url, '/api/v1/planted/other')).status, 200);
    const alive = await ask(edge.url, '/edge/livez');
    assert.deepEqual([alive.status, JSON.parse(alive.text)], [200, { status: 'alive', version: 'test' }]);
    assert.equal(recorder.heard.length, 1);
  });

  it('passes bodies as they are, with a length and without', async () => {
    const body = randomBytes(3_000_000);
    const hash = createHash('sha256').update(body).digest('hex');
    for (const headers of [{}, { 'transfer-encoding': 'chunked' }, { 'content-length': body.length }])
      for (const [method, path] of [
        ['POST', '/api/v1/assistants'],
        ['DELETE', '/api/v1/assistants/1'],
        ['PATCH', '/api/v1/assistants/1'],
      ] as const) {
        // This client gives DELETE no length by itself.
        const length =
          method === 'DELETE' && !('transfer-encoding' in headers) ? { 'content-length': body.length } : {};
        assert.equal(
          (await ask(edge.url, path, { method, headers: { ...headers, ...length }, body })).status,
          200,
        );
        const last = recorder.heard.at(-1);
        assert.deepEqual([last?.method, last?.hash], [method, hash]);
      }
  });

  it('keeps what frames a request, whatever Connection names: nobody else’s request becomes part of it', async () => {
    recorder.heard.length = 0;
    const smuggled = 'GET /metrics HTTP/1.1\r\nHost: evil\r\nX: ';
    const bytes = (name: string): string =>
      `GET /livez HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, ${name}\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`;
    for (const name of ['content-length', 'Content-Length', 'host', 'transfer-encoding', 'authorization']) {
      await Promise.all([
        raw(edge.url, bytes(name)),
        ask(edge.url, '/livez?other', { headers: { authorization: 'Bearer a' } }),
      ]);
      await ask(edge.url, '/livez?other', { headers: { authorization: 'Bearer a' } });
    }
    assert.deepEqual([...new Set(recorder.heard.map(({ url }) => url))].toSorted(), [
      '/livez',
      '/livez?other',
    ]);
    const others = recorder.heard.filter(({ url }) => url === '/livez?other');
    assert.equal(others.length, 10);
    const gzip =
      'POST /api/v1/assistants HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n';
    assert.match(await raw(edge.url, gzip), /^HTTP\/1\.1 400/);
  });

  it('says 502 where the server breaks off and 504 where it is slow, and never asks twice', async () => {
    const slow = await startEdge({ ...input, upstream: recorder.url, answerWithinMs: 50 });
    const nobody = await startEdge({ ...input, upstream: new URL('http://127.0.0.1:9') });
    recorder.heard.length = 0;
    const told = async (at: RunningEdge, answer: string): Promise<[number, string]> => {
      const { status, text } = await ask(at.url, '/livez', { headers: { 'x-answer': answer } });
      return [status, JSON.parse(text).code];
    };
    assert.deepEqual(await told(edge, 'cut'), [502, 'UPSTREAM_UNREACHABLE']);
    assert.deepEqual(await told(slow, 'never'), [504, 'UPSTREAM_LATE']);
    assert.deepEqual(await told(nobody, '200'), [502, 'UPSTREAM_UNREACHABLE']);
    assert.equal((await ask(edge.url, '/livez', { headers: { 'x-answer': '503' } })).status, 503);
    assert.equal(recorder.heard.length, 3, 'the server heard each request that reached it once');
    await assert.rejects(
      ask(edge.url, '/livez', { headers: { 'x-answer': 'half' } }),
      /aborted|ECONNRESET|hang up/,
    );
    await Promise.all([slow.stop(), nobody.stop()]);
  });

  it('ends streams when it stops, and nothing else before it is finished', async () => {
    const own = await startEdge({ ...input, upstream: recorder.url });
    const streamed = ask(own.url, '/api/v1/runs/1/events', { headers: { 'x-answer': 'stream' } });
    await waitUntil(() => recorder.heard.at(-1)?.url === '/api/v1/runs/1/events', 'the stream is asked for');
    assert.equal(await within(own.stop(), 'the edge stops', 5000), true);
    assert.equal((await streamed).status, 200);
    await assert.rejects(ask(own.url, '/livez'));
  });

  it('speaks TLS, says so to the server, and reads a new certificate', async () => {
    const file = (name: string): string => fileURLToPath(new URL(`../support/tls/${name}`, import.meta.url));
    const tls = { cert: file('test-server.crt'), key: file('test-server.key') };
    const safe = await startEdge({ ...input, upstream: recorder.url, tls });
    assert.equal((await ask(safe.url, '/livez')).status, 200);
    assert.equal(recorder.heard.at(-1)?.headers['x-forwarded-proto'], 'https');
    safe.renew();
    assert.equal((await ask(safe.url, '/livez')).status, 200);
    await safe.stop();
    const missing = startEdge({ ...input, upstream: recorder.url, tls: { ...tls, key: '/nowhere' } });
    await assert.rejects(missing, { code: 'FILE_UNREADABLE' });
  });
});

/** Sends bytes, and hears what comes until the connection ends or is silent. */
function raw(url: string, bytes: string): Promise<string> {
  const { port, hostname } = new URL(url);
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.setTimeout(1000, () => socket.destroy());
    socket.on('data', (part) => {
      text += part.toString('latin1');
      if (text.includes('\r\n\r\n') && !text.startsWith('HTTP/1.1 200')) socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}

/** Ways to write the path of an internal route. */
const paths = [
  '/metrics',
  '/%6detrics',
  '/metric%73',
  '/%6D%65%74%72%69%63%73',
  '/METRICS',
  '/metrics/',
  '/metrics?x=1',
  '/metrics#',
  '/metrics;a=1',
  '//metrics',
  '/./metrics',
  '/.//metrics',
  '/%2e/metrics',
  '/%2E%2e/metrics',
  '/..%2fmetrics',
  '/..%5cmetrics',
  '/\\metrics',
  '/%2fmetrics',
  '/livez/../metrics',
  '/livez/%2e%2e/metrics',
  '/livez/..%2fmetrics',
  '/livez%2f..%2fmetrics',
  '/docs/../metrics',
  '/docs/static/../../metrics',
  '/docs/static/%2e%2e/%2e%2e/metrics',
  '/docs/static/..%2f..%2fmetrics',
  '/api/%2e%2e/metrics',
  '/api/v1/me/../../../metrics',
  '/api/v1//../..//metrics',
  '/%252e%252e/metrics',
  '/%c0%ae%c0%ae/metrics',
  '/%u002e/metrics',
  '/%00/metrics',
  '/metrics%00',
  '/metrics%20',
  '/metrics%09',
  '/metrics%0d%0a',
  'http://127.0.0.1/metrics',
  'http://localhost:80/metrics',
  'https://x/metrics',
  '*',
  'metrics',
  '/livez?/../metrics',
  '?/metrics',
];

/** Ways to say it beside the path. */
const beside = [
  '',
  'X-Original-URL: /metrics\r\nX-Rewrite-URL: /metrics\r\n',
  'X-HTTP-Method-Override: GET\r\nX-Forwarded-Prefix: /metrics\r\n',
  'Content-Length: 3\r\nContent-Length: 0\r\n',
  'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n',
];

it('two hundred ways to ask for what is inside get 404 or 400, or nothing of it', async () => {
  const drover: HttpPlatform = await httpPlatform('server');
  await drover.app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = drover.app.server.address() as AddressInfo;
  const upstream = new URL(`http://127.0.0.1:${port}`);
  const own = await startEdge({ ...input, declared, upstream });
  try {
    assert.match((await ask(upstream.href, '/metrics')).text, /process_cpu_seconds_total/);
    const tries = paths.flatMap((path) =>
      beside.map(
        (more) =>
          `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}Connection: close\r\n\r\n${more === '' ? '' : '0\r\n\r\n'}`,
      ),
    );
    const smuggled = [
      'POST /api/v1/assistants HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: x\r\n\r\n',
      'DELETE /api/v1/assistants/1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n24\r\nGET /metrics HTTP/1.1\r\nHost: x\r\n\r\n\r\n0\r\n\r\n',
      'GET /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\nContent-Length: 36\r\n\r\nGET /metrics HTTP/1.1\r\nHost: x\r\n\r\n\r\n',
      'GET /livez HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n',
      'CONNECT /metrics HTTP/1.1\r\nHost: x\r\n\r\n',
      'GET /metrics HTTP/0.9\r\n\r\n',
      'GET /metrics\r\n\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    ];
    assert.ok(tries.length + smuggled.length >= 200, String(tries.length));
    const answers = await Promise.all(
      [...tries, ...smuggled].map(async (bytes) => ({ bytes, answer: await raw(own.url, bytes) })),
    );
    for (const { bytes, answer } of answers) {
      assert.doesNotMatch(answer, /process_cpu|drover_http/, bytes);
      const [, status = 'none'] = /^HTTP\/1\.1 (\d+)/.exec(answer) ?? [];
      const isHarmless = /^GET \/livez(\?| )/.test(bytes) || /^(DELETE|POST) \/api/.test(bytes);
      if (!isHarmless) assert.match(status, /^(404|400|none)$/, `${bytes}\n${answer.slice(0, 200)}`);
    }
  } finally {
    await own.stop();
    await drover.close();
  }
});

describe('the rules for Caddy', () => {
  it('are made from what is declared: who is let through by which method, and what is not', () => {
    const few: readonly DeclaredRoute[] = [
      { method: 'GET', url: '/livez', exposure: 'public' },
      { method: 'GET', url: '/docs/static/*', exposure: 'public' },
      { method: 'PATCH', url: '/api/v1/apps/:id', exposure: 'authenticated' },
      { method: 'GET', url: '/metrics', exposure: 'internal' },
    ];
    const text = caddyfileOf(few, new URL('http://127.0.0.1:3000'));
    const golden = new URL('../golden/edge.caddyfile', import.meta.url);
    if (process.env.UPDATE_GOLDEN) writeFileSync(golden, text);
    assert.equal(text, readFileSync(golden, 'utf8'));
  });

  const binary = process.env.DROVER_TEST_CADDY;
  const skip =
    binary === undefined && 'DROVER_TEST_CADDY names no Caddy (CONTRIBUTING.md says how to get one)';
  describe('in a real one', { skip }, () => {
    let caddy: ChildProcess;
    let url: string;
    before(async () => {
      const probe = http.createServer().listen(0, '127.0.0.1');
      await once(probe, 'listening');
      const { port } = probe.address() as AddressInfo;
      probe.close();
      url = `http://127.0.0.1:${port}`;
      const folder = mkdtempSync(join(tmpdir(), 'drover-caddy-'));
      const file = join(folder, 'Caddyfile');
      const rules = caddyfileOf(planted, recorder.url).replace(':8080 {', `:${port} {\n\tbind 127.0.0.1`);
      writeFileSync(file, `{\n\tadmin off\n\tauto_https off\n}\n${rules}`);
      caddy = spawn(binary ?? '', ['run', '--config', file, '--adapter', 'caddyfile'], {
        env: { HOME: folder, PATH: process.env.PATH },
        stdio: 'ignore',
      });
      await waitUntil(
        () =>
          ask(url, '/edge/livez').then(
            ({ status }) => status === 200,
            () => false,
          ),
        'Caddy listens',
      );
    });
    after(() => caddy.kill('SIGKILL'));

    declareMatrix('Caddy', () => ({ edge: url, recorder }));

    it('gives nothing that is inside', async () => {
      recorder.heard.length = 0;
      for (const path of [...paths, '/api/v1/planted/inside', '/api/v1/planted/%69nside']) {
        const answer = await raw(url, `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
        const [, status = 'none'] = /^HTTP\/1\.1 (\d+)/.exec(answer) ?? [];
        if (!path.startsWith('/livez?'))
          assert.match(status, /^(404|400|none)$/, `${path}\n${answer.slice(0, 200)}`);
      }
    });
  });
});
