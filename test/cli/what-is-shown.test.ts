/** What nobody else should read: passwords in addresses of databases, and plan files, which name rows of a tenant. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { shownUrl } from '../../src/site/where.ts';
import { writeText } from '../../src/cli/terminal/files.ts';
import { droverHere } from './drover-here.ts';

test('an address is shown without its passwords, and otherwise as it is', () => {
  const shown = shownUrl(
    'postgres://me:s3cret@host:5/db?sslmode=require&password=s3cret&sslpassword=s3cret&sslkey=/k',
  );
  assert.equal(shown, 'postgres://me@host:5/db?sslmode=require&sslkey=%2Fk');
  assert.equal(shownUrl('pglite:/a folder'), 'pglite:/a folder');
});

test('no error shows one', async () => {
  for (const words of [
    ['plan', '--from', 'a', '--to', 'b'],
    ['init', '--stdout'],
    ['inventory'],
    ['config', 'check'],
  ]) {
    const { stdout, stderr } = await droverHere([
      ...words,
      '--database',
      'postgres://me:s3cret@127.0.0.1:1/db?password=s3cret',
    ]);
    assert.doesNotMatch(stdout + stderr, /s3cret/, words.join(' '));
  }
});

test('a plan file is read by its owner only, also where it was there before', () => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-private-'));
  const file = join(folder, 'plan.json');
  for (const before of [undefined, 0o644]) {
    if (before !== undefined) chmodSync(file, before);
    writeText(file, '{}', { keep: false, isPrivate: true });
    if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600);
  }
  rmSync(folder, { recursive: true });
});
