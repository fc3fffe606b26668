/** docs/architecture.md says who may import whom as test/house.test.ts enforces it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { mayImport } from '../support/house-rules.ts';

test('the table of imports is the one that is enforced', () => {
  const text = readFileSync(new URL('../../docs/architecture.md', import.meta.url), 'utf8');
  const table = text.slice(text.indexOf('| part | may import |'), text.indexOf('## A request'));
  const rows = [...table.matchAll(/^\| `([\w-]+)` \| ([^|]+) \|/gm)];
  const described = rows.map(([, part = '', others = '']) => [part, others.replace('nothing', '').split(/, |^$/).filter(Boolean).toSorted()]);
  const enforced = Object.entries(mayImport).map(([part, others]) => [part, others.toSorted()]);
  assert.deepEqual(Object.fromEntries(described), Object.fromEntries(enforced));
}); // prettier-ignore
