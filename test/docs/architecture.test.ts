/** docs/architecture.md says who may import whom, in which order steps run, and where what is, as the code does. */
import { mayImport } from '../support/import-table.ts';
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
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

/** What stands in backquotes and is neither a name of the sources nor a file of the checkout; a file may be named by the end of its path. */
function unknownIn(document: string): string[] {
  const sources = globSync('{src,test,bench,bin}/**/*.{ts,mjs}').map((path) => path.replaceAll('\\', '/'));
  const own = sources.filter((path) => path.startsWith('src/'));
  const words = new Set(own.flatMap((path) => readFileSync(path, 'utf8').match(/\w+/g) ?? []));
  const isThere = (path: string): boolean =>
    existsSync(path) || sources.some((source) => source.endsWith(`/${path}`));
  const named = [...document.matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text);
  return named.filter((text) =>
    /^[a-z]+[A-Z]\w*$/.test(text) ? !words.has(text) : /^[\w/-]+\.(?:ts|mjs)$/.test(text) && !isThere(text),
  );
}

test('every file and every function that it names is there', () => {
  assert.deepEqual(unknownIn(readFileSync('docs/architecture.md', 'utf8')), []);
  assert.deepEqual(unknownIn('`movesNowhere` `move/nowhere.ts` `moveLocks` `move/locks.ts`'), [
    'movesNowhere',
    'move/nowhere.ts',
  ]);
});
