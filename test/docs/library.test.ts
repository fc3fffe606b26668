/** The library is what its list says, and the program of its guide runs as printed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { test } from 'node:test';
import * as library from '../../src/library/library.ts';
import { demoPlace, scratch } from '../cli/drover-process.ts';
import { refusedWith } from '../support/guarantee.ts';
import { libraryApi, libraryApiFile } from '../support/library-api.ts';

const guide = readFileSync('docs/guides/library.md', 'utf8');

test('what is exported is what docs/library-api.txt lists; `npm run library:api` writes it', () => {
  assert.equal(readFileSync(libraryApiFile, 'utf8'), libraryApi());
  assert.deepEqual(Object.keys(library).toSorted(), [
    'DroverError',
    'apply',
    'inventory',
    'openSite',
    'plan',
    'rollback',
  ]);
});

test('the program of the guide runs as printed, and nothing is written by a site that is open for reading', async () => {
  const place = await demoPlace('server');
  const database = place.where[1] ?? '';
  const [, program = ''] = /```js\n([\s\S]*?)```/.exec(guide) ?? [];
  const file = scratch('program.mjs');
  const source = pathToFileURL('src/library/library.ts').href;
  writeFileSync(
    file,
    program.replace("'drover'", `'${source}'`).replace('postgres://user@host:5432/database', database),
  );
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
  assert.deepEqual([status, stderr], [0, '']);
  assert.match(stdout, /^claude-3-7-sonnet-20250219 \d+ \d{4}-\d\d-\d\d$/m);
  assert.match(
    stdout,
    /^succeeded complete for the tenant\n\d+ rows are as they were; 0 were changed since\n$/m,
  );

  const site = await library.openSite({ database });
  const move = { tenant: 'Cedar School', from: 'claude-3-7-sonnet', to: 'claude-haiku-4-5' };
  const made = await library.plan(site, move);
  await refusedWith(library.apply(site, made, { actor: 'me', confirm: true }), 'USAGE_INVALID');
  await refusedWith(library.rollback(site, 'x', { actor: 'me' }), 'USAGE_INVALID');
  await site.close();
  const writing = await library.openSite({ database, write: true });
  const edited = { ...made, steps: made.steps.slice(1) };
  await refusedWith(library.apply(writing, edited, { actor: 'me' }), 'PLAN_INVALID');
  await refusedWith(library.apply(writing, made, { actor: 'me' }), 'CONFIRMATION_REQUIRED');
  await writing.close();
  await place.drop();
});
