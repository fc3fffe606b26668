/** The committed document is that of the routes, passes a linter, and says for every operation who may call it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type OpenApi, openApiFile, type Operation, renderOpenApi } from '../support/openapi.ts';

const committed = readFileSync(openApiFile, 'utf8');
const { paths } = JSON.parse(committed) as OpenApi;
const operations: readonly (readonly [string, Operation])[] = Object.entries(paths).flatMap(
  ([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
    ),
);

describe('openapi.json', () => {
  it('is what the routes say; `npm run openapi` writes it', async () => {
    assert.equal(committed, await renderOpenApi(), 'openapi.json is not current: npm run openapi');
  });

  it('passes the linter', () => {
    const cli = join(
      dirname(createRequire(import.meta.url).resolve('@redocly/cli/package.json')),
      'bin/cli.js',
    );
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [cli, 'lint', fileURLToPath(openApiFile)],
      {
        encoding: 'utf8',
        env: {
          PATH: process.env.PATH,
          REDOCLY_TELEMETRY: 'off',
          REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
          CI: 'true',
        },
      },
    );
    assert.equal(status, 0, `${stdout}${stderr}`);
  });

  it('names every operation once, with a summary, a tag, and who may call it', () => {
    const ids = operations.map(([, { operationId }]) => operationId);
    assert.deepEqual(
      ids.filter((id, i) => ids.indexOf(id) !== i),
      [],
    );
    for (const [name, operation] of operations) {
      assert.ok(operation.summary && operation.tags?.length === 1, name);
      const open = operation.security?.length === 0;
      assert.equal(open, operation['x-drover-role'] === undefined, name);
      assert.equal(open, operation['x-drover-exposure'] === 'public', name);
    }
  });

  it('has every path of a tenant under /api/v1; paths across tenants are for sysadmins only', () => {
    for (const [name, { 'x-drover-role': role }] of operations) {
      if (role !== undefined) assert.match(name, / \/api\/v1\//);
      if (name.includes('/api/v1/sysadmin/')) assert.equal(role, 'sysadmin', name);
    }
  });
});
