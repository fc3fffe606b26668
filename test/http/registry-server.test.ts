/** A real server and its registry: broken at the start, mended, broken again. And its key of secrets. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, it } from 'node:test';
import { texts } from '../registry/small-registry.ts';
import { waitUntil } from '../support/guarantee.ts';
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

it('a broken registry: not ready, nothing stored; mended by SIGHUP; broken again the last good one stays', async () => {
  write({ 'runtimes.yaml': 'schema: 1\nruntimes: nonsense\n' });
  const server = await startServe(['--data', join(folder, 'data')], { DROVER_REGISTRY: registry });
  try {
    await waitUntil(() => /Try: curl/.test(server.stderr()), 'the keys are shown');
    const key = /member +\S+ +(drover_\S+)/.exec(server.stderr())?.[1] ?? '';
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
  }
});
