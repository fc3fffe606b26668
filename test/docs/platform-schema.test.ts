/** docs/guides/platform-schema.md lists the tables of Drover's own schema with the kind and the rights of the manifest. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { manifest } from '../../src/platform/manifest.ts';

const rights: Readonly<Record<string, readonly string[]>> = {
  '': [],
  read: ['select'],
  append: ['select', 'insert'],
  record: ['select', 'insert', 'update'],
  write: ['select', 'insert', 'update', 'delete'],
};

test('every table of the manifest is in the guide, with its kind and rights, and no other', () => {
  const text = readFileSync(new URL('../../docs/guides/platform-schema.md', import.meta.url), 'utf8');
  const listed = [...text.matchAll(/^\| `(\w+)` \| (\w+) \| (\w*) ?\| (\w*) ?\|/gm)].map(
    ([, table = '', kind, application = '', operator = '']) => [
      table,
      { kind, application: rights[application], operator: rights[operator] },
    ],
  );
  const declared = Object.entries(manifest).map(([table, { kind, application, operator = [] }]) => [
    table,
    { kind, application, operator },
  ]);
  assert.equal(listed.length, declared.length);
  assert.deepEqual(Object.fromEntries(listed), Object.fromEntries(declared));
});
