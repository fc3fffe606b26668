/** docs/architecture.md says who may import whom, and in which order steps run, as the code does. */
import { mayImport } from '../support/import-table.ts';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { stepOrder } from '../../src/engine/operations/operations.ts';
import { it } from 'node:test';

/** The rows of all tables of parts: `| part | may import | what it is |`. */
function tablesOf(document: string): Record<string, string[]> {
  const tables = document.matchAll(/^\| part \| may import \|.*\n\|[-|]+\n((?:\|.*\n)+)/gm);
  const rows = [...tables].flatMap(([, body = '']) => [...body.matchAll(/^\| `([^`]+)` \| ([^|]+) \|/gm)]);
  return Object.fromEntries(
    rows.map(([, part = '', others = '']) => [
      part,
      others === 'nothing' ? [] : others.split(', ').toSorted(),
    ]),
  );
}

it('the tables of imports are the one that is enforced', () => {
  const enforced = Object.entries(mayImport).map(([part, others]) => [part, others.toSorted()]);
  assert.deepEqual(tablesOf(readFileSync('docs/architecture.md', 'utf8')), Object.fromEntries(enforced));
});

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
