/** Pages are true: what is shown is what comes out. test/soak/documents.test.ts runs all of them, and all of README. */
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { platformDatabase } from '../support/platform.ts';
import { missingIn, wrongOn } from './pages.ts';

const scratch = (): string => mkdtempSync(join(tmpdir(), 'drover-printed-'));

test('the samples of README are what comes out', async () => {
  const platform = await platformDatabase('server', 'empty');
  const url = 'url' in platform.target ? platform.target.url : '';
  const wrong = await wrongOn({
    page: 'README.md',
    reader: { database: url, port: 0 },
    folder: scratch(),
    env: { DROVER_DATABASE: url },
    only: (text) => text.startsWith('$ '),
  });
  await platform.drop();
  assert.deepEqual(wrong, []);
});

test('the guide of the registry leads from nothing to a registry of your own', async () => {
  const wrong = await wrongOn({
    page: 'docs/guides/registry.md',
    reader: { database: 'none', port: 0 },
    folder: scratch(),
    file: 'my-registry/registry.yaml',
  });
  assert.deepEqual(wrong, []);
});

test('what is shown and does not come is noticed: another line, a line more, a line less, another order', () => {
  const came = 'one\n two 7f3a9c1e-0000-4000-8000-000000000000\nthree in 0.3 s\n\nfour\n';
  const shown = 'one\n two 11111111-2222-4333-8444-555555555555\nthree in 12 s\n\nfour\n';
  assert.equal(missingIn(came, shown), undefined);
  assert.equal(missingIn(came, 'one\n...\nthree in 1 s\n...\n'), undefined);
  assert.equal(missingIn(came, '...\nfour\n'), undefined);
  for (const [wrong, part] of [
    ['one\n two\n...\n', 'one\n two'],
    ['...\nfour\nfive\n', 'four\nfive'],
    ['one\n...\nthree in 1 s\n', 'nothing behind it, and not four'],
    ['...\nfour\n...\none\n...\n', 'one'],
    ['two\n...\n', 'two'],
    ['...\nthree in 3 rows\n...\n', 'three in 3 rows'],
  ] as const)
    assert.equal(missingIn(came, wrong), part, wrong);
});
