/** A real server, its key of secrets, and its registry: broken at the start, mended, broken again. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, it } from 'node:test';
import { demoId } from '../../src/platform/demo/ids.ts';
import { createApiKey } from '../../src/platform/access/keys.ts';
import { openPlatform } from '../../src/platform/open.ts';
import { texts } from '../registry/small-registry.ts';
import { waitUntil } from '../support/guarantee.ts';
import { platformDatabase } from '../support/platform.ts';
import { startServe } from './server-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'drover-registry-'));
const registry = join(folder, 'registry');
after(() => rmSync(folder, { recursive: true, force: true }));

function write(changed: Readonly<Record<string, string>> = {}): void {
  for (const { file, text } of texts(changed)) {
    mkdirSync(dirname(join(registry, file)), { recursive: true });
    writeFileSync(join(registry, file), text);
  }
}

it('in production no server starts without a key for secrets', async () => {
  await assert.rejects(
    startServe(['--data', join(folder, 'none')], { NODE_ENV: 'production' }),
    /SECRET_KEY_MISSING|set DROVER_SECRET_KEY/,
  );
});

it('a server with a broken registry is not ready and stores nothing; SIGHUP reads a mended one; broken again, the last good one stays', async () => {
  write({ 'runtimes.yaml': 'schema: 1\nruntimes: nonsense\n' });
  const demo = await platformDatabase('server', 'demo');
  const { db, target } = demo;
  if (!('url' in target)) throw new Error('a server has a URL');
  const member = {
    tenantId: demoId(1, 'tenants', 0),
    userId: demoId(1, 'users', 1),
    name: 'test',
    scopes: ['*'],
  };
  const { text: key } = await createApiKey(await openPlatform(db, { install: false }), member);
  const server = await startServe(['--database', target.url], {
    DROVER_REGISTRY: registry,
    DROVER_SECRET_KEY: Buffer.alloc(32, 1).toString('base64'),
  });
  try {
    const create = async (name: string): Promise<number> => {
      const { status } = await fetch(`${server.url}/api/v1/workspaces`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ name, runtime: 'desk', model: 'acme-3' }),
      });
      return status;
    };
    const ready = async (): Promise<number> => (await fetch(`${server.url}/readyz`)).status;
    assert.equal(await ready(), 503);
    assert.equal(await create('One'), 503);
    const list = await fetch(`${server.url}/api/v1/workspaces`, {
      headers: { authorization: `Bearer ${key}` },
    });
    assert.equal(list.status, 200);

    write();
    server.child.kill('SIGHUP');
    await waitUntil(async () => (await ready()) === 200, 'the mended registry is in force');
    assert.equal(await create('Two'), 201);

    write({ 'models.yaml': 'schema: 1\nmodels: [{ id: 1 }]\n' });
    server.child.kill('SIGHUP');
    await waitUntil(
      () => /the registry is broken/.test(server.stdout().split('the registry is in force').at(-1) ?? ''),
      'it was read again',
    );
    assert.equal(await ready(), 200);
    assert.equal(await create('Three'), 201);
  } finally {
    server.child.kill('SIGTERM');
    await server.ended();
    await demo.drop();
  }
});
