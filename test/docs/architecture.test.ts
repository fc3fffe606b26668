/** docs/architecture.md says who may import whom as test/house.test.ts enforces it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { mayImport } from '../support/import-table.ts';

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
