/** docs/guides/migrations.md has every request about migrations, usage and retirements, and every field that one takes. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { migrationFilter } from '../../src/http/routes/migrations/history-schemas.ts';
import { migrateBody } from '../../src/http/routes/migrations/migration-schemas.ts';
import { type OpenApi, openApiFile } from '../support/openapi.ts';

const guide = readFileSync('docs/guides/migrations.md', 'utf8');
const { paths } = JSON.parse(readFileSync(openApiFile, 'utf8')) as OpenApi;

test('every request is in the table, and the table has no other', () => {
  const written = [...guide.matchAll(/^\| `(GET|POST) (\/[^`]+)` \| (\w+) \|/gm)].map((each) =>
    each.slice(1, 4).join(' '),
  );
  const offered = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, { 'x-drover-role': role }]) =>
        `${method.toUpperCase()} ${path.replace('/api/v1', '')} ${role}`,
    ),
  );
  const mine = offered.filter((each) =>
    /^\w+ (\/completion-models\/\{model_id\}\/\w|\/migrations|(\/sysadmin)?\/retirements)/.test(each),
  );
  assert.deepEqual(written.toSorted(), mine.toSorted());
});

test('what is said of operators holds: the requests about migrations are there a second time', () => {
  const own = Object.keys(paths).filter((path) =>
    /^\/api\/v1\/(migrations|[\w-]+-models\/\{model_id\}\/migrate$)/.test(path),
  );
  assert.ok(own.length === 7);
  for (const path of own) {
    const twin = path.replace('/api/v1', '/api/v1/sysadmin/tenants/{tenant_id}');
    assert.deepEqual(Object.keys(paths[twin] ?? {}), Object.keys(paths[path] ?? {}), twin);
  }
});

test('every field of a migration and every filter of the history is described', () => {
  for (const field of Object.keys(migrateBody.shape))
    assert.match(guide, new RegExp(`^\\| \`${field}\` \\|`, 'm'), field);
  const filters = Object.keys(migrationFilter.shape).filter((name) => name !== 'limit' && name !== 'cursor');
  const line = /^Filters: [^]*?\n\n/m.exec(guide)?.[0] ?? '';
  for (const filter of filters) assert.ok(line.includes(`\`${filter}\``), filter);
});
