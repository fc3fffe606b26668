/** docs/architecture.md says who may import whom, and in which order steps run, as the code does. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { stepOrder } from '../../src/engine/operations/operations.ts';
import { mayImport } from '../support/house-rules.ts';

test('the table of imports is the one that is enforced', () => {
  const text = readFileSync(new URL('../../docs/architecture.md', import.meta.url), 'utf8');
  const table = text.slice(text.indexOf('| part | may import |'), text.indexOf('## A request'));
  const rows = [...table.matchAll(/^\| `([\w-]+)` \| ([^|]+) \|/gm)];
  const described = rows.map(([, part = '', others = '']) => [part, others.replace('nothing', '').split(/, |^$/).filter(Boolean).toSorted()]);
  const enforced = Object.entries(mayImport).map(([part, others]) => [part, others.toSorted()]);
  assert.deepEqual(Object.fromEntries(described), Object.fromEntries(enforced));
}); // prettier-ignore

test('the order of steps is the one in which they are planned', () => {
  const text = readFileSync(new URL('../../docs/architecture.md', import.meta.url), 'utf8');
  const sentence = /runs the steps in the order ([^;]+);/.exec(text)?.[1] ?? '';
  const table = text.slice(
    text.indexOf('| operation | statement | count |'),
    text.indexOf('Every count is compared'),
  );
  const rows = [...table.matchAll(/^\| (`[^|]+) \|/gm)].map((row) => row[1] ?? '').join();
  const named = (words: string): string[] => [...words.matchAll(/`([\w-]+)`/g)].map((word) => word[1] ?? '');
  assert.deepEqual([named(sentence), named(rows)], [stepOrder, stepOrder]);
});
