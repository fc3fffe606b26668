/** docs/guides/resources.md lists every resource with who may read and write it, and how it is taken away. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { catalogue } from '../../src/platform/resources/catalogue.ts';

test('every declared resource is in the guide, with its roles and its end, and no other', () => {
  const text = readFileSync(new URL('../../docs/guides/resources.md', import.meta.url), 'utf8');
  const listed = [...text.matchAll(/^\| `\/([\w/-]+)` \| (\w+) \| (\w*) ?\| (\w*) ?\|$/gm)].map((row) =>
    row.slice(1),
  );
  const declared = catalogue.map(({ path, owner, access, retirement }) => [
    owner === 'system' ? `sysadmin/${path}` : path,
    access.read.role,
    access.write?.role ?? '',
    retirement?.word ?? '',
  ]);
  assert.deepEqual(listed, declared);
});
