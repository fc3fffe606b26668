/** A collector gets a span for each request and for the transactions inside it, as part of the caller's trace. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { it } from 'node:test';
import { buildApp } from '../../src/http/server/app.ts';
import { startTracing, traceDatabase } from '../../src/http/api/traces.ts';
import { openPlatform } from '../../src/platform/open.ts';
import { demoId } from '../../src/platform/demo/ids.ts';
import { createApiKey } from '../../src/platform/access/keys.ts';
import { platformDatabase } from '../support/platform.ts';

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
}

it('sends traces with routes and without secrets to the collector', async () => {
  const bodies: string[] = [];
  const collector = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => (body += part));
    request.on('end', () => {
      bodies.push(`${request.url} ${body}`);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => {
    collector.listen(0, '127.0.0.1', resolve);
  });
  const end = await startTracing(`http://127.0.0.1:${(collector.address() as AddressInfo).port}`, 'test');
  const database = await platformDatabase('server', 'demo');
  const platform = await openPlatform(traceDatabase(database.db), { install: false });
  const app = await buildApp({ platform, version: 'test' });
  const [tenantId, userId] = [demoId(1, 'tenants', 0), demoId(1, 'users', 0)];
  const { text: key } = await createApiKey(platform, { tenantId, userId, name: 'test', scopes: ['*'] });
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const headers = { authorization: `Bearer ${key}`, traceparent: `00-${traceId}-b7ad6b7169203331-01` };
  await app.inject({ url: `/api/v1/users/${userId}`, headers });
  await app.close();
  await end();
  collector.closeAllConnections();
  collector.close();
  await database.drop();

  assert.ok(bodies.every((body) => body.startsWith('/v1/traces ')));
  const spans = bodies.flatMap((body) => {
    const { resourceSpans } = JSON.parse(body.slice('/v1/traces '.length)) as {
      resourceSpans: { scopeSpans: { spans: Span[] }[] }[];
    };
    return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans: found }) => found));
  });
  const request = spans.find(({ name }) => name === 'GET /api/v1/users/:user_id');
  assert.ok(request, spans.map(({ name }) => name).join(', '));
  assert.deepEqual([request.traceId, request.parentSpanId], [traceId, 'b7ad6b7169203331']);
  const transactions = spans.filter(({ name, traceId: of }) => name === 'transaction' && of === traceId);
  assert.ok(transactions.length >= 2);
  assert.ok(transactions.every(({ parentSpanId }) => parentSpanId === request.spanId));
  const all = bodies.join('');
  assert.ok(!all.includes(key.slice(40)) && !all.includes(userId) && !all.includes('SELECT'));
});
